// Final deletions are suspended after the clock jumped, until the hoster confirms (DESIGN §9): floors count by this clock.
import { clockJumpMs, restartGapMs } from '../limits.ts'
import type { Clock } from './clock.ts'

/** What outlives a restart: the last time that was seen, and whether deletions are suspended. */
export interface ClockRecord {
  readonly seenMs: number
  readonly held: boolean
}

/** Where the record is kept: a file beside the stores; nothing in memory-only use. */
export interface ClockRecordStore {
  load(): Promise<ClockRecord | undefined>
  /** Durable when it resolves. */
  save(record: ClockRecord): Promise<void>
}

/** Compares the wall clock with the monotonic one, and with what a former run saw. */
export class DeletionHold {
  readonly #clock: Clock
  readonly #records: ClockRecordStore | undefined
  #last: { wallMs: number; monotonicMs: number } | undefined
  #held = false

  constructor(clock: Clock, records?: ClockRecordStore) {
    this.#clock = clock
    this.#records = records
  }

  /** Whether deletions are suspended. */
  get held(): boolean {
    return this.#held
  }

  /** Looks at the clock: says whether final deletions may go on. Called before each sweep. */
  async check(): Promise<boolean> {
    const now = { wallMs: this.#clock.now(), monotonicMs: this.#clock.monotonic() }
    if (this.#last === undefined) await this.#compareWithFormerRun(now.wallMs)
    else {
      const jumpMs = now.wallMs - this.#last.wallMs - (now.monotonicMs - this.#last.monotonicMs)
      if (Math.abs(jumpMs) > clockJumpMs) this.#held = true
    }
    this.#last = now
    await this.#records?.save({ seenMs: now.wallMs, held: this.#held })
    return !this.#held
  }

  /** The hoster says that the clock is right. */
  async confirm(): Promise<void> {
    this.#held = false
    this.#last = { wallMs: this.#clock.now(), monotonicMs: this.#clock.monotonic() }
    await this.#records?.save({ seenMs: this.#last.wallMs, held: false })
  }

  // A machine that was off for long cannot be told from a clock that jumped while it was off.
  async #compareWithFormerRun(wallMs: number): Promise<void> {
    const former = await this.#records?.load()
    if (former === undefined) return
    const gapMs = wallMs - former.seenMs
    this.#held = former.held || gapMs < -clockJumpMs || gapMs > restartGapMs
  }
}
