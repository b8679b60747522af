// Counts what may not happen often (wrong logins and invitations by peer, so that guessing is slow; wishes by key). A name is opaque, and
// forgotten with its window.
import { failurePeersMax, failuresMax, failureWindowMs } from '../limits.ts'
import type { Clock } from './clock.ts'

interface Tries {
  count: number
  readonly untilMs: number
}

/** Who tried how often lately. Memory only. `max`: tries in one window, `windowMs` from the first of them. */
export class TryCounter {
  readonly #clock: Clock
  readonly #max: number
  readonly #windowMs: number
  readonly #byName = new Map<string, Tries>()

  constructor(clock: Clock, { max, windowMs } = { max: failuresMax, windowMs: failureWindowMs }) {
    this.#clock = clock
    this.#max = max
    this.#windowMs = windowMs
  }

  /** Whether this one has to wait before it may try again. */
  blocked(name: string): boolean {
    this.#forgetOld()
    return (this.#byName.get(name)?.count ?? 0) >= this.#max
  }

  /** Counts one try. The empty name stands for nobody in particular, and is not counted. */
  count(name: string): void {
    if (name === '') return
    this.#forgetOld()
    const known = this.#byName.get(name)
    if (known !== undefined) {
      known.count++
      return
    }
    const oldest = this.#byName.keys().next()
    if (this.#byName.size >= failurePeersMax && oldest.done !== true) this.#byName.delete(oldest.value)
    this.#byName.set(name, { count: 1, untilMs: this.#clock.monotonic() + this.#windowMs })
  }

  // The map is in the order of first tries, and all windows are equally long: the old ones are in front.
  #forgetOld(): void {
    const now = this.#clock.monotonic()
    for (const [name, tries] of this.#byName) {
      if (tries.untilMs > now) return
      this.#byName.delete(name)
    }
  }
}
