import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { concat, fromHex, toHex } from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import wabt from 'wabt'
import { chunkerModule } from './chunker-wasm.ts'
import { chunkerVectors, inputOf } from './chunker.vectors.ts'
import { cutPoints, fileChunkSizes, gearTable, listChunkSizes, type ChunkSizes } from './chunker.ts'
import { bytesOf } from './content-builders.contract.ts'

const file = join(import.meta.dirname, '../../vectors/chunker.json')
const gear = gearTable(bytesOf('key', 32))
/** Small ones, so that properties are quick. */
const sizes: ChunkSizes = { minBytes: 64, averageBytes: 256, maxBytes: 1024 }

const cut = (bytes: Uint8Array, of = sizes): number[] =>
  cutPoints(bytes, { gear, sizes: of, last: true }).lengths

/** Cuts bytes that come in segments, as a file that is read step by step. */
function cutSegments(segments: readonly Uint8Array[]): number[] {
  const lengths: number[] = []
  let rest = new Uint8Array(0)
  for (const [at, segment] of segments.entries()) {
    const bytes = concat([rest, segment])
    const some = cutPoints(bytes, { gear, sizes, last: at === segments.length - 1 })
    lengths.push(...some.lengths)
    rest = bytes.slice(bytes.length - some.rest)
  }
  expect(rest).toHaveLength(0)
  return lengths
}

/** Bytes with runs and repeats in them, as files have. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 700 }),
      fc.tuple(fc.nat(255), fc.nat(1500)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
      fc.tuple(fc.string(), fc.nat(3000)).map(([seed, length]) => bytesOf(seed, length)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => concat(parts))

describe('the chunker', () => {
  it('cuts as the frozen vectors say', async () => {
    await expect(`${JSON.stringify(await chunkerVectors(), null, 1)}\n`).toMatchFileSnapshot(file)
  })

  it('runs what its text says, assembled', async () => {
    const text = readFileSync(join(import.meta.dirname, 'chunker.wat'), 'utf8')
    const { buffer } = (await wabt()).parseWat('chunker.wat', text).toBinary({})
    expect(Buffer.from(buffer).toString('base64')).toBe(chunkerModule)
  })

  it('has a gear table of 32 keyed hashes, little-endian', () => {
    const { gears } = JSON.parse(readFileSync(file, 'utf8')) as Awaited<ReturnType<typeof chunkerVectors>>
    for (const { key, gear } of gears) {
      const table = gearTable(fromHex(key))
      expect(table).toHaveLength(256)
      expect(toHex(fromHex(gear).subarray(0, 4))).toBe(toHex(new Uint8Array(table.buffer, 0, 4)))
      expect(new DataView(fromHex(gear).buffer).getInt32(4, true)).toBe(table[1])
    }
  })

  it('gives every byte to one chunk, none shorter than the minimum but the last, none longer than the maximum', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        const lengths = cut(bytes)
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length)
        expect(lengths.every((length) => length >= 1 && length <= sizes.maxBytes)).toBe(true)
        expect(lengths.slice(0, -1).every((length) => length > sizes.minBytes)).toBe(true)
      }),
    )
  })

  it('cuts alike however the bytes come', () => {
    fc.assert(
      fc.property(content, fc.array(fc.nat(), { maxLength: 12 }), (bytes, at) => {
        const ends = [...at.map((n) => n % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
        const segments = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
        expect(cutSegments(segments)).toEqual(cut(bytes))
      }),
    )
  })

  it('leaves over less than the longest chunk', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        const { lengths, rest } = cutPoints(bytes, { gear, sizes, last: false })
        expect(rest).toBeLessThan(sizes.maxBytes)
        expect(lengths).toEqual(cut(bytes).slice(0, lengths.length))
      }),
    )
  })

  it('changes few chunks when a byte is put in front', () => {
    const bytes = bytesOf('a large file', 400_000)
    const chunksOf = (whole: Uint8Array): Set<string> => {
      let start = 0
      return new Set(cut(whole).map((length) => toHex(whole.subarray(start, (start += length)))))
    }
    const before = chunksOf(bytes)
    const after = chunksOf(concat([Uint8Array.of(1), bytes]))
    const changed = [...after].filter((chunk) => !before.has(chunk))
    expect(before.size).toBeGreaterThan(1000)
    expect(changed.length).toBeLessThan(12)
  })

  it('cuts elsewhere under another key', () => {
    const bytes = bytesOf('a file', 200_000)
    const endsOf = (of: typeof gear): Set<number> => {
      let end = 0
      return new Set(
        cutPoints(bytes, { gear: of, sizes, last: true }).lengths.map((length) => (end += length)),
      )
    }
    const [one, other] = [endsOf(gear), endsOf(gearTable(bytesOf('another key', 32)))]
    const common = [...one].filter((end) => other.has(end))
    expect(one.size).toBeGreaterThan(400)
    expect(common.length).toBeLessThan(one.size / 20)
  })

  it('makes chunks of about the average length', () => {
    for (const of of [sizes, listChunkSizes]) {
      const bytes = bytesOf('average', of.averageBytes * 150)
      const average = bytes.length / cut(bytes, of).length
      expect(average).toBeGreaterThan(of.averageBytes * 0.8)
      expect(average).toBeLessThan(of.averageBytes * 1.4)
    }
  })

  it('cuts what has no cut point at the maximum', () => {
    expect(cut(inputOf('zeros', 3000))).toEqual([1024, 1024, 952])
    expect(fileChunkSizes.maxBytes).toBe(1 << 20)
  })

  it('makes no chunk of nothing', () => {
    expect(cutPoints(new Uint8Array(0), { gear, sizes, last: true })).toEqual({ lengths: [], rest: 0 })
    expect(cutPoints(new Uint8Array(0), { gear, sizes, last: false })).toEqual({ lengths: [], rest: 0 })
  })
})
