// The sweep: deletes for good what the floor no longer keeps and what nothing claimed. The only place of the relay that deletes.
import { sweepBatch, sweepEveryMs } from '../limits.ts'
import type { Stores } from '../store/stores.ts'
import type { Clock, Timer } from './clock.ts'
import { finishDeletions, type VaultEnded } from './deleted-vaults.ts'
import type { DeletionHold } from './deletion-hold.ts'
import type { EventLog } from './event-log.ts'
import type { LiveVaults } from './live-vaults.ts'

/** What one sweep did. `held`: nothing, because the clock jumped. */
export interface Swept {
  readonly held: boolean
  readonly packs: number
  readonly entries: number
  /** Vaults whose deletion became final. */
  readonly vaults: number
}

/** What a sweep works with. `ended` is told of each vault whose deletion became final. */
export interface SweepParts {
  readonly stores: Stores
  readonly clock: Clock
  readonly hold: DeletionHold
  readonly log: EventLog
  readonly vaults: LiveVaults
  readonly ended: VaultEnded
}

/** Sweeps now and then until stopped. */
export class Sweeper {
  readonly #stores: Stores
  readonly #clock: Clock
  readonly #hold: DeletionHold
  readonly #log: EventLog
  readonly #vaults: LiveVaults
  readonly #ended: VaultEnded
  #timer: Timer | undefined
  #running: Promise<Swept> | undefined
  #stopped = false

  constructor(parts: SweepParts) {
    this.#stores = parts.stores
    this.#clock = parts.clock
    this.#hold = parts.hold
    this.#log = parts.log
    this.#vaults = parts.vaults
    this.#ended = parts.ended
  }

  /** Begins to sweep every `sweepEveryMs`. */
  start(): void {
    this.#timer = this.#clock.after(sweepEveryMs, () => void this.#tick())
  }

  /** One sweep now; one that is running already is waited for instead. */
  async sweep(): Promise<Swept> {
    this.#running ??= this.#sweep().finally(() => (this.#running = undefined))
    return await this.#running
  }

  /** No sweep begins any more; resolves when a running one has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running?.catch(() => undefined)
  }

  async #tick(): Promise<void> {
    try {
      const { held, packs, entries, vaults } = await this.sweep()
      if (held) this.#log('sweep-held')
      else if (packs + entries + vaults > 0) this.#log('swept', { packs, entries, vaults })
    } catch (error) {
      this.#log('sweep-failed', { reason: error instanceof Error ? error.message : String(error) })
    }
    if (!this.#stopped) this.start()
  }

  async #sweep(): Promise<Swept> {
    if (!(await this.#hold.check())) return { held: true, packs: 0, entries: 0, vaults: 0 }
    const parts = { stores: this.#stores, vaults: this.#vaults, now: this.#clock.now(), ended: this.#ended }
    const vaults = await finishDeletions(parts)
    const cleared = await this.#clearVaults()
    return {
      held: false,
      vaults,
      entries: await this.#retire(),
      packs: cleared + (await this.#deletePacks()),
    }
  }

  // Packs of deleted vaults go batch by batch: those that are `gone` already are looked at each time.
  async #clearVaults(): Promise<number> {
    let packs = 0
    while (!this.#stopped && (await this.#stores.deletions.clear(this.#clock.now(), sweepBatch)) > 0)
      packs += await this.#deletePacks()
    return packs
  }

  async #retire(): Promise<number> {
    let retired = 0
    while (!this.#stopped) {
      const count = await this.#stores.logs.retire(this.#clock.now(), sweepBatch)
      retired += count
      if (count < sweepBatch) break
    }
    return retired
  }

  // Bury, delete, forget: after a crash in between, the rows are still `gone`, and the next sweep goes on from there.
  async #deletePacks(): Promise<number> {
    const { ledger, packs } = this.#stores
    let deleted = 0
    while (!this.#stopped) {
      const now = this.#clock.now()
      const due = await ledger.due(now, sweepBatch)
      const gone = await ledger.bury(due, now)
      await packs.delete(gone)
      await ledger.forget(gone)
      deleted += gone.length
      if (gone.length === 0 || due.length < sweepBatch) break
    }
    return deleted
  }
}
