// Questions about the history that are being answered beside a run: one that ends by itself waits for them, since what they read is closed with it.
// Not for ever: who does not read what was answered, while a run waits for that, is given up.
import type { Clock } from '../clock.ts'
import { ClientError } from '../errors.ts'
import { pause } from './connection.ts'
import type { TakeRow } from './history-query.ts'

/** A reader is given up after one to two of these without reading, while a run waits for it. */
const patienceMs = 30_000
/** So long at most somebody who asks anything else meanwhile has no answer. */
const turnMs = 500

/** One question. `givenSinceMs`: since when a row waits to be read; undefined where none does. */
interface Look {
  readonly ended: Promise<unknown>
  readonly giveUp: () => void
  readonly reading: { givenSinceMs: number | undefined }
}

/** Those of one folder. */
export class OpenLooks {
  readonly #clock: Clock
  readonly #open = new Set<Look>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts `work` as long as it takes. It hands its rows to the `take` that it is given. */
  async during<T>(take: TakeRow, work: (take: TakeRow) => Promise<T>): Promise<T> {
    const given = Promise.withResolvers<never>()
    given.promise.catch(() => undefined)
    const reading: Look['reading'] = { givenSinceMs: undefined }
    const looked = work(async (row) => {
      reading.givenSinceMs = this.#clock.monotonic()
      // What does not come to an end any more is nobody's.
      const taken = take(row)
      taken.catch(() => undefined)
      await Promise.race([taken, given.promise])
      reading.givenSinceMs = undefined
    })
    const look = { ended: looked, reading, giveUp: () => given.reject(unread()) }
    this.#open.add(look)
    try {
      return await looked
    } finally {
      this.#open.delete(look)
    }
  }

  /**
   * Resolves when all have ended, however; at once when everything is to stop: who asked may never read the rest. `waits`: told how many there
   * are, if any. `turn`: what else is asked meanwhile is answered by it.
   */
  async ended(
    signal: AbortSignal,
    waits: (looks: number) => void,
    turn: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const mustWait = (): boolean => this.#open.size > 0 && !signal.aborted
    if (mustWait()) waits(this.#open.size)
    while (mustWait()) {
      const over = new AbortController()
      const all = Promise.allSettled([...this.#open].map(({ ended }) => ended))
      const until = AbortSignal.any([signal, over.signal])
      await Promise.race([all, pause({ clock: this.#clock, signal: until }, turnMs)])
      over.abort()
      await turn()
      for (const { reading, giveUp } of this.#open)
        if (this.#clock.monotonic() - (reading.givenSinceMs ?? Number.POSITIVE_INFINITY) >= patienceMs)
          giveUp()
    }
  }
}

function unread(): ClientError {
  return new ClientError('holder-ended', 'nobody read the answer while the run waited to end')
}
