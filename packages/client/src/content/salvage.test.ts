import { concat, toHex } from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, idOf, MemoryVault } from './content-builders.contract.ts'
import { contentOf, listOf, readContent } from './content-list.ts'
import { salvage, type ByteRange } from './salvage.ts'
import type { Content } from '../sync/tree.ts'

/** A file, and where its chunks and the parts of its list lie, each in a pack of its own. */
interface Made {
  readonly vault: MemoryVault
  readonly content: Content
  readonly bytes: Uint8Array
  readonly chunkPacks: readonly string[]
  readonly listPacks: readonly string[]
  /** Where each chunk begins, and the end. */
  readonly offsets: readonly number[]
}

function made(sizes: readonly number[], listPartBytes?: number): Made {
  const vault = new MemoryVault()
  const chunks = sizes.map((size, at) => bytesOf(`chunk ${at}`, size))
  const chunkPacks = chunks.map((chunk) => vault.pack([chunk]).name)
  const offsets = sizes.reduce<number[]>((sums, size) => [...sums, (sums.at(-1) ?? 0) + size], [0])
  const bytes = concat(chunks)
  const ids = chunks.map(idOf)
  if (listPartBytes === undefined)
    return { vault, content: contentOf(0, ids), bytes, chunkPacks, listPacks: [], offsets }
  const list = listOf(ids)
  const parts = Array.from({ length: Math.ceil(list.length / listPartBytes) }, (_, at) =>
    list.slice(at * listPartBytes, (at + 1) * listPartBytes),
  )
  const listPacks = parts.map((part) => vault.pack([part]).name)
  return { vault, content: contentOf(1, parts.map(idOf)), bytes, chunkPacks, listPacks, offsets }
}

/** The same with a list of the parts of the list. */
function madeDeep(sizes: readonly number[], listPartBytes: number, upperPartBytes: number): Made {
  const made1 = made(sizes, listPartBytes)
  const { vault } = made1
  const list = listOf(readContent(made1.content).ids)
  const parts = Array.from({ length: Math.ceil(list.length / upperPartBytes) }, (_, at) =>
    list.slice(at * upperPartBytes, (at + 1) * upperPartBytes),
  )
  const listPacks = parts.map((part) => vault.pack([part]).name)
  return { ...made1, content: contentOf(2, parts.map(idOf)), listPacks }
}

/** What comes of it, with zeros where nothing was written. */
async function salvaged(
  { vault, content, bytes }: Made,
  sizeBytes = bytes.length,
): Promise<{ lost: readonly ByteRange[] | undefined; came: Uint8Array }> {
  const came = new Uint8Array(bytes.length)
  const write = (offset: number, piece: Uint8Array): Promise<void> => {
    came.set(piece, offset)
    return Promise.resolve()
  }
  const { signal } = new AbortController()
  const lost = await salvage(
    { ...vault.walking(), damaged: 'missing', signal },
    { content, sizeBytes, write },
  )
  return { lost, came }
}

/** The relay lacks parts of the list the first time that it is asked for them, or from the second time on, or always. */
function hide({ vault, listPacks }: Made, hides: Record<number, 'first' | 'later' | 'always'>): void {
  const asked = new Map<string, number>()
  const get = vault.get.bind(vault)
  vault.get = (pack, range) => {
    const name = toHex(pack)
    const times = (asked.get(name) ?? 0) + 1
    asked.set(name, times)
    const when = hides[listPacks.indexOf(name)]
    const isHidden = when === 'always' || (when !== undefined && when === (times === 1 ? 'first' : 'later'))
    return isHidden ? Promise.resolve(undefined) : get(pack, range)
  }
}

const holed = (bytes: Uint8Array, lost: readonly ByteRange[]): Uint8Array => {
  const out = bytes.slice()
  for (const { offset, length } of lost) out.fill(0, offset, offset + length)
  return out
}
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const sizes = (count: number): number[] => Array.from({ length: count }, (_, at) => 5000 + at)

describe('what is left of a file', () => {
  it('is all of it where nothing is lost', async () => {
    const file = made(sizes(9))
    const { lost, came } = await salvaged(file)
    expect(lost).toEqual([])
    expect(same(came, file.bytes)).toBe(true)
  })

  it('is every chunk but the lost ones, those beside each other as one stretch', async () => {
    const file = made(sizes(9))
    for (const at of [0, 4, 5, 8]) file.vault.packs.delete(file.chunkPacks[at] ?? '')
    const { lost = [], came } = await salvaged(file)
    const [o, size] = [file.offsets, file.bytes.length]
    expect(lost).toEqual([
      { offset: 0, length: 5000 },
      { offset: o[4], length: 5004 + 5005 },
      { offset: o[8], length: size - (o[8] ?? 0) },
    ])
    expect(same(came, holed(file.bytes, lost))).toBe(true)
  })

  it('is what stands before and behind what a lost part of the list names, also where it cuts an id in two', async () => {
    // Parts of 1,040 bytes: the second names the end of id 32 up to the begin of id 65.
    const file = made(sizes(120), 1040)
    file.vault.packs.delete(file.listPacks[1] ?? '')
    const { lost = [], came } = await salvaged(file)
    const [from = 0, to = 0] = [file.offsets[32], file.offsets[65]]
    expect(lost).toEqual([{ offset: from, length: to - from }])
    expect(same(came, holed(file.bytes, lost))).toBe(true)
  })

  it('is nothing between two lost parts of the list, where nobody can tell what stands where', async () => {
    const file = made(sizes(160), 1024)
    for (const at of [1, 3]) file.vault.packs.delete(file.listPacks[at] ?? '')
    const { lost = [], came } = await salvaged(file)
    const [from = 0, to = 0] = [file.offsets[32], file.offsets[128]]
    expect(lost).toEqual([{ offset: from, length: to - from }])
    expect(same(came, holed(file.bytes, lost))).toBe(true)
  })

  it('is what stands before and behind what a lost part of the list of the list names, wherever ids begin there', async () => {
    // The second of four parts ends and begins within an id; so do the parts of the list below it, of 1,040 bytes.
    const file = madeDeep(sizes(600), 1040, 200)
    expect(file.listPacks).toHaveLength(4)
    file.vault.packs.delete(file.listPacks[1] ?? '')
    const { lost = [], came } = await salvaged(file)
    const [from = 0, to = 0] = [file.offsets[195], file.offsets[423]]
    expect(lost).toEqual([{ offset: from, length: to - from }])
    expect(same(came, holed(file.bytes, lost))).toBe(true)
  })

  it('ends where somebody stops it, between two steps of one file', async () => {
    const file = made(sizes(60))
    const stop = new AbortController()
    let written = 0
    const write = (): Promise<void> => {
      written += 1
      stop.abort()
      return Promise.resolve()
    }
    const wanted = { content: file.content, sizeBytes: file.bytes.length, write }
    const stopped = salvage({ ...file.vault.walking(), damaged: 'missing', signal: stop.signal }, wanted)
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' })
    expect(written).toBeLessThanOrEqual(8)
  })

  it('is brought from where somebody is, in steps behind which nothing more is written', async () => {
    const file = made(sizes(40))
    for (const at of [3, 20]) file.vault.packs.delete(file.chunkPacks[at] ?? '')
    const from = file.offsets[10] ?? 0
    const settled: number[] = []
    const written: number[] = []
    const { signal } = new AbortController()
    const why = new Set<string>()
    const lost = await salvage(
      { ...file.vault.walking(), damaged: 'corrupt', signal, lacks: (lack) => why.add(lack) },
      {
        ...{ content: file.content, sizeBytes: file.bytes.length, from },
        write: (offset) => {
          expect(offset).toBeGreaterThanOrEqual(settled.at(-1) ?? from)
          written.push(offset)
          return Promise.resolve()
        },
        settled: (offset) => {
          settled.push(offset)
          return Promise.resolve()
        },
      },
    )
    expect(lost).toEqual([{ offset: file.offsets[20], length: 5020 }])
    expect([...why]).toEqual(['missing'])
    expect(written).toHaveLength(29)
    expect(settled.at(-1)).toBe(file.bytes.length)
  })

  it('is every chunk of a damaged pack but those of the damaged cell', async () => {
    const vault = new MemoryVault()
    const chunks = Array.from({ length: 40 }, (_, at) => bytesOf(`small ${at}`, 20_000))
    const name = vault.pack(chunks).name
    const stored = vault.packs.get(name)
    // In the fifth cell.
    stored?.fill(0, 78 + 4 * 65_552 + 100, 78 + 4 * 65_552 + 108)
    const bytes = concat(chunks)
    const file = { vault, content: contentOf(0, chunks.map(idOf)), bytes, chunkPacks: [], listPacks: [] }
    vault.tamper = (part, { length }) => (length === stored?.length ? undefined : part)
    const { lost = [], came } = await salvaged({ ...file, offsets: [] })
    const [first, last] = [Math.floor((4 * 65_536) / 20_000), Math.floor((5 * 65_536 - 1) / 20_000)]
    expect(lost).toEqual([{ offset: first * 20_000, length: (last - first + 1) * 20_000 }])
    expect(same(came, holed(bytes, lost))).toBe(true)
  })

  it('is not trusted where sizes and chunks do not agree', async () => {
    const file = made(sizes(9))
    expect((await salvaged(file, file.bytes.length - 1)).lost).toBeUndefined()
    expect((await salvaged(file, file.bytes.length + 1)).lost).toBeUndefined()
    const listed = made(sizes(120), 1040)
    listed.vault.packs.delete(listed.listPacks[3] ?? '')
    expect((await salvaged(listed, 100_000)).lost).toBeUndefined()
  })

  // `hides`: the packs that the relay lacks, by how often it was asked for them.
  const changing: [string, { hides: Record<number, 'first' | 'later' | 'always'>; whole: number[] }][] = [
    ['one of two lost parts of the list comes back', { hides: { 1: 'first', 3: 'always' }, whole: [0, 4] }],
    ['a part of the list goes', { hides: { 1: 'later' }, whole: [0] }],
    ['a part of the list goes behind a lost one', { hides: { 1: 'always', 4: 'later' }, whole: [0, 2, 3] }],
    ['a part of the list goes before a lost one', { hides: { 1: 'later', 3: 'always' }, whole: [0] }],
    ['the lost part comes back and another one goes', { hides: { 1: 'first', 3: 'later' }, whole: [0, 2] }],
    ['the lost part comes back', { hides: { 1: 'first' }, whole: [0, 2, 3, 4] }],
  ]
  it.each(changing)('is told of to the last byte where the relay changes its mind: %s', async (_, to) => {
    const file = made(sizes(160), 1024)
    hide(file, to.hides)
    const { lost = [], came } = await salvaged(file)
    expect(same(came, holed(file.bytes, lost))).toBe(true)
    const parts = [0, 1, 2, 3, 4].map((part) => {
      const [from = 0, end = 0] = [file.offsets[part * 32], file.offsets[(part + 1) * 32]]
      return lost.every(({ offset, length }) => offset >= end || offset + length <= from) ? [part] : []
    })
    expect(parts.flat()).toEqual(to.whole)
  })

  it('never goes beyond the end, where a member gave too short a length and the relay changes its mind', async () => {
    const file = made(sizes(160), 1024)
    hide(file, { 1: 'first' })
    const written: number[] = []
    const { signal } = new AbortController()
    const lost = await salvage(
      { ...file.vault.walking(), damaged: 'missing', signal },
      {
        ...{ content: file.content, sizeBytes: 700_000 },
        write: (offset, { length }) => {
          written.push(offset + length)
          return Promise.resolve()
        },
      },
    )
    expect(file.bytes.length).toBeGreaterThan(700_000)
    expect(Math.max(...written)).toBe(700_000)
    const tailBytes = file.bytes.length - (file.offsets[64] ?? 0)
    const from = file.offsets[32] ?? 0
    expect(lost).toEqual([{ offset: from, length: 700_000 - tailBytes - from }])
  })

  it('is never wrong, whatever is lost', async () => {
    const of = fc.record({
      count: fc.integer({ min: 1, max: 150 }),
      listPartBytes: fc.option(fc.integer({ min: 1024, max: 1500 }), { nil: undefined }),
      lost: fc.array(fc.nat(999), { maxLength: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(of, async ({ count, listPartBytes, lost: taken }) => {
        const many = listPartBytes === undefined ? Math.min(count, 64) : count
        const file = made(sizes(many), listPartBytes)
        const packs = [...file.listPacks, ...file.chunkPacks]
        for (const one of taken) file.vault.packs.delete(packs[one % packs.length] ?? '')
        const { lost = [], came } = await salvaged(file)
        expect(same(came, holed(file.bytes, lost))).toBe(true)
        for (const [at, { offset }] of lost.entries()) {
          const before = lost[at - 1]
          expect(offset).toBeGreaterThan(before === undefined ? -1 : before.offset + before.length)
        }
        if (taken.length === 0) expect(lost).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})
