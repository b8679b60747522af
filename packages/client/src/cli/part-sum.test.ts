import { describe, expect, it } from 'vitest'
import { newSumKey, PartSums } from './part-sum.ts'

const key = '07'.repeat(32)
const bytes = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7) % 251))

function sumsOf(pieces: readonly Uint8Array[]): string {
  const sums = new PartSums(key)
  for (const piece of pieces) sums.add(piece)
  return sums.end()
}

describe('sums of a part', () => {
  it('are the same however the bytes came, and what they always were', () => {
    const whole = sumsOf([bytes])
    expect(whole).toBe('a0de048919e6cd6ecb8c624652390af1')
    expect(
      sumsOf([bytes.subarray(0, 1), bytes.subarray(1, 1700), Buffer.alloc(0), bytes.subarray(1700)]),
    ).toBe(whole)
  })

  it('differ where one bit does, by length, by place and by key', () => {
    const other = Buffer.from(bytes)
    other[2999]! ^= 1
    const seen = new Set([sumsOf([bytes]), sumsOf([other]), sumsOf([bytes.subarray(1)]), sumsOf([])])
    const sums = new PartSums(key)
    sums.end()
    sums.add(bytes)
    seen.add(sums.end())
    const anew = new PartSums(newSumKey())
    anew.add(bytes)
    seen.add(anew.end())
    expect(seen.size).toBe(6)
  })

  it('go on from any number', () => {
    const [first, second] = [new PartSums(key), new PartSums(key, 1)]
    first.end()
    for (const sums of [first, second]) sums.add(bytes)
    expect(second.end()).toBe(first.end())
  })
})
