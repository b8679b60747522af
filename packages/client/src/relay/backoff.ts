// How long to wait before the next try: doubling, with jitter, so that a relay that comes back is not met by everybody at once.
import type { Random } from '@grenier/crypto'

/** The first wait is at most this: a relay that restarts is back within a second or two. */
const firstMs = 500
/** And no wait is longer, unless the relay asks for it: a laptop that comes home syncs within a minute. */
const mostMs = 60_000

/** The waits of one thing that is tried again and again. */
export class Backoff {
  private readonly random: Random
  private tries = 0

  constructor(random: Random) {
    this.random = random
  }

  /** Milliseconds until the next try: between half and all of 0.5, 1, 2 … 60 s; never less than the relay asked for. */
  next(retryAfterMs = 0): number {
    const ceilingMs = Math.min(mostMs, firstMs * 2 ** this.tries)
    if (ceilingMs < mostMs) this.tries += 1
    const fraction = new DataView(this.random.bytes(4).slice().buffer).getUint32(0) / 2 ** 32
    // What the relay asked for is stretched too, or all whom it asked would come back together.
    return Math.round(Math.max(ceilingMs, retryAfterMs * 2) * (0.5 + fraction / 2))
  }

  /** It worked: the next failure starts from the shortest wait. */
  reset(): void {
    this.tries = 0
  }
}
