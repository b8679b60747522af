// A clock that a test moves on.
import { systemClock } from '@grenier/client'
import { systemClock as relayClock } from '@grenier/relay'

/** Time that is moved on, for the relay and its devices alike. */
export class MovedClock {
  #aheadMs = 0
  readonly client = { ...systemClock, now: () => this.now(), monotonic: () => this.#monotonic() }
  readonly relay = { ...relayClock, now: () => this.now(), monotonic: () => this.#monotonic() }

  now(): number {
    return Date.now() + this.#aheadMs
  }

  passes(ms: number): void {
    this.#aheadMs += ms
  }

  #monotonic(): number {
    return performance.now() + this.#aheadMs
  }
}
