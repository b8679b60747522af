// What is asked of an open folder while a run goes on: answered by the run, between two of its steps, one after the other. Everyone who asks gets
// an answer, also when the run ends first.
import type { Clock } from '../clock.ts'
import { ClientError } from '../errors.ts'

/** Who asks waits so long for the run to come round to it: a run that cannot reach the relay cannot answer. */
const patienceMs = 30_000

/** The queue. */
export class Questions {
  readonly #clock: Clock
  #waiting: (() => Promise<void>)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether somebody waits for an answer. */
  get waiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Resolves with the answer. @throws what `work` throws; ClientError `relay-unreachable` when nobody comes round to it */
  ask<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const one = async (): Promise<void> => {
        timer.cancel()
        await work().then(resolve, reject)
      }
      const timer = this.#clock.after(patienceMs, () => {
        this.#waiting = this.#waiting.filter((other) => other !== one)
        reject(
          new ClientError('relay-unreachable', 'the run has no connection to the relay', {
            retryable: true,
            data: { reason: 'timeout' },
          }),
        )
      })
      this.#waiting.push(one)
    })
  }

  /** Answers everybody who waits. */
  async answer(): Promise<void> {
    for (let one = this.#waiting.shift(); one !== undefined; one = this.#waiting.shift()) await one()
  }
}
