// Owns time in a simulated run: everything that happens later happens here, in an order that the seed fixes.
import type { Clock, Timer } from '@grenier/client'
import type { Seeded } from './seeded.ts'

interface Event {
  readonly atMs: number
  /** Breaks ties, by chance. */
  readonly order: number
  run: (() => void) | undefined
}

/** A clock that belongs to somebody: off by `skewMs`, which may change, and silent once its owner is not `alive`. */
export interface ClockOwner {
  readonly alive: () => boolean
  readonly skewMs: number
}

/** A queue of events in simulated time. Between two events all promises that can settle have settled. */
export class Scheduler {
  readonly startMs: number
  nowMs: number
  /** Events that happened: what a run cost. */
  steps = 0
  /** What is under way outside of simulated time, which waits for it: resolves when something happened; undefined: nothing is. */
  outside: () => Promise<void> | undefined = () => undefined
  /** A heap: each event is before the two at twice its place. */
  readonly #heap: Event[] = []
  readonly #random: Seeded
  #order = 0

  constructor(random: Seeded, startMs = Date.UTC(2026, 10, 22, 14, 3)) {
    this.#random = random
    this.startMs = startMs
    this.nowMs = startMs
  }

  /** Runs something later. Ties are broken by the seed. */
  after(delayMs: number, run: () => void): Timer {
    const order = this.#random.next() + this.#order++ / 1e9
    const event: Event = { atMs: this.nowMs + Math.max(0, delayMs), order, run }
    this.#push(event)
    return {
      cancel: () => {
        event.run = undefined
      },
    }
  }

  /** How a wire delivers: soon, not in an order that anything may rely on. */
  readonly deliver = (run: () => void): void => {
    this.after(this.#random.below(20), run)
  }

  /** The clock of one machine: its own offset, and timers that die with it. */
  clockOf(owner: ClockOwner): Clock {
    return {
      now: () => this.nowMs + owner.skewMs,
      monotonic: () => this.nowMs - this.startMs,
      after: (delayMs, fire) =>
        this.after(delayMs, () => {
          if (owner.alive()) fire()
        }),
    }
  }

  /** Takes the next event, if there is one before `untilMs`. */
  step(untilMs: number): boolean {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.atMs > untilMs) return false
      this.#pop()
      if (first.run === undefined) continue
      this.nowMs = Math.max(this.nowMs, first.atMs)
      this.steps += 1
      first.run()
      return true
    }
  }

  /** Runs events until `done`, or until simulated time is up. Whether it was done. */
  async runUntil(done: () => boolean, withinMs: number): Promise<boolean> {
    const untilMs = this.nowMs + withinMs
    for (;;) {
      await settle()
      for (let wait = this.outside(); wait !== undefined; wait = this.outside()) {
        await wait
        await settle()
      }
      if (done()) return true
      if (!this.step(untilMs)) {
        this.nowMs = untilMs
        return done()
      }
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    for (; at > 0; at = (at - 1) >> 1) {
      const above = heap[(at - 1) >> 1]
      if (above === undefined || !isBefore(event, above)) break
      heap[at] = above
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const [left, right] = [heap[below], heap[below + 1]]
      if (left === undefined) break
      if (right !== undefined && isBefore(right, left)) below += 1
      const least = below === 2 * at + 1 ? left : (right ?? left)
      if (!isBefore(least, last)) break
      heap[at] = least
      at = below
    }
    heap[at] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

/** All promises that can settle have settled when the loop comes round. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
