import { zstdCompressSync } from 'node:zlib'
import { chunkId, concat, packIdOf, toHex, type ChunkId } from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChunkPlace } from '../state/chunk-index.ts'
import type { Content } from '../sync/tree.ts'
import { bytesOf, folder, idOf, MemoryVault, textOf } from './content-builders.contract.ts'
import { contentOf, listOf } from './content-list.ts'
import type { WantedFile } from './fetch.ts'
import type { PackedChunk } from './pack-writer.ts'
import { inlineWorkerPool } from './worker-pool-inline.ts'
import { RunLostError, type WorkerPool } from './worker-pool.ts'

const mib = 1 << 20

const times = (count: number, id: ChunkId): ChunkId[] => Array.from({ length: count }, () => id)

const content = (...chunks: readonly Uint8Array[]): { content: Content; sizeBytes: number } => ({
  content: contentOf(0, chunks.map(idOf)),
  sizeBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
})

/** A file whose bytes are kept. */
function file(of: { content: Content; sizeBytes: number }, more: () => boolean = () => true) {
  const bytes = new Uint8Array(Math.min(of.sizeBytes, 64 * mib))
  const writes: [number, number][] = []
  const write: WantedFile['write'] = (offset, part) => {
    writes.push([offset, part.length])
    bytes.set(part, offset)
    return Promise.resolve(more())
  }
  return { ...of, write, bytes, writes }
}

const flip = (bytes: Uint8Array, at: number): Uint8Array => {
  const changed = bytes.slice()
  changed[at]! ^= 1
  return changed
}
const a = bytesOf('chunk a', 100_000)
const b = textOf('chunk b', 70_000)
const c = bytesOf('chunk c', 3000)
const same = (one: Uint8Array | undefined, other: Uint8Array): boolean =>
  one !== undefined && Buffer.compare(one, other) === 0

describe('filling', () => {
  it('reads each pack once, whatever the files share', async () => {
    const vault = new MemoryVault()
    vault.pack([a, b])
    vault.pack([c])
    const files = [file(content(a, b, c)), file(content(c, a)), file(content()), file(content(b, b, b))]
    expect(await vault.fetch().fill(files)).toEqual(['filled', 'filled', 'filled', 'filled'])
    expect(vault.gets).toHaveLength(2)
    expect(same(files[0]!.bytes, concat([a, b, c]))).toBe(true)
    expect(same(files[1]!.bytes, concat([c, a]))).toBe(true)
    expect(same(files[3]!.bytes, concat([b, b, b]))).toBe(true)
    expect(files[2]!.writes).toEqual([])
  })

  it('reads only the cells that are needed', async () => {
    const vault = new MemoryVault()
    const parts = Array.from({ length: 30 }, (_, at) => bytesOf(`part ${at}`, 100_000))
    vault.pack(parts)
    const [got] = await vault.fetch().read([content(parts[20]!)])
    expect(same(got, parts[20]!)).toBe(true)
    const read = vault.gets.reduce((sum, { length }) => sum + length, 0)
    expect(read).toBeLessThanOrEqual(78 + 3 * 65_552)
  })

  it('reads small contents into one buffer, and each large one into its own', async () => {
    const vault = new MemoryVault()
    vault.pack([a, b, c])
    const d = bytesOf('chunk d', 5)
    vault.pack([d])
    const read = await vault.fetch().read([content(c), content(a), content(d), content(), content(b)])
    expect(read.map((bytes, at) => same(bytes, [c, a, d, new Uint8Array(0), b][at]!))).toEqual(
      Array(5).fill(true),
    )
    const [ofC, ofA, ofD, ofNothing, ofB] = read.map((bytes) => bytes?.buffer)
    expect(ofC?.byteLength).toBe(c.length + d.length)
    expect([ofD, ofNothing]).toEqual([ofC, ofC])
    expect([ofA?.byteLength, ofB?.byteLength]).toEqual([a.length, b.length])
  })

  it('reads a run once more where a thread ended with it, and no more than that', async () => {
    const inline = inlineWorkerPool()
    let lost = 1
    const pool: WorkerPool = {
      ...inline,
      open: async (task) => {
        if (lost === 0) return await inline.open(task)
        lost -= 1
        throw new RunLostError('gone')
      },
    }
    const vault = new MemoryVault(pool)
    vault.pack([a, c])
    const wanted = file(content(a, c))
    expect(await vault.fetch().fill([wanted])).toEqual(['filled'])
    expect(vault.gets).toHaveLength(2)
    expect(same(wanted.bytes, concat([a, c]))).toBe(true)
    lost = 2
    await expect(vault.fetch().fill([wanted])).rejects.toThrow(RunLostError)
  })

  it('gives nothing for one file and the rest for the others', async () => {
    const vault = new MemoryVault()
    vault.pack([a])
    const { name } = vault.pack([b])
    vault.pack([c])
    vault.packs.delete(name)
    const files = [
      content(a, b),
      content(a, c),
      content(b),
      { ...content(c), sizeBytes: 2999 },
      content(bytesOf('x', 9)),
    ]
    const results = await vault.fetch().fill(files.map((one) => file(one)))
    expect(results).toEqual(['missing', 'filled', 'missing', 'wrong', 'wrong'])
    const read = await vault.fetch().read(files)
    expect(read.map((bytes) => bytes?.length)).toEqual([undefined, 103_000, undefined, undefined, undefined])
  })

  it('opens packs of several epochs, compressed chunks too', async () => {
    const { files, user } = folder()
    const vault = new MemoryVault()
    const paths = ['a', 'b', 'c']
    const read = []
    for (const path of paths) {
      user.write(path, textOf(path, 300_000))
      read.push(...(await vault.store(files, [path])))
      vault.epoch += 2
    }
    const back = await vault.fetch().read(read)
    back.forEach((bytes, at) => expect(same(bytes, textOf(paths[at]!, 300_000))).toBe(true))
  })

  it('stops with a file that wants no more', async () => {
    const vault = new MemoryVault()
    const parts = Array.from({ length: 40 }, (_, at) => bytesOf(`part ${at}`, 100_000))
    for (const part of parts) vault.pack([part])
    const full = file(content(...parts), () => false)
    const other = file(content(parts[0]!))
    expect(await vault.fetch().fill([full, other])).toEqual(['abandoned', 'filled'])
    expect(full.writes.length).toBeLessThanOrEqual(4)
    expect(vault.gets.length).toBeLessThanOrEqual(8)
  })

  it('goes through a file of many windows, holding few chunks at a time', async () => {
    const vault = new MemoryVault()
    vault.pack([c])
    const count = 40_000
    const ids = times(count, idOf(c))
    const list = listOf(ids)
    const parts = Array.from({ length: Math.ceil(list.length / 30_001) }, (_, at) =>
      list.subarray(at * 30_001, (at + 1) * 30_001),
    )
    vault.pack(parts)
    let written = 0
    const write = (_: number, bytes: Uint8Array): Promise<boolean> => {
      written += bytes.length
      return Promise.resolve(true)
    }
    const big = { content: contentOf(1, parts.map(idOf)), sizeBytes: count * c.length, write }
    // A file of so short chunks is refused; a longer chunk stands for the rest.
    expect(await vault.fetch().fill([big])).toEqual(['wrong'])
    const long = bytesOf('long', 5000)
    const longList = listOf(times(count, idOf(long)))
    const longParts = parts.map((_, at) => longList.subarray(at * 30_001, (at + 1) * 30_001))
    vault.pack([long, ...longParts])
    written = 0
    const fine = { content: contentOf(1, longParts.map(idOf)), sizeBytes: count * long.length, write }
    expect(await vault.fetch().fill([fine])).toEqual(['filled'])
    expect(written).toBe(count * long.length)
  })

  it('rejects when the connection breaks or a file cannot take it, after what was under way has ended', async () => {
    const vault = new MemoryVault()
    for (const chunk of [a, b, c]) vault.pack([chunk])
    let under = 0
    const get = async (): Promise<never> => {
      under += 1
      await Promise.resolve()
      under -= 1
      throw new Error('no line')
    }
    await expect(vault.fetch({ get }).fill([file(content(a, b, c))])).rejects.toThrow('no line')
    expect(under).toBe(0)
    const write = (): Promise<never> => Promise.reject(new TypeError('a bug'))
    await expect(vault.fetch().fill([{ ...content(a), write }])).rejects.toThrow('a bug')
  })

  it('reads small contents only into memory', async () => {
    await expect(new MemoryVault().fetch().read([{ ...content(), sizeBytes: 65 * mib }])).rejects.toThrow(
      RangeError,
    )
    expect(await new MemoryVault().fetch().read([content()])).toEqual([new Uint8Array(0)])
  })

  it('names the chunks of a content, with their lengths', async () => {
    const vault = new MemoryVault()
    vault.pack([a, b])
    const chunks = await vault.fetch().chunksOf(content(a, b, a).content, 270_000)
    expect(chunks?.map(({ id, plainBytes }) => [toHex(id), plainBytes])).toEqual([
      [toHex(idOf(a)), 100_000],
      [toHex(idOf(b)), 70_000],
      [toHex(idOf(a)), 100_000],
    ])
    expect(await vault.fetch().chunksOf(content(a, c).content, 103_000)).toBeUndefined()
  })
})

describe('several places of one chunk', () => {
  it('are tried latest first, and what was found is told', async () => {
    const vault = new MemoryVault()
    const old = vault.pack([a])
    const late = vault.pack([a])
    expect(same((await vault.fetch().read([content(a)]))[0], a)).toBe(true)
    expect(vault.found).toEqual([{ id: toHex(idOf(a)), pack: late.name, known: 'good' }])
    vault.packs.delete(late.name)
    vault.found.length = 0
    expect(same((await vault.fetch().read([content(a)]))[0], a)).toBe(true)
    expect(vault.found).toEqual([{ id: toHex(idOf(a)), pack: old.name, known: 'good' }])
  })

  const claim = (chunk: Uint8Array, wrong: Partial<PackedChunk> = {}): PackedChunk => ({
    id: idOf(chunk),
    plainBytes: chunk.length,
    storedBytes: chunk.length,
    ...wrong,
  })

  it.each<[string, Uint8Array, Partial<PackedChunk>]>([
    ['other bytes of the same length', bytesOf('poison', a.length), {}],
    ['other bytes, shorter', bytesOf('poison', 50), { plainBytes: 50, storedBytes: 50 }],
    [
      'other bytes, longer',
      bytesOf('poison', a.length + 5),
      { plainBytes: a.length + 5, storedBytes: a.length + 5 },
    ],
    ['bytes that do not decompress', bytesOf('poison', 1000), { storedBytes: 1000 }],
    ['a bomb', new Uint8Array(zstdCompressSync(new Uint8Array(8 * mib))), { storedBytes: 100 }],
    ['the truth but for the length', a, { plainBytes: a.length + 1 }],
  ])('make a poisoned index harmless: %s', async (_, bytes, wrong) => {
    const vault = new MemoryVault()
    const truth = vault.pack([a, b])
    const lie = vault.pack([bytes], [claim(a, wrong)])
    const files = [file(content(a, b)), file(content(a))]
    expect(await vault.fetch().fill(files)).toEqual(['filled', 'filled'])
    expect(same(files[0]!.bytes, concat([a, b]))).toBe(true)
    expect(vault.found).toContainEqual({ id: toHex(idOf(a)), pack: truth.name, known: 'good' })
    const found = vault.found.filter(({ pack }) => pack === lie.name).map(({ known }) => known)
    expect(found).not.toContain('good')
  })

  it('make a poisoned index harmless: a pack that does not open, made so by a member', async () => {
    const vault = new MemoryVault()
    vault.pack([a])
    const rubbish = bytesOf('rubbish', 8192)
    const id = packIdOf(rubbish)
    vault.put(id, rubbish)
    vault.claim({ id, bytes: rubbish, epoch: 0, chunks: [claim(a, { storedBytes: 6000 })] })
    expect(same((await vault.fetch().read([content(a)]))[0], a)).toBe(true)
    expect(vault.found).toContainEqual({ id: toHex(idOf(a)), pack: toHex(id), known: 'bad' })
  })

  it('make a poisoned index harmless: the same pack claimed under another epoch', async () => {
    const vault = new MemoryVault()
    const { id, name } = vault.pack([a, b])
    const bytes = vault.packs.get(name)!
    vault.claim({ id, bytes, epoch: 7, chunks: [claim(a), claim(b)] })
    const files = [file(content(a, b))]
    expect(await vault.fetch().fill(files)).toEqual(['filled'])
    expect(same(files[0]!.bytes, concat([a, b]))).toBe(true)
  })

  it('make a poisoned index harmless: places that cannot be', async () => {
    const vault = new MemoryVault()
    const { id } = vault.pack([a])
    const [truth] = vault.places(idOf(a))
    const impossible: Partial<ChunkPlace>[] = [
      { offset: 1e12 },
      { packBytes: 5 },
      { plainBytes: 2 ** 50 },
      { storedBytes: 0 },
    ]
    for (const wrong of impossible) vault.place(idOf(a), { ...truth!, pack: id, ...wrong })
    expect(same((await vault.fetch().read([content(a)]))[0], a)).toBe(true)
  })

  it('tell the length when one of them was checked, without asking the relay', async () => {
    const vault = new MemoryVault()
    vault.pack([a])
    const [truth] = vault.places(idOf(a))
    vault.forget(idOf(a))
    vault.place(idOf(a), { ...truth!, known: 'good' })
    vault.place(idOf(a), { ...truth!, plainBytes: 5, storedBytes: 5 })
    expect(await vault.fetch().chunksOf(content(a).content, a.length)).toHaveLength(1)
    expect(vault.gets).toEqual([])
  })

  it('that are all wrong make the file wrong, and stop nothing else', async () => {
    const vault = new MemoryVault()
    for (const seed of ['x', 'y']) vault.pack([bytesOf(seed, a.length)], [claim(a)])
    vault.pack([c])
    const files = [file(content(a)), file(content(c)), file(content(c, a))]
    expect(await vault.fetch().fill(files)).toEqual(['wrong', 'filled', 'wrong'])
    expect(vault.found.filter(({ known }) => known === 'bad')).toHaveLength(2)
  })

  it('of which one is missing make the file wait', async () => {
    const vault = new MemoryVault()
    const truth = vault.pack([a])
    vault.pack([bytesOf('x', a.length)], [claim(a)])
    vault.packs.delete(truth.name)
    expect(await vault.fetch().fill([file(content(a))])).toEqual(['missing'])
  })

  it('are those of when the filling began, though claims come meanwhile', async () => {
    const vault = new MemoryVault()
    const truth = vault.pack([a])
    let lie = ''
    vault.tamper = (bytes) => {
      if (lie === '') lie = vault.pack([bytesOf('poison', a.length)], [claim(a)]).name
      return bytes
    }
    expect(same((await vault.fetch().read([content(a)]))[0], a)).toBe(true)
    expect(vault.found).toEqual([{ id: toHex(idOf(a)), pack: truth.name, known: 'good' }])
  })
})

describe('a relay that gives other bytes', () => {
  const cases: [string, (bytes: Uint8Array) => Uint8Array | undefined][] = [
    ['flips a bit', (bytes) => flip(bytes, bytes.length - 1)],
    ['flips a bit of the front', (bytes) => flip(bytes, 40)],
    ['flips a bit of the magic', (bytes) => flip(bytes, 0)],
    ['gives less', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ['gives nothing', () => new Uint8Array(0)],
    ['gives more', (bytes) => concat([bytes, bytes])],
  ]

  it.each(cases)('is said to be corrupt when it %s', async (_, tamper) => {
    const vault = new MemoryVault()
    const { name } = vault.pack([a])
    vault.tamper = tamper
    const failure = vault.fetch().fill([file(content(a))])
    await expect(failure).rejects.toMatchObject({
      code: 'relay-corrupt',
      data: { pack: name },
      retryable: false,
    })
    expect(vault.found).toEqual([])
  })

  it('is said to be corrupt when it changes only what is read in part', async () => {
    const vault = new MemoryVault()
    const { name } = vault.pack([a, bytesOf('more', 500_000)])
    const whole = vault.packs.get(name)!.length
    vault.tamper = (bytes, { length }) => (length === whole ? bytes : flip(bytes, bytes.length - 20))
    await expect(vault.fetch().fill([file(content(a))])).rejects.toMatchObject({ code: 'relay-corrupt' })
  })

  it('is said to be corrupt when it swaps packs', async () => {
    const vault = new MemoryVault()
    const [one, two] = [vault.pack([a]), vault.pack([bytesOf('other', a.length)])]
    vault.packs.set(one.name, vault.packs.get(two.name)!)
    await expect(vault.fetch().fill([file(content(a))])).rejects.toMatchObject({ code: 'relay-corrupt' })
  })

  it('does no harm where another place serves', async () => {
    const vault = new MemoryVault()
    vault.pack([a])
    const { name } = vault.pack([a])
    vault.tamper = (bytes, get) => (get.pack === name ? flip(bytes, 200) : bytes)
    expect(same((await vault.fetch().read([content(a)]))[0], a)).toBe(true)
    expect(vault.found.filter(({ known }) => known === 'bad')).toEqual([])
  })
})

describe('lists of chunks', () => {
  /** Content whose list is cut in parts of this many bytes, level by level. */
  function listed(vault: MemoryVault, chunks: readonly Uint8Array[], cuts: readonly number[]) {
    let level = chunks.map(idOf)
    for (const partBytes of cuts) {
      const list = listOf(level)
      const parts = Array.from({ length: Math.ceil(list.length / partBytes) }, (_, at) =>
        list.slice(at * partBytes, (at + 1) * partBytes),
      )
      vault.pack(parts)
      level = parts.map(idOf)
    }
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    return { content: contentOf(cuts.length, level), sizeBytes }
  }
  const many = Array.from({ length: 700 }, (_, at) => bytesOf(`part ${at}`, 1000 + at))

  it.each([[[32_000]], [[1000]], [[4099, 4096]], [[600, 1031]], [[700, 1024, 1024, 1024]]])(
    'are read whatever they are cut to: %j',
    async (cuts) => {
      const vault = new MemoryVault()
      const large = many.map((part) => concat([part, new Uint8Array(5000)]))
      for (let at = 0; at < large.length; at += 100) vault.pack(large.slice(at, at + 100))
      const [got] = await vault.fetch().read([listed(vault, large, cuts)])
      expect(same(got, concat(large))).toBe(true)
    },
  )

  it('of which a part is missing make the file wait; wrong ones make it wrong', async () => {
    const vault = new MemoryVault()
    vault.pack(many)
    const large = { ...listed(vault, many, [3000]), sizeBytes: 700 * 1349 + 350 }
    const ids = large.content.slice(1)
    const place = vault.places(chunkId(ids.slice(32, 64)))[0]!
    const pack2 = toHex(place.pack)
    const bytes = vault.packs.get(pack2)!
    vault.packs.delete(pack2)
    expect(await vault.fetch().fill([file(large)])).toEqual(['missing'])
    vault.packs.set(pack2, bytes)
    vault.forget(chunkId(ids.slice(32, 64)))
    expect(await vault.fetch().fill([file(large)])).toEqual(['wrong'])
  })

  it.each<[string, (vault: MemoryVault) => { content: Content; sizeBytes: number }]>([
    [
      'a list that ends within an id',
      (vault) => ({ content: deep(vault, 1, listOf([idOf(c)]).slice(0, 31)), sizeBytes: 3000 }),
    ],
    [
      'a list of ids that have no place',
      (vault) => ({ content: deep(vault, 1, bytesOf('ids', 64)), sizeBytes: 3000 }),
    ],
    [
      'more bytes than the file has',
      (vault) => ({ content: deep(vault, 1, listOf([idOf(c), idOf(c)])), sizeBytes: 3000 }),
    ],
    [
      'fewer bytes than the file has',
      (vault) => ({ content: deep(vault, 1, listOf([idOf(c)])), sizeBytes: 3001 }),
    ],
    ['a depth beyond all disks', () => ({ content: contentOf(5, [idOf(c)]), sizeBytes: 3000 })],
    ['a depth without a list', () => ({ content: contentOf(1, []), sizeBytes: 0 })],
    ['no content at all', () => ({ content: new Uint8Array(0) as Content, sizeBytes: 0 })],
    ['content that ends within an id', () => ({ content: new Uint8Array(50) as Content, sizeBytes: 0 })],
  ])('that contradict themselves make the file wrong: %s', async (_, make) => {
    const vault = new MemoryVault()
    vault.pack([c])
    const wrong = make(vault)
    expect(await vault.fetch().fill([file(wrong), file(content(c))])).toEqual(['wrong', 'filled'])
    expect(await vault.fetch().chunksOf(wrong.content, wrong.sizeBytes)).toBeUndefined()
  })

  /** Content of a list, put as one chunk. */
  function deep(vault: MemoryVault, depth: number, list: Uint8Array): Content {
    vault.pack([list])
    return contentOf(depth, [idOf(list)])
  }

  /** Lists in lists: a chunk of 1 MiB for depth 2, of a byte for depth 3, in 2^30 and 2^45 copies. */
  function grown(vault: MemoryVault): Uint8Array {
    const byte = Uint8Array.of(7)
    const flat = listOf(times(32_768, idOf(byte)))
    const twice = listOf(times(32_768, idOf(flat)))
    for (const chunk of [byte, flat, twice]) vault.pack([chunk])
    return listOf(times(32_768, idOf(twice)))
  }

  it.each([
    [2, 100_000],
    [3, 100_000],
    [4, 100_000],
    [3, 2 ** 50],
    [4, 2 ** 50],
  ])(
    'made to grow without end are refused before they cost much: depth %i, %i bytes',
    async (depth, sizeBytes) => {
      const vault = new MemoryVault()
      const content = deep(vault, depth, grown(vault))
      const bomb = { content, sizeBytes, write: () => Promise.resolve(true) }
      expect(await vault.fetch().fill([bomb])).toEqual(['wrong'])
      expect(vault.gets.length).toBeLessThan(20)
    },
  )

  it('that agree on a file longer than any disk end where the file takes no more', async () => {
    const vault = new MemoryVault()
    let roomBytes = 100 << 20
    const write = (_: number, bytes: Uint8Array): Promise<boolean> =>
      Promise.resolve((roomBytes -= bytes.length) > 0)
    const bomb = { content: deep(vault, 2, grown(vault)), sizeBytes: 2 ** 50, write }
    expect(await vault.fetch().fill([bomb])).toEqual(['abandoned'])
    expect(vault.gets.length).toBeLessThan(20)
  })

  it('made of parts of a byte are refused before they cost much', async () => {
    const vault = new MemoryVault()
    vault.pack([c])
    const list = listOf(times(1000, idOf(c)))
    const bytes = Array.from({ length: 256 }, (_, at) => Uint8Array.of(at))
    vault.pack(bytes)
    const byteIds = bytes.map(idOf)
    const slow = listOf([...list].map((byte) => byteIds[byte]!))
    const wrong = { content: deep(vault, 2, slow), sizeBytes: 3_000_000 }
    expect(await vault.fetch().fill([file(wrong)])).toEqual(['wrong'])
    expect(vault.gets.length).toBeLessThan(12)
  })

  it('are filled, refused or missing, whatever a member makes of them', async () => {
    const vault = new MemoryVault()
    vault.pack([a, b, c])
    const some = [a, b, c].map(idOf)
    const list = fc
      .array(fc.constantFrom(...some, chunkId(bytesOf('nowhere', 32))), { maxLength: 70 })
      .map(listOf)
    const [depth, cutOff, sizeBytes] = [fc.nat(3), fc.nat(40), fc.nat(5000)]
    await fc.assert(
      fc.asyncProperty(fc.record({ list, depth, cutOff, sizeBytes }), async (made) => {
        const bytes = made.list.subarray(0, Math.max(1, made.list.length - made.cutOff))
        if (bytes.length === 0) return
        const one = file({ content: deep(vault, made.depth, bytes), sizeBytes: made.sizeBytes })
        const [result] = await vault.fetch().fill([one])
        expect(['filled', 'wrong']).toContain(result)
        expect(result === 'filled' && made.depth > 0 && made.cutOff % 32 !== 0).toBe(false)
      }),
      { numRuns: 60 },
    )
  })
})
