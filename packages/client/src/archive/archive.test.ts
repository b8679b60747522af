// Archives in memory, written from the log of the frozen vectors: whatever one byte is damaged, and wherever they are cut, what is read is what was written.
import { readFileSync } from 'node:fs'
import { decodeEntry, equal, packIdOf } from '@grenier/crypto'
import { assert, asyncProperty, integer } from 'fast-check'
import { expect, test } from 'vitest'
import type { ArchiveSink, ArchiveSource } from './archive-file.ts'
import { ArchiveReader } from './archive-reader.ts'
import { bodyBytesMax, putRow, rowAt, rowBytes } from './archive-record.ts'
import { scanArchive } from './archive-scan.ts'
import { ArchiveWriter } from './archive-writer.ts'
import { RecordTable } from './record-table.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../../../crypto/vectors/log.json', import.meta.url), 'utf8'),
) as { entries: { entry: string }[]; packs: { bytes: string }[] }
const entries = vectors.entries.map(({ entry }) => decodeEntry(new Uint8Array(Buffer.from(entry, 'base64'))))
const packs = vectors.packs.map(({ bytes }) => new Uint8Array(Buffer.from(bytes, 'base64')))

class MemoryArchive implements ArchiveSource, ArchiveSink {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  get sizeBytes(): number {
    return this.bytes.length
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return Promise.resolve(this.bytes.slice(Math.max(0, offset), Math.max(0, offset) + length))
  }

  write(bytes: Uint8Array): Promise<void> {
    this.bytes = new Uint8Array(Buffer.concat([this.bytes, bytes]))
    return Promise.resolve()
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }
}

function copyOf({ bytes }: MemoryArchive, upTo = bytes.length): MemoryArchive {
  const copy = new MemoryArchive()
  copy.bytes = bytes.slice(0, upTo)
  return copy
}

/** What lacks is written: the log, the packs, the log again. */
async function fill(writer: ArchiveWriter): Promise<void> {
  for (const times of [1, 2]) {
    for (const { bytes, bodyHash, header } of entries)
      if (writer.of(header).length < times) await writer.entry({ sequence: header.sequence, bytes, bodyHash })
    for (const bytes of packs)
      if (writer.of({ pack: packIdOf(bytes) }).length === 0) await writer.pack(packIdOf(bytes), bytes)
  }
  await writer.end({ sequence: entries.length - 1, hash: new Uint8Array(32) })
}

async function made(): Promise<MemoryArchive> {
  const archive = new MemoryArchive()
  await fill(await ArchiveWriter.begin(archive, new Uint8Array(32).fill(9)))
  return archive
}

async function lostEntries(reader: ArchiveReader): Promise<number[]> {
  const lost: number[] = []
  for (const { header, bytes } of entries) {
    const found = await reader.entry(header.sequence)
    if ('entry' in found) expect(equal(found.entry, bytes)).toBe(true)
    else lost.push(header.sequence)
  }
  return lost
}

async function lostPacks(reader: ArchiveReader): Promise<number> {
  const found = await Promise.all(packs.map((bytes) => reader.pack(packIdOf(bytes))))
  found.forEach((bytes, at) => {
    if (bytes !== undefined) expect(equal(bytes, packs[at] ?? new Uint8Array(0))).toBe(true)
  })
  return found.filter((bytes) => bytes === undefined).length
}

test('one damaged byte costs one pack at most, and no entry', async () => {
  const whole = await made()
  await assert(
    asyncProperty(
      integer({ min: 0, max: whole.sizeBytes - 1 }),
      integer({ min: 1, max: 255 }),
      async (at, bits) => {
        const damaged = copyOf(whole)
        damaged.bytes[at] = (damaged.bytes[at] ?? 0) ^ bits
        const reader = await ArchiveReader.open(damaged)
        expect(await lostEntries(reader)).toEqual([])
        expect(await lostPacks(reader)).toBeLessThanOrEqual(1)
      },
    ),
    { numRuns: 60 },
  )
})

test('cut anywhere, what lies before the cut is read, and it is gone on with to the same bytes', async () => {
  const whole = await made()
  await assert(
    asyncProperty(integer({ min: 56, max: whole.sizeBytes - 1 }), async (length) => {
      const cut = copyOf(whole, length)
      expect((await ArchiveReader.open(cut)).end).toBeUndefined()
      const scan = await scanArchive(cut, { packs: true })
      const goesOn = copyOf(cut, scan.offset)
      await fill(ArchiveWriter.goOn(goesOn, scan))
      expect(Buffer.compare(goesOn.bytes, whole.bytes)).toBe(0)
    }),
    { numRuns: 40 },
  )
})

test('without its index it is read all the same, and what is none is told apart', async () => {
  const whole = await made()
  const { indexOffset = 0 } = (await ArchiveReader.open(whole)).end ?? {}
  const headless = copyOf(whole, indexOffset)
  const reader = await ArchiveReader.open(headless)
  expect([await lostEntries(reader), await lostPacks(reader)]).toEqual([[], 0])
  for (const bytes of [new Uint8Array(0), new Uint8Array(5000).fill(0xf7)]) {
    const none = new MemoryArchive()
    none.bytes = new Uint8Array(bytes)
    expect((await ArchiveReader.open(none)).lastSequence).toBe(-1)
  }
})

test('numbers and sizes that were made up cost neither time nor memory', async () => {
  const archive = new MemoryArchive()
  const writer = await ArchiveWriter.begin(archive, new Uint8Array(32).fill(9))
  await writer.retired(2 ** 52, new Uint8Array(32))
  await writer.end({ sequence: 2 ** 52, hash: new Uint8Array(32) })
  const reader = await ArchiveReader.open(archive)
  expect(reader.lastSequence).toBeLessThan(archive.sizeBytes)
  const row = new Uint8Array(rowBytes)
  const made = { type: 'pack', number: 0, offset: 56, hash: new Uint8Array(32) } as const
  putRow(row, 0, { ...made, bodyBytes: bodyBytesMax })
  expect(rowAt(row, 0)).toBeDefined()
  putRow(row, 0, { ...made, bodyBytes: bodyBytesMax + 1 })
  expect(rowAt(row, 0)).toBeUndefined()
})

test('of one key no more rows are found than were asked for, the first ones', () => {
  const [bounded, all] = [new RecordTable(8), new RecordTable()]
  for (let offset = 1; offset <= 5000; offset += 1) {
    const row = { type: 'entry', number: 7, offset, bodyBytes: 1, hash: new Uint8Array(32) } as const
    bounded.add(row)
    if (offset <= 20) all.add(row)
  }
  expect(bounded.of({ sequence: 7 }).map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(bounded.count).toBe(5000)
  expect(all.of({ sequence: 7 })).toHaveLength(20)
})
