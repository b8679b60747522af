import { describe, expect, it } from 'vitest'
import { Backoff } from './backoff.ts'

const always = (byte: number) => ({ bytes: (count: number) => new Uint8Array(count).fill(byte) })

describe('waiting before the next try', () => {
  it('doubles up to a minute, with half of it up to chance', () => {
    const longest = new Backoff(always(0xff))
    const shortest = new Backoff(always(0))
    const waits = Array.from({ length: 10 }, () => [shortest.next(), longest.next()])
    expect(waits.slice(0, 3)).toEqual([
      [250, 500],
      [500, 1000],
      [1000, 2000],
    ])
    expect(waits.at(-1)).toEqual([30_000, 60_000])
  })

  it('starts anew after success', () => {
    const backoff = new Backoff(always(0))
    for (let round = 0; round < 5; round++) backoff.next()
    backoff.reset()
    expect(backoff.next()).toBe(250)
  })

  it('never comes back before the relay asked for it', () => {
    expect(new Backoff(always(0)).next(90_000)).toBe(90_000)
    expect(new Backoff(always(0xff)).next(90_000)).toBe(180_000)
  })
})
