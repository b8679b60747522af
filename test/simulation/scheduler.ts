// Owns time in a simulated run: everything that happens later happens here, in an order that the seed fixes.
import type { Clock, Timer } from '@grenier/client'
import type { Seeded } from './seeded.ts'

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/** A queue of events in simulated time. Between two events all promises that can settle have settled. */
export class Scheduler {
  nowMs = Date.UTC(2026, 10, 22, 14, 3)
  readonly startMs = this.nowMs
  readonly #events: Event[] = []
  readonly #random: Seeded
  #order = 0

  constructor(random: Seeded) {
    this.#random = random
  }

  /** Runs something later. Ties are broken by the seed. */
  after(delayMs: number, run: () => void): Timer {
    const event: Event = {
      atMs: this.nowMs + delayMs,
      order: this.#random.next() + this.#order++ / 1e9,
      run,
      cancelled: false,
    }
    this.#events.push(event)
    return {
      cancel: () => {
        event.cancelled = true
      },
    }
  }

  /** How a wire delivers: soon, not in an order that anything may rely on. */
  readonly deliver = (run: () => void): void => {
    this.after(this.#random.below(20), run)
  }

  /** The clock of one machine: its own offset, and timers that die with it. */
  clockOf(machine: { readonly alive: () => boolean; readonly skewMs: number }): Clock {
    return {
      now: () => this.nowMs + machine.skewMs,
      monotonic: () => this.nowMs - this.startMs,
      after: (delayMs, fire) =>
        this.after(delayMs, () => {
          if (machine.alive()) fire()
        }),
    }
  }

  /** Takes the next event, if there is one before `untilMs`. */
  async step(untilMs: number): Promise<boolean> {
    await settle()
    let first: Event | undefined
    for (const event of this.#events) {
      if (event.cancelled) continue
      if (
        first === undefined ||
        event.atMs < first.atMs ||
        (event.atMs === first.atMs && event.order < first.order)
      )
        first = event
    }
    if (first === undefined || first.atMs > untilMs) return false
    this.#events.splice(this.#events.indexOf(first), 1)
    if (this.#events.length > 256) this.#dropCancelled()
    this.nowMs = Math.max(this.nowMs, first.atMs)
    first.run()
    return true
  }

  /** Runs events until `done`, or until simulated time is up. Whether it was done. */
  async runUntil(done: () => boolean, withinMs: number): Promise<boolean> {
    const untilMs = this.nowMs + withinMs
    for (;;) {
      await settle()
      if (done()) return true
      if (!(await this.step(untilMs))) {
        this.nowMs = untilMs
        return done()
      }
    }
  }

  #dropCancelled(): void {
    const live = this.#events.filter((event) => !event.cancelled)
    this.#events.splice(0, this.#events.length, ...live)
  }
}

/** All promises that can settle have settled when the loop comes round. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
