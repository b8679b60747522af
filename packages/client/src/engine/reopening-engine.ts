// A folder that is open, also when its state becomes another one in the middle of it: a device that alone knows what the relay lost goes on with the
// relay's log (stranded.ts), for which the state is exchanged and opened anew. Whoever holds the folder notices a pause.
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
import { isGoingOn } from './stranded.ts'

export interface ReopeningParts {
  readonly context: EngineContext
  readonly open: () => Promise<FolderEngine>
  /** Takes the relay's log, while nothing is open; undefined: there was nothing to be left. */
  readonly adopt: () => Promise<Adopted | undefined>
}

/** One folder, over one engine after the other. */
export class ReopeningEngine implements FolderEngine {
  readonly #parts: ReopeningParts
  #engine: FolderEngine
  /** Resolves when the engine of now is open. */
  #exchange: Promise<unknown> = Promise.resolve()
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
        const exchange = this.#goOn()
        this.#exchange = exchange.catch(() => undefined)
        await exchange
      }
    }
  }

  async #goOn(): Promise<void> {
    const { context, open, adopt } = this.#parts
    await this.#engine.close()
    try {
      const adopted = await adopt()
      if (adopted === undefined) return
      const { left, base, evidence } = adopted
      context.report({ event: 'went-on', entries: left.sequence - base.sequence, evidence })
    } finally {
      // Where it was closed meanwhile, whoever closed it waits for this one, and closes it: then it does not run.
      this.#engine = await open()
    }
  }

  async #now(): Promise<FolderEngine> {
    await this.#exchange
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
    await (await this.#now()).close()
  }
}
