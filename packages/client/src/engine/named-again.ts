// The state that the latest prune names, where the relay lost it: who has nothing of the vault starts from it, and so nobody could join. An owner's
// device that kept the log makes it again, one entry further on, and says so in a new prune, since no prune names the same entry twice. Where nobody
// kept the log, a later state is named: then new devices do not have the versions between.
import {
  equal,
  makePrune,
  roleOf,
  toHex,
  type CheckpointRef,
  type PackId,
  type PrunePoint,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { stateHashOf } from '../state/checkpoint.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { isAgreed } from './agreed-checkpoints.ts'
import { openCheckpoint, type CheckpointEntry, type OpenedCheckpoint } from './checkpoint-source.ts'
import { CheckpointWriter, type WrittenState } from './checkpoint-writer.ts'
import type { EntryWriter } from './entry-writer.ts'
import { FormerState } from './former-state.ts'
import { LogReplay } from './log-replay.ts'
import type { Receiver } from './receiver.ts'
import { forgetLacking, isRemadeOften, lackingMs, noteRemade } from './remade-note.ts'
import { keptEntry } from './state-start.ts'
import type { Vault } from './vault.ts'

/** Where another owner's device may have kept what this one did not: it is waited for so long before a later state is named. */
const otherOwnersMs = 24 * 3_600_000
/** Others may append meanwhile; then it is left to the next session. */
const attemptsMax = 5

export interface NamedAgainParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
  /** Packs that this device found hurt, whatever the relay says of them. */
  readonly hurt: () => readonly PackId[]
}

/** A prune of which the relay lacks what it names. `named`: undefined where its payload is lost, too. */
interface Lost {
  readonly point: PrunePoint
  readonly named: OpenedCheckpoint | undefined
  /** Names of all packs that the relay lacks, hex. */
  readonly lacking: ReadonlySet<string>
}

/** The duty of one open vault. Calls are one after the other. */
export class NamedAgain {
  readonly #parts: NamedAgainParts
  /** What was looked at last, and on which session. */
  #looked: { readonly session: RelaySession; readonly named: number } | undefined

  constructor(parts: NamedAgainParts) {
    this.#parts = parts
  }

  /** Does it where it is due. Asks the relay once a session and prune. Returns whether something was appended. @throws ClientError */
  async step(session: RelaySession): Promise<boolean> {
    const { vault } = this.#parts
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const lost = await this.#lost(session)
      if (lost === undefined) return false
      const kept = await this.#kept(session, lost)
      const ref = kept ?? (await this.#later(session, lost))
      if (ref === undefined) return false
      if (ref !== 'moved' && (await this.#name(session, ref))) {
        await noteRemade(vault.trees, vault.platform.clock.now())
        vault.report({ event: 'state-remade', through: ref.holds, whole: kept !== undefined })
        return true
      }
      this.#looked = undefined
    }
    return false
  }

  /** Looks whether the relay lacks a part of what the latest prune names, where this device may name another and did not look yet. */
  async #lost(session: RelaySession): Promise<Lost | undefined> {
    const { vault, hurt } = this.#parts
    const { log, home, trees, platform, report } = vault
    const point = log.isEmpty ? undefined : log.state.spine.prune
    if (point === undefined || roleOf(log.state.spine, home.device.sign.publicKey) !== 'owner')
      return undefined
    const { sequence } = point.checkpoint
    if (this.#looked?.session === session && this.#looked.named === sequence) return undefined
    this.#looked = { session, named: sequence }
    const lacking = new Set([...(await session.lost(log.vault)), ...hurt()].map(toHex))
    const isHere = lacking.size === 0 || (await this.#isHere(session, sequence, lacking))
    if (isHere) {
      await forgetLacking(trees)
      return undefined
    }
    if (isRemadeOften(trees, platform.clock.now())) {
      report({ event: 'problem', path: '', code: 'lost-again' })
      return undefined
    }
    return { point, named: (await this.#opened(session, sequence))?.opened, lacking }
  }

  /** Whether the relay has all that a checkpoint needs. One that is none, whatever lies where, is not for this duty. */
  async #isHere(session: RelaySession, sequence: number, lacking: ReadonlySet<string>): Promise<boolean> {
    const found = await this.#opened(session, sequence)
    if (found === undefined) return true
    const packs = [...found.entry.header.added, ...(found.opened?.payload.earlier ?? [])]
    return found.opened !== undefined && packs.every(({ id }) => !lacking.has(toHex(id)))
  }

  /** A checkpoint of the log that this device keeps; `opened`: undefined where its payload is nowhere. */
  async #opened(
    session: RelaySession,
    sequence: number,
  ): Promise<{ readonly entry: CheckpointEntry; readonly opened: OpenedCheckpoint | undefined } | undefined> {
    const { vault } = this.#parts
    const { log, platform } = vault
    const { entry, fetch: get } = keptEntry(vault, session, sequence)
    const { header } = entry
    if (header.kind !== 'checkpoint') return undefined
    const checkpoint = { ...entry, header }
    const source = { binding: log.vault, keys: log.keys, pool: platform.pool, get }
    try {
      return { entry: checkpoint, opened: await openCheckpoint(source, checkpoint, log.state.spine) }
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      if (error.code === 'pack-unavailable') return { entry: checkpoint, opened: undefined }
      if (error.code === 'checkpoint-broken') return undefined
      throw error
    }
  }

  /** The state after the next entry, made from the log that was kept. undefined: this device cannot. */
  async #kept(session: RelaySession, lost: Lost): Promise<CheckpointRef | 'moved' | undefined> {
    const { point, named, lacking } = lost
    if (named === undefined) return undefined
    const { vault } = this.#parts
    const holds = point.through + 1
    const there = await this.#there(session, lacking)
    const made = there.find((ref) => ref.holds === holds)
    if (made !== undefined) return made
    const given = (): Promise<RelaySession> => Promise.resolve(session)
    const same = new Set<number>()
    const folded = async (sequence: number, trees: TreesStore): Promise<void> => {
      if (sequence !== point.through) return
      // What a prune names is the state, whatever this device made of the entries before it: only the very same may take its place.
      await trees.settled()
      if (equal((await stateHashOf(trees)).stateHash, named.payload.stateHash)) same.add(sequence)
    }
    const options = { vault, session: given, replay: new LogReplay(vault, given), sequence: holds, folded }
    const former = await FormerState.open(options).catch(notKept)
    if (former === undefined) return undefined
    try {
      await former.trees.settled()
      if (!same.has(point.through)) return undefined
      return await this.#write(session, { trees: former.trees, holds, lacking })
    } finally {
      await former.close()
    }
  }

  /** A state that is there already and goes back the furthest, or that of now: where no other owner's device can do better, or did not. */
  async #later(session: RelaySession, { lacking }: Lost): Promise<CheckpointRef | 'moved' | undefined> {
    const { vault } = this.#parts
    // What a backup keeps its own way is not let go of because something else was lost.
    if (vault.record.backup !== undefined || !(await this.#isPatienceOver())) return undefined
    const there = await this.#there(session, lacking)
    const [first] = there.toSorted((a, b) => a.holds - b.holds)
    const holds = vault.log.state.head.sequence
    return first ?? (await this.#write(session, { trees: vault.trees, holds, lacking }))
  }

  /** Checkpoints of which this device knows that they hold the state, and of which the relay has everything. */
  async #there(session: RelaySession, lacking: ReadonlySet<string>): Promise<CheckpointRef[]> {
    const { log, trees } = this.#parts.vault
    const { checkpoints, spine } = log.state
    const there: CheckpointRef[] = []
    for (const ref of checkpoints) {
      if (ref.holds <= (spine.prune?.through ?? -1) || !isAgreed(trees, ref.sequence)) continue
      if (await this.#isHere(session, ref.sequence, lacking)) there.push(ref)
    }
    return there
  }

  async #write(session: RelaySession, of: WrittenState): Promise<CheckpointRef | 'moved'> {
    const { vault, entries, receiver } = this.#parts
    const writer = new CheckpointWriter({ vault, entries, every: 1, isBusy: () => false })
    const ref = (await writer.write(session, of)) ? vault.log.state.checkpoints.at(-1) : undefined
    if (ref !== undefined) return ref
    await receiver.receive(session)
    return 'moved'
  }

  /** Whether the prune is in the log. */
  async #name(session: RelaySession, checkpoint: CheckpointRef): Promise<boolean> {
    const { entries, receiver } = this.#parts
    const { entry } = makePrune({ ...entries.on(session), checkpoint })
    if ((await entries.append(session, entry)) === 'appended') return true
    await receiver.receive(session)
    return false
  }

  /** Whether no owner's device besides this one is there, or none has done it for long. */
  async #isPatienceOver(): Promise<boolean> {
    const { log, trees, platform, home } = this.#parts.vault
    const own = toHex(home.device.sign.publicKey)
    const { spine } = log.state
    const isOther = [...spine.devices].some(
      ([key, { role, until }]) => key !== own && role === 'owner' && until === undefined,
    )
    if (!isOther) return true
    return (await lackingMs(trees, platform.clock.now())) >= otherOwnersMs
  }
}

/** The log was not kept from its beginning on, or not all that its payloads lie in. */
function notKept(error: unknown): undefined {
  const codes = ['pack-unavailable', 'history-gone', 'checkpoint-broken', 'relay-contradicts']
  if (error instanceof ClientError && codes.includes(error.code)) return undefined
  throw error
}
