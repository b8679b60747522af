// The relay without a network: connections come as wires, time, chance and storage as interfaces, so that it runs anywhere, also in a
// simulation.
import { systemRandom, type Random, type VaultId } from '@grenier/crypto/verify'
import { bulkFrameBytes, encodeMessage, isRetryable, type RelayErrorCode, type Wire } from '@grenier/protocol'
import {
  blockBytes,
  blocksKeptMax,
  connectionsMax,
  framesKeptMax,
  peerStrangersMax,
  processReceiveBytes,
  processVouchBytes,
  stopGraceMs,
  strangersMax,
  wishesMax,
  wishWindowMs,
} from '../limits.ts'
import { SendPool } from '../session/outbox.ts'
import { ParkedPuts } from '../session/parked-puts.ts'
import { Session } from '../session/session.ts'
import type { AppendedEntry } from '../store/log-store.ts'
import type { Stores } from '../store/stores.ts'
import { Appender } from './append.ts'
import { BlockPool } from './block-pool.ts'
import { ByteBudget } from './budget.ts'
import { systemClock, type Clock } from './clock.ts'
import { DeletionHold, type ClockRecordStore } from './deletion-hold.ts'
import { PeerDirectory } from './directory.ts'
import { silentLog, type EventLog } from './event-log.ts'
import { TryCounter } from './try-counter.ts'
import { LiveVaults } from './live-vaults.ts'
import { MovedVaults } from './moved-vaults.ts'
import type { CoreConfig, RelayParts } from './relay-parts.ts'
import { Sweeper, type Swept } from './sweep.ts'

/** What a relay is made of. It does not close the stores. */
export interface CoreOptions {
  readonly stores: Stores
  readonly config: CoreConfig
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
  readonly log?: EventLog | undefined
  /** Where the clock that was last seen outlives a restart. */
  readonly clockRecords?: ClockRecordStore | undefined
}

/** What a server may ask of a connection that it handed over. */
export interface Connected {
  /** Whether it has logged in, and is somebody here: before, it is given little room. */
  readonly known: boolean
}

/** A relay. */
export class RelayCore {
  readonly #parts: RelayParts
  readonly #directory = new PeerDirectory()
  readonly #sessions = new Set<Session>()
  readonly #hold: DeletionHold
  readonly #sweeper: Sweeper
  readonly #unwatch: () => void
  /** Entries of other processes that are being passed on. */
  readonly #telling = new Set<Promise<void>>()
  #stopped = false

  /** The sweep begins at once: every `sweepEveryMs`, by `clock`. */
  constructor(options: CoreOptions) {
    const { stores, config, clock = systemClock, random = systemRandom, log = silentLog } = options
    const vaults = new LiveVaults(stores.logs)
    this.#hold = new DeletionHold(clock, options.clockRecords)
    const ended = (vault: VaultId): void => this.#directory.endLookers(vault, 'deleted')
    this.#sweeper = new Sweeper({ stores, clock, hold: this.#hold, log, vaults, ended })
    this.#parts = {
      stores,
      config,
      clock,
      random,
      log,
      vaults,
      appender: new Appender({
        stores,
        vaults,
        clock,
        moved: new MovedVaults(config.origins),
        appended: ({ vault, entry, by }, live) =>
          this.#directory.grown(vault, live, { sequence: entry.header.sequence, bytes: entry.bytes, by }),
      }),
      failures: new TryCounter(clock),
      wishes: new TryCounter(clock, { max: wishesMax, windowMs: wishWindowMs }),
      receive: new ByteBudget(processReceiveBytes),
      vouching: new ByteBudget(processVouchBytes),
      sending: new SendPool(),
      blocks: new BlockPool(blockBytes, blocksKeptMax),
      frames: new BlockPool(bulkFrameBytes, framesKeptMax),
      parked: new ParkedPuts(clock, (name) => stores.ledger.release(name)),
      directory: this.#directory,
    }
    this.#unwatch = stores.logs.watch((entry) => this.#heard(entry))
    this.#sweeper.start()
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sessions.size
  }

  /**
   * Takes a connection over. `from`: an opaque name of where it comes from, the same for all connections from there; failed logins
   * are counted by it, unless it is empty.
   */
  connect(wire: Wire, from = ''): Connected {
    const refusal = this.#refusal(from)
    if (refusal !== undefined) {
      wire.send(encodeMessage({ type: 'error', code: refusal, retryable: isRetryable(refusal) }))
      wire.close(1013, refusal)
      return { known: false }
    }
    const session = new Session(this.#parts, wire, { from, ended: () => this.#sessions.delete(session) })
    this.#sessions.add(session)
    session.start()
    return session
  }

  /** Deletes now what is due. */
  async sweep(): Promise<Swept> {
    return await this.#sweeper.sweep()
  }

  /** Whether final deletions are suspended because the clock jumped. */
  get deletionsHeld(): boolean {
    return this.#hold.held
  }

  /** The hoster says that the clock is right: final deletions go on. */
  async confirmClock(): Promise<void> {
    await this.#hold.confirm()
  }

  /**
   * Takes no more connections, lets the appends under way end and be answered (for at most `stopGraceMs`), says goodbye, ends.
   * Resolves when nothing uses the stores any more.
   */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#within(stopGraceMs, this.#idle())
    this.#unwatch()
    await Promise.all([...this.#sessions].map((session) => session.stop()))
    await this.#parts.parked.close()
    await this.#sweeper.stop()
    await this.#parts.appender.idle()
    await Promise.all(this.#telling)
  }

  async #idle(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.idle()))
  }

  async #within(graceMs: number, work: Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = this.#parts.clock.after(graceMs, resolve)
      work.finally(() => timer.cancel()).then(resolve, reject)
    })
  }

  #refusal(from: string): RelayErrorCode | undefined {
    if (this.#stopped) return 'shutting-down'
    if (this.#sessions.size >= connectionsMax) return 'busy'
    const strangers = [...this.#sessions].filter(({ known }) => !known)
    if (strangers.length >= strangersMax) return 'busy'
    if (from === '') return undefined
    // One peer alone must not be able to keep all others from logging in.
    return strangers.filter((one) => one.from === from).length >= peerStrangersMax ? 'busy' : undefined
  }

  // The store tells of entries of other processes as well: what is in memory of their vaults is old.
  #heard(entry: AppendedEntry): void {
    const { vault, sequence } = entry
    const { vaults, appender } = this.#parts
    if (appender.isAppending(vault, sequence)) return
    vaults.forget(vault)
    if (!this.#directory.watched(vault)) return
    const telling = this.#tell(entry).finally(() => this.#telling.delete(telling))
    this.#telling.add(telling)
  }

  async #tell({ vault, sequence, bytes }: AppendedEntry): Promise<void> {
    try {
      const live = await this.#parts.vaults.find(vault)
      if (live !== undefined) this.#directory.grown(vault, live, { sequence, bytes })
    } catch (error) {
      this.#parts.log('push-failed', { reason: error instanceof Error ? error.message : 'unknown' })
    }
  }
}
