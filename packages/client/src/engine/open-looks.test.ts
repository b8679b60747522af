import { describe, expect, test } from 'vitest'
import type { Clock } from '../clock.ts'
import type { HistoryRow, TakeRow } from './history-query.ts'
import { OpenLooks } from './open-looks.ts'

/** Time that passes when it is told to. */
class MovedClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<{ readonly atMs: number; readonly fire: () => void }>()

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  after(delayMs: number, fire: () => void): { cancel: () => void } {
    const timer = { atMs: this.#nowMs + delayMs, fire }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  async passes(ms: number): Promise<void> {
    this.#nowMs += ms
    for (const timer of [...this.#timers])
      if (timer.atMs <= this.#nowMs && this.#timers.delete(timer)) timer.fire()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const row: HistoryRow = { row: 'bytes', bytes: new Uint8Array(1) }
const never: TakeRow = () => new Promise(() => undefined)

describe('questions that are being answered when a run has ended', () => {
  test('are waited for as long as they are read, and it is said how many there are', async () => {
    const clock = new MovedClock()
    const looks = new OpenLooks(clock)
    const read = Promise.withResolvers<undefined>()
    const working = Promise.withResolvers<undefined>()
    const look = looks.during(
      () => read.promise,
      async (take) => {
        await take(row)
        await working.promise
        return 'answered'
      },
    )
    const told: number[] = []
    let isOver = false
    let turns = 0
    const ended = looks.ended(
      new AbortController().signal,
      (count) => told.push(count),
      () => {
        turns += 1
        return Promise.resolve()
      },
    )
    void ended.then(() => (isOver = true))
    await clock.passes(20_000)
    read.resolve(undefined)
    // What takes long here is not the fault of who reads.
    for (let minute = 0; minute < 10; minute += 1) await clock.passes(60_000)
    expect(isOver).toBe(false)
    expect(turns, 'what else is asked is answered').toBeGreaterThan(1)
    working.resolve(undefined)
    expect(await look).toBe('answered')
    await ended
    expect(told).toEqual([1])
  })

  test('are given up where nobody reads what was answered, and only when a run waits for that', async () => {
    const clock = new MovedClock()
    const looks = new OpenLooks(clock)
    const look = looks.during(never, async (take) => {
      await take(row)
      return 'answered'
    })
    const settled: string[] = []
    look.catch(() => settled.push('given up'))
    for (let hour = 0; hour < 3; hour += 1) await clock.passes(3_600_000)
    expect(settled).toEqual([])
    const ended = looks.ended(new AbortController().signal, () => undefined)
    await clock.passes(30_000)
    await expect(look).rejects.toMatchObject({ code: 'holder-ended' })
    await ended
  })

  test('are not waited for by a run that is to stop, nor where there are none', async () => {
    const looks = new OpenLooks(new MovedClock())
    const told: number[] = []
    await looks.ended(new AbortController().signal, (count) => told.push(count))
    void looks.during(never, (take) => take(row))
    const stop = new AbortController()
    const ended = looks.ended(stop.signal, (count) => told.push(count))
    stop.abort()
    await ended
    expect(told).toEqual([1])
  })
})
