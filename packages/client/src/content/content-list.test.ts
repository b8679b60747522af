import { concat, toHex, type ChunkId } from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Content } from '../sync/tree.ts'
import { idsOf as madeIds } from './chunker.vectors.ts'
import { ContentBuilder, type CutList } from './content-builder.ts'
import { bytesOf, keys } from './content-builders.contract.ts'
import { contentOf, idsOf, ListReader, listOf, readContent } from './content-list.ts'
import { cut } from './work.ts'

const hex = (ids: readonly ChunkId[]): string[] => ids.map((id) => toHex(id))
const failure = (run: () => unknown): unknown => {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('content in a row', () => {
  it('is its depth and its ids', () => {
    const ids = madeIds(3)
    expect(readContent(contentOf(2, ids))).toEqual({ depth: 2, ids })
    expect(readContent(contentOf(0, []))).toEqual({ depth: 0, ids: [] })
    expect(readContent(contentOf(0, madeIds(64))).ids).toHaveLength(64)
  })

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'malformed'],
    ['a part of an id', new Uint8Array(32), 'malformed'],
    ['an id and a part of one', new Uint8Array(50), 'malformed'],
    ['a list of nothing', Uint8Array.of(1), 'malformed'],
    ['a depth beyond all disks', concat([Uint8Array.of(5), bytesOf('id', 32)]), 'limit'],
    ['the deepest depth', concat([Uint8Array.of(255), bytesOf('id', 32)]), 'limit'],
    ['65 ids', contentOf(0, madeIds(65)), 'limit'],
  ])('is refused when it is %s', (_, bytes, code) => {
    expect(failure(() => readContent(bytes as Content))).toBe(code)
  })

  it('is read or refused with a code, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const code = failure(() => readContent(bytes as Content))
        expect([undefined, 'malformed', 'limit']).toContain(code)
      }),
    )
  })
})

describe('a list of ids', () => {
  it('holds ids of bytes of their own', () => {
    const list = listOf(madeIds(3))
    const ids = idsOf(list)
    expect(hex(ids)).toEqual(hex(madeIds(3)))
    expect(ids.every((id) => id.buffer.byteLength === 32)).toBe(true)
  })

  it('is refused unless it holds whole ids', () => {
    expect(failure(() => idsOf(new Uint8Array(33)))).toBe('malformed')
  })

  it('is the same however it comes in parts', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.array(fc.nat(), { maxLength: 9 }), (count, at) => {
        const ids = madeIds(count)
        const list = listOf(ids)
        const ends = [...at.map((n) => n % (list.length + 1)), list.length].sort((a, b) => a - b)
        const reader = new ListReader()
        const read = ends.flatMap((end, index) => reader.take(list.subarray(ends[index - 1] ?? 0, end)))
        reader.end()
        expect(hex(read)).toEqual(hex(ids))
      }),
    )
  })

  it('is refused when it ends within an id', () => {
    const reader = new ListReader()
    expect(reader.take(new Uint8Array(40))).toHaveLength(1)
    expect(failure(() => reader.end())).toBe('malformed')
  })
})

describe('the builder of contents', () => {
  /** The content of ids whose levels are each cut as a whole: what the format says. */
  function byTheBook(ids: readonly ChunkId[]): Content {
    let [depth, level] = [0, [...ids]]
    while (level.length > 64) {
      const [piece] = cut({ keys, pieces: [{ bytes: listOf(level), last: true, list: true }] })
      level = piece!.chunks.map(({ id }) => id)
      depth += 1
    }
    return contentOf(depth, level)
  }

  function cutter(): { cutList: CutList; cuts: { bytes: number; last: boolean }[] } {
    const cuts: { bytes: number; last: boolean }[] = []
    const cutList: CutList = (bytes, last) => {
      cuts.push({ bytes: bytes.length, last })
      const [piece] = cut({ keys, pieces: [{ bytes, last, list: true }] })
      return Promise.resolve({ ids: piece!.chunks.map(({ id }) => id), rest: piece!.rest })
    }
    return { cutList, cuts }
  }

  async function built(ids: readonly ChunkId[], stepIds: number): Promise<Content> {
    const builder = new ContentBuilder(cutter().cutList)
    for (let at = 0; at < ids.length; at += stepIds) await builder.add(ids.slice(at, at + stepIds))
    return await builder.finish()
  }

  it.each([
    [0, 0],
    [1, 0],
    [64, 0],
    [65, 1],
    [128, 1],
    [2047, 1],
    [2048, 1],
    [2049, 1],
    [9000, 1],
    [60_000, 2],
  ])('makes of %i ids, as they come, what cutting each level as a whole makes', async (count, depth) => {
    const ids = madeIds(count)
    const content = byTheBook(ids)
    expect(content[0]).toBe(depth)
    for (const stepIds of [17, 5000]) expect(toHex(await built(ids, stepIds))).toBe(toHex(content))
  })

  it('holds few ids at a time', async () => {
    const { cutList, cuts } = cutter()
    const builder = new ContentBuilder(cutList)
    for (const id of madeIds(30_000)) await builder.add([id])
    await builder.finish()
    expect(cuts.length).toBeGreaterThan(10)
    expect(Math.max(...cuts.map(({ bytes }) => bytes))).toBeLessThanOrEqual(2 * 65_536)
  })
})
