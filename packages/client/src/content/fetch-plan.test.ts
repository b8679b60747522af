import {
  cellBytes,
  cellPlainBytes,
  packBytesMax,
  packId,
  plainCapacity,
  storedBytesFor,
} from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf } from './content-builders.contract.ts'
import { isPossible, planRuns, type PlaceInPack } from './fetch-plan.ts'

const pack = (name: string) => packId(bytesOf(name, 32))

function at(offset: number, storedBytes: number, other: Partial<PlaceInPack> = {}): { place: PlaceInPack } {
  const place = {
    pack: pack('a'),
    packBytes: packBytesMax,
    epoch: 0,
    offset,
    plainBytes: storedBytes,
    storedBytes,
  }
  return { place: { ...place, ...other } }
}

const cells = (wanted: readonly { place: PlaceInPack }[]): [number, number][] =>
  planRuns(wanted).map(({ firstCell, length }) => [firstCell, Math.ceil(length / cellBytes)])

describe('runs of cells', () => {
  it('are the cells that a chunk lies in, and no others', () => {
    expect(cells([at(0, 1)])).toEqual([[0, 1]])
    expect(cells([at(cellPlainBytes - 1, 1)])).toEqual([[0, 1]])
    expect(cells([at(cellPlainBytes - 1, 2)])).toEqual([[0, 2]])
    expect(cells([at(cellPlainBytes, cellPlainBytes)])).toEqual([[1, 1]])
    expect(cells([at(3 * cellPlainBytes + 5, 2 * cellPlainBytes)])).toEqual([[3, 3]])
  })

  it('say where the cells stand in the pack as stored', () => {
    const [run] = planRuns([at(2 * cellPlainBytes + 7, 100)])
    expect(run).toMatchObject({ firstCell: 2, offset: 78 + 2 * cellBytes, length: cellBytes })
  })

  it('end with the pack, whose last cell is shorter', () => {
    const capacity = plainCapacity(packBytesMax)
    const [run] = planRuns([at(capacity - 10, 10)])
    expect(run!.offset + run!.length).toBe(packBytesMax)
    expect(run!.length).toBeLessThan(cellBytes)
    const small = storedBytesFor(100)
    expect(planRuns([at(0, 100, { packBytes: small })])).toMatchObject([{ offset: 78, length: small - 78 }])
  })

  it('are joined when few cells lie between, and kept apart otherwise', () => {
    expect(cells([at(0, 10), at(5 * cellPlainBytes, 10)])).toEqual([
      [0, 1],
      [5, 1],
    ])
    expect(cells([at(0, 10), at(4 * cellPlainBytes, 10)])).toEqual([[0, 5]])
    expect(cells([at(4 * cellPlainBytes, 10), at(0, 10)])).toEqual([[0, 5]])
  })

  it('are one for a whole pack of chunks', () => {
    const chunks = Array.from({ length: 15 }, (_, index) => at(index * 260_000, 260_000))
    const runs = planRuns(chunks)
    expect(runs).toHaveLength(1)
    expect(runs[0]!.items).toEqual(chunks)
  })

  it('are kept apart for a pack that is claimed under two epochs or sizes', () => {
    const wanted = [at(0, 10), at(10, 10, { epoch: 1 }), at(20, 10, { packBytes: 4096 }), at(30, 10)]
    expect(planRuns(wanted).map(({ epoch, packBytes, items }) => [epoch, packBytes, items.length])).toEqual([
      [0, packBytesMax, 2],
      [1, packBytesMax, 1],
      [0, 4096, 1],
    ])
  })

  it('give a bounded number of plain bytes each', () => {
    const mib = 1 << 20
    const chunks = Array.from({ length: 100 }, (_, index) => at(index * 60, 60, { plainBytes: mib }))
    const runs = planRuns(chunks)
    expect(runs.flatMap(({ items }) => items)).toEqual(chunks)
    for (const { items } of runs)
      expect(items.reduce((sum, { place }) => sum + place.plainBytes, 0)).toBeLessThanOrEqual(8 * mib)
    expect(runs).toHaveLength(13)
  })

  it('hold every chunk once, within its cells, whatever is wanted', () => {
    const capacity = plainCapacity(packBytesMax)
    const item = fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(capacity - 1), fc.integer({ min: 1, max: 1 << 20 }))
      .map(([name, offset, length]) => at(offset, Math.min(length, capacity - offset), { pack: pack(name) }))
    fc.assert(
      fc.property(fc.array(item, { maxLength: 40 }), (wanted) => {
        expect(wanted.every(({ place }) => isPossible(place))).toBe(true)
        const runs = planRuns(wanted)
        expect(new Set(runs.flatMap(({ items }) => items))).toEqual(new Set(wanted))
        expect(runs.flatMap(({ items }) => items)).toHaveLength(wanted.length)
        for (const { firstCell, offset, length, packBytes, items } of runs) {
          expect(offset).toBe(78 + firstCell * cellBytes)
          expect(length).toBeGreaterThan(0)
          expect(offset + length === packBytes || length % cellBytes === 0).toBe(true)
          const plainEnd = firstCell * cellPlainBytes + length - 16 * Math.ceil(length / cellBytes)
          for (const { place } of items) {
            expect(place.offset).toBeGreaterThanOrEqual(firstCell * cellPlainBytes)
            expect(place.offset + place.storedBytes).toBeLessThanOrEqual(plainEnd)
          }
        }
      }),
    )
  })

  it('are none when nothing is wanted', () => {
    expect(planRuns([])).toEqual([])
  })
})

describe('a place', () => {
  it.each<[string, Partial<PlaceInPack>]>([
    ['before its pack', { offset: -1 }],
    ['beyond its pack', { offset: plainCapacity(packBytesMax) - 5 }],
    ['far beyond its pack', { offset: Number.MAX_SAFE_INTEGER }],
    ['between two bytes', { offset: 0.5 }],
    ['of nothing', { storedBytes: 0, plainBytes: 0 }],
    ['longer stored than plain', { plainBytes: 9 }],
    ['of more than a chunk can be', { plainBytes: (1 << 20) + 1 }],
    ['in a pack of no size that packs can have', { packBytes: 78 }],
    ['in a pack of no size at all', { packBytes: Number.NaN }],
  ])('is impossible %s', (_, wrong) => {
    expect(isPossible(at(0, 10).place)).toBe(true)
    expect(isPossible(at(0, 10, wrong).place)).toBe(false)
  })
})
