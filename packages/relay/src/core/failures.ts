// Counts what may not happen often (wrong logins and invitations by peer, so that guessing is slow; wishes by key). A name is opaque, and
// forgotten with its window.
import { failurePeersMax, failuresMax, failureWindowMs } from '../limits.ts'
import type { Clock } from './clock.ts'

interface Failures {
  count: number
  readonly untilMs: number
}

/** Who failed how often lately. Memory only. */
export class FailureCounter {
  readonly #clock: Clock
  readonly #max: number
  readonly #windowMs: number
  readonly #byPeer = new Map<string, Failures>()

  constructor(clock: Clock, { max, windowMs } = { max: failuresMax, windowMs: failureWindowMs }) {
    this.#clock = clock
    this.#max = max
    this.#windowMs = windowMs
  }

  /** Whether this peer has to wait before it may try again. */
  blocked(peer: string): boolean {
    this.#forgetOld()
    return (this.#byPeer.get(peer)?.count ?? 0) >= this.#max
  }

  /** Counts one failure. The empty name stands for nobody in particular, and is not counted. */
  failed(peer: string): void {
    if (peer === '') return
    this.#forgetOld()
    const known = this.#byPeer.get(peer)
    if (known !== undefined) {
      known.count++
      return
    }
    const oldest = this.#byPeer.keys().next()
    if (this.#byPeer.size >= failurePeersMax && oldest.done !== true) this.#byPeer.delete(oldest.value)
    this.#byPeer.set(peer, { count: 1, untilMs: this.#clock.monotonic() + this.#windowMs })
  }

  // The map is in the order of first failure, and all windows are equally long: the old ones are in front.
  #forgetOld(): void {
    const now = this.#clock.monotonic()
    for (const [peer, failures] of this.#byPeer) {
      if (failures.untilMs > now) return
      this.#byPeer.delete(peer)
    }
  }
}
