// A folder that is open, also when its state becomes another one in the middle of it: a device that alone knows what the relay lost goes on with the
// relay's log (stranded.ts), for which the state is exchanged and opened anew. Whoever holds the folder notices a pause.
import { ClientError } from '../errors.ts'
import type { FolderRecord } from '../home/home.ts'
import type { Adopted } from './adoption.ts'
import type {
  Approval,
  EngineContext,
  FolderEngine,
  Invitation,
  MemberChange,
  Members,
  RunOptions,
} from './api.ts'
import type { BroughtBack } from './bringing-back.ts'
import type { FolderStatus, Progress, Summary } from './events.ts'
import type { HistoryAnswer, HistoryQuery, TakeRow } from './history-query.ts'
import type { InviteOptions } from './inviting.ts'
import type { GivenBack, Verification, VerifyOptions } from './mending.ts'
import type { MirrorChange } from './mirror-list.ts'
import type { Moved, MoveOptions } from './moving.ts'
import type { Promoted, PromoteOptions } from './promoting.ts'
import type { Pruned, PruneOptions } from './pruning.ts'
import type { Retention } from './retention.ts'
import { stillnessOf } from './halting.ts'
import { isGoingOn } from './stranded.ts'

export interface ReopeningParts {
  readonly context: EngineContext
  readonly open: () => Promise<FolderEngine>
  /**
   * Takes the relay's log, while nothing is open, after a run that ended with `stranded`; undefined: there was nothing to be left. However it ends,
   * the next run does not end so at once: see `putOff`.
   */
  readonly adopt: (stranded: ClientError) => Promise<Adopted | undefined>
}

/** One folder, over one engine after the other. */
export class ReopeningEngine implements FolderEngine {
  readonly #parts: ReopeningParts
  #engine: FolderEngine
  /** Resolves when the engine of now is open, or cannot be opened. */
  #exchange: Promise<unknown> = Promise.resolve()
  /** The engine is closed, and another is to take its place. */
  #isGone = false
  #opening: Promise<void> | undefined
  #isClosed = false

  private constructor(parts: ReopeningParts, engine: FolderEngine) {
    this.#parts = parts
    this.#engine = engine
  }

  /** @throws as `open` */
  static async open(parts: ReopeningParts): Promise<FolderEngine> {
    return new ReopeningEngine(parts, await parts.open())
  }

  get record(): FolderRecord {
    return this.#engine.record
  }

  get progress(): Progress {
    return this.#engine.progress
  }

  async run(options: RunOptions): Promise<Summary> {
    for (;;) {
      const engine = await this.#now()
      try {
        return await engine.run(options)
      } catch (error) {
        if (!isGoingOn(error) || this.#isClosed) throw error
        const exchange = this.#goOn(error)
        this.#exchange = exchange.catch(() => undefined)
        await exchange
      }
    }
  }

  async #goOn(stranded: ClientError): Promise<void> {
    this.#isGone = true
    await this.#engine.close()
    try {
      await this.#leave(stranded)
    } catch (error) {
      // What went wrong first is what is told, also where the folder does not open any more.
      const isOpen = await this.#open().then(
        () => true,
        () => false,
      )
      if (isOpen && isForRun(error)) return
      const state = stillnessOf(error)
      if (state !== undefined) this.#parts.context.report(state)
      throw error
    }
    await this.#open()
  }

  async #leave(stranded: ClientError): Promise<void> {
    const adopted = await this.#parts.adopt(stranded)
    if (adopted === undefined) return
    const { left, base, evidence } = adopted
    const entries = left.sequence - base.sequence
    this.#parts.context.report({ event: 'went-on', entries, evidence })
  }

  /** Where it was closed meanwhile, whoever closed it waits for this one, and closes it: then it does not run. */
  #open(): Promise<void> {
    const open = async (): Promise<void> => {
      this.#engine = await this.#parts.open()
      this.#isGone = false
    }
    this.#opening ??= open().finally(() => (this.#opening = undefined))
    return this.#opening
  }

  /** @throws as `open`, where the engine is gone and no other one took its place */
  async #now(): Promise<FolderEngine> {
    await this.#exchange
    if (this.#isGone) await this.#open()
    return this.#engine
  }

  async status(): Promise<FolderStatus> {
    return await (await this.#now()).status()
  }

  async invite(options: InviteOptions): Promise<Invitation> {
    return await (await this.#now()).invite(options)
  }

  async members(): Promise<Members> {
    return await (await this.#now()).members()
  }

  async changeMembers(change: MemberChange): Promise<Members> {
    return await (await this.#now()).changeMembers(change)
  }

  async approve(): Promise<Approval> {
    return await (await this.#now()).approve()
  }

  async history(query: HistoryQuery, take: TakeRow): Promise<HistoryAnswer> {
    return await (await this.#now()).history(query, take)
  }

  async heal(): Promise<GivenBack> {
    return await (await this.#now()).heal()
  }

  async verify(options: VerifyOptions): Promise<Verification> {
    return await (await this.#now()).verify(options)
  }

  async prune(options: PruneOptions): Promise<Pruned> {
    return await (await this.#now()).prune(options)
  }

  async bringBack(): Promise<BroughtBack> {
    return await (await this.#now()).bringBack()
  }

  async retention(floorMs?: number): Promise<Retention> {
    return await (await this.#now()).retention(floorMs)
  }

  async move(options: MoveOptions): Promise<Moved> {
    return await (await this.#now()).move(options)
  }

  async promote(options: PromoteOptions): Promise<Promoted> {
    return await (await this.#now()).promote(options)
  }

  async changeMirrors(change: MirrorChange): Promise<readonly string[]> {
    return await (await this.#now()).changeMirrors(change)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#exchange
    await this.#opening?.catch(() => undefined)
    if (!this.#isGone) await this.#engine.close()
  }
}

/** What the next run meets as well, tells, and waits for: a line that broke, a pack that is not there, a relay that says no or shows another log. */
function isForRun(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false
  return error.retryable || error.code === 'pack-unavailable' || error.code === 'relay-refused'
}
