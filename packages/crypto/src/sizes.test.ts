import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import {
  cellBytes,
  cellPlainBytes,
  cellRange,
  containerFrontBytes,
  isAllowedPackSize,
  isAllowedPayloadSize,
  isReachableSize,
  packBytesAlone,
  packBytesMax,
  packBytesMin,
  packBytesShort,
  packPlainBytesMax,
  padme,
  padmeGranule,
  payloadBytes,
  plainCapacity,
  storedBytesFor,
} from './sizes.ts'

const plainSizes = fc.integer({ min: 1, max: packPlainBytesMax })
const runs = { numRuns: 3000 }

/** Padmé as its paper writes it, on big integers. */
function padmeOfPaper(n: number): number {
  if (n < 2) return n
  const log2 = (x: number) => BigInt(x).toString(2).length - 1
  const exponent = log2(n)
  const zeroBits = BigInt(exponent - (log2(exponent) + 1))
  const mask = zeroBits > 0n ? (1n << zeroBits) - 1n : 0n
  return Number((BigInt(n) + mask) & ~mask)
}

describe('Padmé', () => {
  test('is that of the paper', () => {
    for (let n = 0; n < 70_000; n++) if (padme(n) !== padmeOfPaper(n)) expect(n).toBe('as in the paper')
    fc.assert(
      fc.property(fc.nat(2 ** 45), (n) => {
        expect(padme(n)).toBe(padmeOfPaper(n))
      }),
      runs,
    )
  })

  test('adds at most an eighth and is its own Padmé', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (n) => {
        expect(padme(n)).toBeGreaterThanOrEqual(n)
        expect(padme(n) - n).toBeLessThanOrEqual(n / 8)
        expect(padme(padme(n))).toBe(padme(n))
      }),
      runs,
    )
  })
})

describe('stored sizes', () => {
  test('every size up to 2 MiB either is that of one length of plaintext or of none', () => {
    let plainBytes = 1
    const wrong: number[] = []
    for (let stored = 0; stored <= 2 ** 21; stored++) {
      const reachable = storedBytesFor(plainBytes) === stored
      if (isReachableSize(stored) !== reachable) wrong.push(stored)
      if (reachable && plainCapacity(stored) !== plainBytes) wrong.push(stored)
      if (reachable) plainBytes++
    }
    expect(wrong).toEqual([])
  })

  test('no container has the 16 sizes after each full cell, where the last cell would be empty', () => {
    for (const cells of [0, 1, 2, 63]) {
      const full = containerFrontBytes + cells * cellBytes
      expect(isReachableSize(full)).toBe(cells > 0)
      for (let more = 1; more <= 16; more++) {
        expect(isReachableSize(full + more)).toBe(false)
        expect(codeOf(() => plainCapacity(full + more))).toBe('limit')
      }
      expect(isReachableSize(full + 17)).toBe(true)
    }
  })

  test('every length of plaintext up to a full pack has an allowed pack, the smallest that holds it', () => {
    const allowed: number[] = []
    for (let size = 0; size <= packBytesMax; size++) if (isAllowedPackSize(size)) allowed.push(size)
    const wrong: number[] = []
    let next = 0
    for (let plainBytes = 1; plainBytes <= packPlainBytesMax; plainBytes++) {
      while (plainCapacity(allowed[next]!) < plainBytes) next++
      if (packBytesAlone(plainBytes) !== allowed[next]) wrong.push(plainBytes)
    }
    expect(wrong).toEqual([])
    expect(allowed[0]).toBe(packBytesMin)
    expect(allowed.at(-1)).toBe(packBytesMax)
    expect(allowed.length).toBe(257)
  })

  test('a pack of 4 MiB is full to the byte', () => {
    expect(packBytesAlone(packPlainBytesMax)).toBe(packBytesMax)
    expect(packBytesShort(packPlainBytesMax, 10 * packBytesMax)).toBe(packBytesMax)
    expect(packPlainBytesMax).toBe(4_193_202)
    expect(codeOf(() => packBytesAlone(packPlainBytesMax + 1))).toBe('limit')
    expect(codeOf(() => packBytesShort(packPlainBytesMax + 1, 0))).toBe('limit')
    expect(codeOf(() => packBytesAlone(0))).toBe('limit')
  })

  test('a short pack brings the total of its run to a Padmé size, until every pack is full', () => {
    fc.assert(
      fc.property(plainSizes, fc.nat(60), (plainBytes, fullPacks) => {
        const total = fullPacks * packBytesMax + storedBytesFor(plainBytes)
        const size = packBytesShort(plainBytes, total)
        expect(plainCapacity(size)).toBeGreaterThanOrEqual(plainBytes)
        expect(isAllowedPackSize(size)).toBe(true)
        expect(size % Math.min(packBytesMax, padmeGranule(total))).toBe(0)
        const run = fullPacks * packBytesMax + size
        expect(run >= 2 ** 27 ? run % packBytesMax : padme(run) - run).toBe(0)
      }),
      runs,
    )
  })

  test('the short pack of a run of 128 MiB and more is a full one', () => {
    expect(packBytesShort(1, 2 ** 27)).toBe(packBytesMax)
    expect(packBytesShort(1, 2 ** 40)).toBe(packBytesMax)
    expect(packBytesShort(1, 2 ** 27 - 1)).toBe(packBytesMax / 2)
  })

  test('payloads are Padmé from 1 KiB on, bulk ones multiples of 16 KiB', () => {
    for (let plainBytes = 1; plainBytes < 300_000; plainBytes += plainBytes < 70_000 ? 1 : 13) {
      const [alone, bulk] = [payloadBytes(plainBytes, false), payloadBytes(plainBytes, true)]
      const right =
        isAllowedPayloadSize(alone) &&
        isAllowedPayloadSize(bulk) &&
        plainCapacity(alone) >= plainBytes &&
        plainCapacity(bulk) >= plainBytes &&
        padme(alone) === alone &&
        bulk % 16_384 === 0 &&
        bulk - storedBytesFor(plainBytes) < 16_384 + 16
      if (!right) expect(plainBytes).toBe('rightly padded')
    }
    expect(payloadBytes(1, false)).toBe(1024)
    expect(payloadBytes(930, false)).toBe(1024)
    expect(payloadBytes(931, false)).toBe(1088)
    expect(payloadBytes(1, true)).toBe(16_384)
  })

  test('where the rule gives a size that no container has, the next of the rule is taken', () => {
    // No pack and no payload of an entry is ever so large; Padmé sizes up to 4 MiB are all reachable (the test of packs).
    const first = Array.from({ length: 20_000 }, (_, k) => k * 16_384).filter(
      (size) => size > 0 && !isReachableSize(size),
    )[0]!
    expect(first).toBeGreaterThan(packBytesMax)
    const plainBytes = plainCapacity(first - ((first - containerFrontBytes) % cellBytes))
    expect(payloadBytes(plainBytes, true)).toBe(first + 16_384)
    expect(payloadBytes(plainBytes + 1, true)).toBe(first + 16_384)
    for (let size = 1024; size <= packBytesMax; size++)
      if (padme(size) === size && !isReachableSize(size)) expect(size).toBe('reachable')
  })
})

describe('ranges of cells', () => {
  test('hold what was asked for, in whole cells and no more than needed', () => {
    const wanted = fc
      .constantFrom(packBytesMin, 65_630, 65_647, 131_072, packBytesMax)
      .chain((packBytes) =>
        fc.record({ packBytes: fc.constant(packBytes), offset: fc.nat(plainCapacity(packBytes) - 1) }),
      )
      .chain(({ packBytes, offset }) =>
        fc.record({
          packBytes: fc.constant(packBytes),
          offset: fc.constant(offset),
          length: fc.integer({ min: 1, max: plainCapacity(packBytes) - offset }),
        }),
      )
    fc.assert(
      fc.property(wanted, (asked) => {
        const range = cellRange(asked)
        expect(range.offset).toBe(containerFrontBytes + range.firstCell * cellBytes)
        expect(range.offset + range.length).toBeLessThanOrEqual(asked.packBytes)
        expect(range.firstCell * cellPlainBytes + range.skip).toBe(asked.offset)
        expect(range.skip).toBeLessThan(cellPlainBytes)
        const whole = range.length === range.cellCount * cellBytes
        expect(whole || range.offset + range.length === asked.packBytes).toBe(true)
        expect(range.skip + asked.length).toBeGreaterThan((range.cellCount - 1) * cellPlainBytes)
        expect(range.skip + asked.length).toBeLessThanOrEqual(range.length - range.cellCount * 16)
      }),
      runs,
    )
  })

  test('beyond the pack are refused', () => {
    const packBytes = packBytesMin
    const end = plainCapacity(packBytes)
    for (const [offset, length] of [
      [0, 0],
      [-1, 1],
      [0, end + 1],
      [end, 1],
      [0.5, 1],
      [0, NaN],
    ] as const)
      expect(codeOf(() => cellRange({ packBytes, offset, length }))).toBe('limit')
  })
})
