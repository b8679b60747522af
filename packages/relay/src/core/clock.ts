// Time, as an interface: the simulation owns it. Nothing else in the relay asks what time it is or starts a timer.

/** A timer that can still be called off. */
export interface Timer {
  cancel(): void
}

/** Wall clock and timers. */
export interface Clock {
  /** Milliseconds since 1970, may jump. */
  now(): number
  /** Milliseconds that only ever grow, for durations and rates. */
  monotonic(): number
  /** Calls `fire` once, after at least `delayMs`. */
  after(delayMs: number, fire: () => void): Timer
}

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
