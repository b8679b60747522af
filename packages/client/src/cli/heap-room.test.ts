import { describe, expect, it } from 'vitest'
import { percentFor } from './heap-room.ts'

const mib = 1 << 20

describe('the room that the heap has', () => {
  it('is 40 % where no buffers are on their way, whatever is alive', () => {
    for (const usedMib of [8, 20, 200]) expect(percentFor(usedMib * mib, 9 * mib)).toBe(40)
  })

  it('is twice the buffers on top of it, however little is alive', () => {
    for (const [usedMib, percent] of [
      [20, 190],
      [30, 140],
      [100, 70],
      [1000, 40],
    ] as const)
      expect(percentFor(usedMib * mib, 25 * mib)).toBe(percent)
  })

  it('has an end', () => {
    expect(percentFor(10 * mib, 200 * mib)).toBe(250)
    // With much alive 48 MiB are enough, whatever lies about.
    expect(percentFor(160 * mib, 500 * mib)).toBe(70)
  })
})
