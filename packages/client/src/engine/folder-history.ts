// The history of an open folder: looks are answered beside a run; bringing something back in place goes through it, so that what was not sent yet
// is kept, and what is brought back is on the disk when the answer is given.
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { pathsOfLosses } from './brake.ts'
import { approveHeld, heldBack } from './brake-record.ts'
import { pause, type Connection } from './connection.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { FolderState } from './events.ts'
import type { FolderRun } from './folder-run.ts'
import { History } from './history.ts'
import type { HistoryAnswer, HistoryQuery, RestoreQuery, TakeRow } from './history-query.ts'
import { normalized } from './history-tree.ts'
import type { Receiver } from './receiver.ts'
import { Restoring } from './restoring.ts'
import type { Vault } from './vault.ts'

/** An export waits so long for a line that broke: what it has written so far is worth it. */
const lineMs = 120_000
/** Rests of a run after which it has seen all that was there when it was asked. */
const restsNeeded = 2

export interface FolderHistoryParts {
  readonly vault: Vault
  readonly connection: Connection
  readonly receiver: Receiver
  readonly entries: EntryWriter
  /** The run that goes on, if one does. */
  readonly run: () => { readonly run: FolderRun; readonly watches: boolean } | undefined
  /** Does something when nothing else receives or appends. */
  readonly ask: <T>(work: () => Promise<T>) => Promise<T>
  /** Runs until both sides agree. */
  readonly once: () => Promise<unknown>
  /** How the run stands when it comes to rest the next time. */
  readonly rested: () => Promise<FolderState>
}

/** One question to an open folder. */
export class FolderHistory {
  readonly #parts: FolderHistoryParts
  readonly #history: History
  /** Goes on over a line that broke. */
  readonly #patient: History

  constructor(parts: FolderHistoryParts) {
    this.#parts = parts
    const common = {
      vault: parts.vault,
      refresh: () => this.#refresh(),
      traffic: () => parts.connection.traffic,
    }
    this.#history = new History({ ...common, session: () => this.#session() })
    this.#patient = new History({ ...common, session: () => this.#sessionInTime() })
  }

  /** @throws ClientError as `History.answer`; of a restoring `brake`, `relay-refused`, and what ends a run */
  async answer(query: HistoryQuery, take: TakeRow): Promise<HistoryAnswer> {
    if (query.do === 'export') return await this.#patient.answer(await this.#asItStands(query), take)
    if (query.do !== 'restore') return await this.#history.answer(query, take)
    return await this.#history.counted(take, (counted) => this.#restore(query, counted.take))
  }

  /**
   * All that the relay has by now, of which a run may still be far. Of a tree that is being changed, a file that is moved from what comes later
   * to what was written would be missing.
   */
  async #asItStands(
    query: Extract<HistoryQuery, { do: 'export' }>,
  ): Promise<Extract<HistoryQuery, { do: 'export' }>> {
    const { vault, receiver, ask } = this.#parts
    await ask(async () => {
      receiver.missed()
      await receiver.receive(await this.#session())
    })
    if (query.moment !== undefined || query.from !== undefined || vault.log.isEmpty) return query
    return { ...query, moment: { sequence: vault.log.state.head.sequence } }
  }

  /**
   * What the user did here is committed first, also what the brake held: then it is in the history, and whatever comes over it can be
   * undone. Then the log is made to say what was, and the disk follows. What is changed here in between becomes a conflict, as ever.
   */
  async #restore(query: RestoreQuery, take: TakeRow): Promise<number> {
    const { vault, receiver, entries, ask } = this.#parts
    const { path, exact } = query
    // What a moment means is not moved by what is done here.
    const sequence = await this.#history.sequenceOf(query.moment)
    await this.#settle({ before: path })
    await this.#history.at({ sequence }, async (tree) => {
      const session = (): Promise<RelaySession> => this.#session()
      const restoring = new Restoring({ vault, receiver, entries, session, tree, take })
      await ask(() => restoring.restore({ path, exact }))
    })
    await this.#settle('after')
    return sequence
  }

  /**
   * Both sides agree. `before` a restoring of a path: what the others did and the brake holds may wait, for it may be just what is to be
   * undone; what went here below that path is the person's wish; what went elsewhere here is not.
   */
  async #settle(when: { readonly before: string } | 'after'): Promise<void> {
    const { vault, run, once } = this.#parts
    try {
      if (run() === undefined) await once()
      else await this.#rest()
    } catch (error) {
      const isBrake = error instanceof ClientError && error.code === 'brake'
      if (!isBrake || when === 'after') throw error
      if (error.data['direction'] !== 'up') return
      const held = await pathsOfLosses(vault.trees, 'up')
      if (!held.every((path) => isWithin(path, when.before))) throw error
      await approveHeld(vault.trees, ['up'])
      await this.#settle(when)
    }
  }

  /** The run that watches comes to rest twice: the first time it may have been on its way there before. */
  async #rest(): Promise<void> {
    for (let times = 0; times < restsNeeded; times += 1) {
      const going = this.#parts.run()
      if (going?.watches !== true) throw new ClientError('home-locked', 'a run that ends soon has the folder')
      const rested = this.#parts.rested()
      going.run.rescan()
      going.run.goOn()
      this.#assertRested(await rested)
    }
  }

  #assertRested(state: FolderState): void {
    if (state === 'synced') return
    const [sight] = heldBack(this.#parts.vault.trees)
    if (state === 'braked' && sight !== undefined)
      throw new ClientError('brake', 'an unusual share of the folder is gone or changed', {
        data: { ...sight },
      })
    if (state === 'offline') throw cutOff()
    throw new ClientError('interrupted', `the run is ${state}`)
  }

  /** Who asks while a run is cut off is told so: the run may wait for the line for ever. */
  async #session(): Promise<RelaySession> {
    const { connection, run } = this.#parts
    const { current } = connection
    if (current !== undefined || run()?.watches !== true) return current ?? (await connection.session())
    throw cutOff()
  }

  /** The line that is, or that comes back in time. */
  async #sessionInTime(): Promise<RelaySession> {
    const { connection, vault } = this.#parts
    const { clock } = vault.platform
    const over = new AbortController()
    const late = pause({ clock, signal: AbortSignal.any([vault.signal, over.signal]) }, lineMs)
    try {
      const came = await Promise.race([connection.session(), late])
      if (came === undefined) throw cutOff()
      return came
    } finally {
      over.abort()
    }
  }

  /** A run hears of everything by itself. */
  async #refresh(): Promise<boolean> {
    const { vault, run, connection, receiver, ask } = this.#parts
    if (run() !== undefined && !vault.log.isEmpty) return connection.current !== undefined
    await ask(async () => {
      await receiver.receive(await connection.session())
    })
    return true
  }
}

/** `above`: as a person writes it, `''` for everything. */
function isWithin(path: string, above: string): boolean {
  const wanted = normalized(above)
  return wanted === '' || path === wanted || path.startsWith(`${wanted}/`)
}

function cutOff(): ClientError {
  return new ClientError('relay-unreachable', 'the run has no connection to the relay', {
    data: { reason: 'closed' },
  })
}
