// What the relay's clock shows, estimated from answers that carry it.
import type { Clock } from '../clock.ts'

/** An answer that took longer than so many times the quickest says too little about when the relay wrote it. */
const slowerThanBest = 2
/** Below this, differences of round trips are scheduling, not distance. */
const noiseMs = 20

/** The difference between the relay's clock and ours, in ms. */
export class ClockOffset {
  private readonly clock: Clock
  private bestRoundTripMs = Infinity
  private offsetMs = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Added to the local clock it gives the relay's. */
  get ms(): number {
    return this.offsetMs
  }

  /** An answer just came, `roundTripMs` after its request, that shows the relay's clock at `relayNowMs`. */
  sample(relayNowMs: number, roundTripMs: number): void {
    if (roundTripMs > this.bestRoundTripMs * slowerThanBest + noiseMs) return
    this.bestRoundTripMs = Math.min(this.bestRoundTripMs, roundTripMs)
    this.offsetMs = Math.round(relayNowMs + roundTripMs / 2 - this.clock.now())
  }
}
