import { zstdCompressSync } from 'node:zlib'
import {
  chunkId,
  chunkIdOf,
  concat,
  packBytesMax,
  plainCapacity,
  storedBytesFor,
  toHex,
} from '@grenier/crypto'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { binding, bytesOf, keys, packKey, textOf } from './content-builders.contract.ts'
import { besideWorkerPool, type BesideWorkerPool } from './worker-pool-beside.ts'
import { inlineWorkerPool } from './worker-pool-inline.ts'
import { threadedWorkerPool } from './worker-pool-threads.ts'
import { RunLostError, type OpenTask, type WantedChunk, type WorkerPool } from './worker-pool.ts'

const idOf = (bytes: Uint8Array) => chunkIdOf(keys.chunkIdKey, bytes)

/** A pack of these stored bytes, and the task that opens all of it. */
async function packOf(
  pool: WorkerPool,
  plain: Uint8Array,
  chunks: readonly WantedChunk[],
): Promise<OpenTask> {
  const size = { storedBytes: storedBytesFor(plain.length) }
  const sealing = { key: packKey(0), binding, epoch: 0 }
  const { bytes } = await pool.seal({ ...sealing, salt: bytesOf('salt', 32), plain: plain.slice(), ...size })
  const cells = { front: bytes.slice(0, 78), cells: bytes.slice(78), firstCell: 0, packBytes: bytes.length }
  return { keys, ...sealing, ...cells, chunks }
}

/** A chunk that is stored as these bytes from the start of its pack. */
const stored = (plain: Uint8Array, bytes: Uint8Array): WantedChunk => ({
  id: idOf(plain),
  offset: 0,
  plainBytes: plain.length,
  storedBytes: bytes.length,
})

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

const pools: readonly (readonly [string, WorkerPool])[] = [
  ['inline', inlineWorkerPool()],
  ['on threads', threadedWorkerPool(2)],
  ['with a thread beside it', besideWorkerPool(() => true)],
]
afterAll(async () => {
  for (const [, pool] of pools) await pool.close()
})

describe.each(pools)('the pool %s', (_, pool) => {
  it('cuts and names chunks, and hands the bytes back', async () => {
    const bytes = bytesOf('a file', 700_000)
    const [large, empty] = await pool.cut({
      keys,
      pieces: [
        { bytes: bytes.slice(), last: true, list: false },
        { bytes: new Uint8Array(0), last: true, list: false },
      ],
    })
    let start = 0
    for (const { id, plainBytes } of large!.chunks)
      expect(toHex(id)).toBe(toHex(idOf(bytes.subarray(start, (start += plainBytes)))))
    expect(start).toBe(bytes.length)
    expect(Buffer.compare(large!.bytes, bytes)).toBe(0)
    expect(large!.rest).toHaveLength(0)
    expect(empty!.chunks).toEqual([])
  })

  it('gives a copy of what is left over, in front of which more may come', async () => {
    const bytes = bytesOf('a file', 700_000)
    const [whole] = await pool.cut({ keys, pieces: [{ bytes: bytes.slice(), last: true, list: false }] })
    const [first] = await pool.cut({
      keys,
      pieces: [{ bytes: bytes.slice(0, 400_000), last: false, list: false }],
    })
    const rest = concat([first!.rest, bytes.subarray(400_000)])
    const [second] = await pool.cut({ keys, pieces: [{ bytes: rest, last: true, list: false }] })
    const joined = [...first!.chunks, ...second!.chunks]
    expect(joined.map(({ id }) => toHex(id))).toEqual(whole!.chunks.map(({ id }) => toHex(id)))
  })

  it('cuts several pieces of one buffer', async () => {
    const all = bytesOf('a group', 3000)
    const pieces = [all.slice().subarray(0, 1000)]
    pieces.push(new Uint8Array(pieces[0]!.buffer, 1000, 2000))
    const cut = await pool.cut({ keys, pieces: pieces.map((bytes) => ({ bytes, last: true, list: false })) })
    expect(cut.map(({ chunks }) => toHex(chunks[0]!.id))).toEqual([
      toHex(idOf(all.subarray(0, 1000))),
      toHex(idOf(all.subarray(1000))),
    ])
    expect(Buffer.compare(cut[1]!.bytes, all.subarray(1000))).toBe(0)
  })

  it('compresses what gets smaller, and only that', async () => {
    const [text, random] = [textOf('text', 50_000), bytesOf('random', 50_000)]
    const bytes = concat([text, random, text.subarray(0, 20)])
    const ranges = [
      { start: 0, length: 50_000 },
      { start: 50_000, length: 50_000 },
      { start: 100_000, length: 20 },
    ]
    const [packed] = await pool.compress({ inputs: [{ bytes, ranges }] })
    const [textBytes, randomBytes, shortBytes] = packed!.storedBytes
    expect(textBytes).toBeLessThan(20_000)
    expect([randomBytes, shortBytes]).toEqual([50_000, 20])
    expect(packed!.bytes).toHaveLength(textBytes! + 50_020)
    const from = packed!.bytes.subarray(textBytes, textBytes! + 50_000)
    expect(Buffer.compare(from, random)).toBe(0)
  })

  it('compresses a large one that has anything to gain where it is looked at, and leaves one that has not', async () => {
    const noise = bytesOf('noise', 300_000)
    const zeros = new Uint8Array(100_000)
    const inputs = [
      concat([zeros, noise]),
      concat([noise, zeros]),
      concat([noise.subarray(0, 150_000), zeros, noise.subarray(0, 150_000)]),
    ]
    const ranges = [{ start: 0, length: 400_000 }]
    const packed = await pool.compress({ inputs: inputs.map((bytes) => ({ bytes, ranges })) })
    for (const { storedBytes } of packed) expect(storedBytes[0]).toBeLessThan(301_000)
    const dense = { bytes: noise.slice(), ranges: [{ start: 0, length: 300_000 }] }
    const [kept] = await pool.compress({ inputs: [dense] })
    expect(kept?.bytes).toEqual(noise)
  })

  it('keeps ranges apart that are not compressed and lie apart', async () => {
    const bytes = bytesOf('random', 9000)
    const ranges = [
      { start: 1000, length: 2000 },
      { start: 5000, length: 1500 },
    ]
    const [packed] = await pool.compress({ inputs: [{ bytes: bytes.slice(), ranges }] })
    const expected = concat([bytes.subarray(1000, 3000), bytes.subarray(5000, 6500)])
    expect(Buffer.compare(packed!.bytes, expected)).toBe(0)
  })

  it('opens what it sealed, compressed or not', async () => {
    const [text, random] = [textOf('text', 100_000), bytesOf('random', 100_000)]
    const small = new Uint8Array(zstdCompressSync(text))
    const plain = concat([small, random])
    const task = await packOf(pool, plain, [
      stored(text, small),
      { ...stored(random, random), offset: small.length },
    ])
    const [first, second] = await pool.open(task)
    expect(Buffer.compare(first!, text)).toBe(0)
    expect(Buffer.compare(second!, random)).toBe(0)
  })

  it('opens a run of whole cells by itself', async () => {
    const plain = bytesOf('pack', 300_000)
    const chunk = {
      ...stored(plain.subarray(140_000, 190_000), plain.subarray(140_000, 190_000)),
      offset: 140_000,
    }
    const whole = await packOf(pool, plain, [chunk])
    const cells = whole.cells.slice(2 * 65_552, 3 * 65_552)
    const [bytes] = await pool.open({ ...whole, cells, firstCell: 2 })
    expect(Buffer.compare(bytes!, plain.subarray(140_000, 190_000))).toBe(0)
  })

  it('gives nothing for a chunk that is not what its id says, and the others', async () => {
    const plain = bytesOf('pack', 1000)
    const good = stored(plain, plain)
    const chunks = [
      { ...good, id: chunkId(bytesOf('another', 32)) },
      good,
      { ...good, plainBytes: 999, storedBytes: 999 },
      { ...good, plainBytes: 1001, storedBytes: 1000 },
      { ...good, offset: 1 },
      { ...good, offset: -1 },
      { ...good, offset: 1e12 },
      { ...good, plainBytes: 2 ** 52 },
      { ...good, storedBytes: 0 },
    ]
    const opened = await pool.open(await packOf(pool, plain, chunks))
    expect(opened.map((bytes) => bytes?.length)).toEqual([
      undefined,
      1000,
      ...Array<undefined>(7).fill(undefined),
    ])
  })

  it('refuses cells that do not open with a code', async () => {
    const plain = bytesOf('pack', 1000)
    const task = await packOf(pool, plain, [stored(plain, plain)])
    const cells = task.cells.slice()
    cells[5]! ^= 1
    await expect(pool.open({ ...task, cells }).catch(codeOf)).resolves.toBe('seal-broken')
    const again = await packOf(pool, plain, [stored(plain, plain)])
    await expect(pool.open({ ...again, cells: new Uint8Array(0) }).catch(codeOf)).resolves.toBe('malformed')
  })

  it('seals in place what has just the room, and the same otherwise', async () => {
    const bytes = bytesOf('a pack', 300_000)
    const storedBytes = storedBytesFor(bytes.length)
    const sealing = { key: packKey(0), binding, epoch: 0, salt: bytesOf('salt', 32), storedBytes }
    const sealed = await Promise.all(
      [bytes.length, storedBytes, storedBytes + 1].map((roomBytes) => {
        const room = bytesOf('what was there', roomBytes).slice()
        room.set(bytes)
        return pool.seal({ ...sealing, plain: room.subarray(0, bytes.length) })
      }),
    )
    for (const one of sealed) {
      expect(one.bytes.length).toBe(storedBytes)
      expect([toHex(one.id), Buffer.compare(one.bytes, sealed[0]!.bytes)]).toEqual([toHex(sealed[0]!.id), 0])
    }
  })

  it('refuses to seal what does not fit, and what is empty, with a code', async () => {
    const task = { key: packKey(0), binding, epoch: 0, salt: bytesOf('salt', 32), storedBytes: packBytesMax }
    const tooLong = { ...task, plain: new Uint8Array(plainCapacity(packBytesMax) + 1) }
    await expect(pool.seal(tooLong).catch(codeOf)).resolves.toBe('limit')
    await expect(pool.seal({ ...task, plain: new Uint8Array(0) }).catch(codeOf)).resolves.toBe('limit')
  })

  it('checks chunks that were found elsewhere', async () => {
    const [a, b] = [bytesOf('a', 5000), bytesOf('b', 200)]
    const chunks = [
      { id: idOf(a), bytes: a.slice() },
      { id: idOf(a), bytes: b.slice() },
      { id: idOf(b), bytes: b.slice() },
    ]
    const checked = await pool.check({ keys, chunks })
    expect(checked.map((bytes) => bytes?.length)).toEqual([5000, undefined, 200])
  })
})

describe('the pool on threads', () => {
  it('answers each of many tasks with its own', async () => {
    const pool = pools[1]![1]
    const tasks = Array.from({ length: 40 }, (_, at) => bytesOf(`task ${at}`, 3000 + at))
    const cut = (bytes: Uint8Array) =>
      pool.cut({ keys, pieces: [{ bytes: bytes.slice(), last: true, list: false }] })
    const answers = await Promise.all(tasks.map(cut))
    expect(answers.map(([piece]) => toHex(piece!.chunks[0]!.id))).toEqual(
      tasks.map((bytes) => toHex(idOf(bytes))),
    )
  })

  it('sends an id without the list that it is part of', async () => {
    const pool = pools[1]![1]
    const plain = bytesOf('pack', 1000)
    const list = concat([idOf(plain), new Uint8Array(100_000)])
    const chunk = { ...stored(plain, plain), id: chunkId(list.subarray(0, 32)) }
    const [bytes] = await pool.open(await packOf(pool, plain, [chunk]))
    expect(bytes).toHaveLength(1000)
    expect(list).toHaveLength(100_032)
  })

  it('ends after what is under way', async () => {
    const pool = threadedWorkerPool(1)
    const cut = () =>
      pool.cut({ keys, pieces: [{ bytes: bytesOf('long', 4 << 20), last: true, list: false }] })
    const answers = Promise.all([cut(), cut(), cut()])
    await pool.close()
    expect((await answers).map(([piece]) => piece!.bytes.length)).toEqual([4 << 20, 4 << 20, 4 << 20])
  })

  it('moves large bytes, and leaves small work to the caller', async () => {
    const pool = pools[1]![1]
    const [large, small] = [bytesOf('large', 300_000), bytesOf('small', 3000)]
    for (const bytes of [large, small]) await pool.cut({ keys, pieces: [{ bytes, last: true, list: false }] })
    expect([large.length, small.length]).toEqual([0, 3000])
  })
})

describe('the pool with a thread beside it', () => {
  const parts = [1, 2, 3, 4].map((n) => bytesOf(`part ${n}`, 500_000 + n))
  const whole = concat(parts)
  let offset = 0
  const chunks = parts.map((part) => {
    const chunk = { ...stored(part, part), offset }
    offset += part.length
    return chunk
  })
  const lengths = parts.map(({ length }) => length)
  const small = (pool: WorkerPool): Promise<OpenTask> =>
    packOf(pool, parts[0]!, [stored(parts[0]!, parts[0]!)])

  /** What is opened, and whether the thread had it: then the buffer was moved. */
  async function opened(pool: WorkerPool, asked = chunks): Promise<[boolean, (Uint8Array | undefined)[]]> {
    const task = await packOf(pool, whole, asked)
    const given = await pool.open(task)
    return [task.cells.length === 0, [...given]]
  }

  /** A pool whose thread is there. */
  async function begun(hasRoom = () => true): Promise<BesideWorkerPool> {
    const pool = besideWorkerPool(hasRoom)
    // The first one is not kept waiting.
    expect(await opened(pool)).toMatchObject([false, lengths.map((length) => ({ length }))])
    await pool.begun()
    return pool
  }

  it('has large chunks named there, several runs at a time, and tells those that are others', async () => {
    const pool = await begun()
    const other = chunks.map((chunk, at) => (at === 1 ? { ...chunk, id: idOf(whole) } : chunk))
    const none = chunks.map((chunk) => ({ ...chunk, id: idOf(whole) }))
    const all = await Promise.all([opened(pool), opened(pool, other), opened(pool, none), opened(pool)])
    expect(all.map(([isThere]) => isThere)).toEqual([true, true, true, true])
    expect(all.map(([, given]) => given.map((bytes) => bytes?.length))).toEqual([
      lengths,
      lengths.map((length, at) => (at === 1 ? undefined : length)),
      lengths.map(() => undefined),
      lengths,
    ])
    for (const [, given] of all)
      for (const [at, bytes] of given.entries())
        if (bytes !== undefined) expect(Buffer.compare(bytes, parts[at]!)).toBe(0)
    await pool.close()
  })

  it('does by itself what is compressed, or beyond the run, or has no room', async () => {
    const [pool, full] = [await begun(), besideWorkerPool(() => false)]
    await opened(full)
    await full.begun()
    expect(await opened(full).then(([isThere]) => isThere)).toBe(false)
    const [isThere, given] = await opened(pool, [...chunks, { ...chunks[3]!, offset: whole.length }])
    expect([isThere, given.map((bytes) => bytes?.length)]).toEqual([false, [...lengths, undefined]])
    const text = textOf('text', 100_000)
    const shorter = new Uint8Array(zstdCompressSync(text))
    const both = concat([whole, shorter])
    const task = await packOf(pool, both, [...chunks, { ...stored(text, shorter), offset: whole.length }])
    expect((await pool.open(task)).map((bytes) => bytes?.length)).toEqual([...lengths, text.length])
    for (const one of [pool, full]) await one.close()
  })

  it('begins no thread for small chunks, however many there are', async () => {
    let asked = 0
    const pool = besideWorkerPool(() => {
      asked += 1
      return true
    })
    const tiny = Array.from({ length: Math.floor(whole.length / 10_000) }, (_, at) => {
      const part = whole.subarray(at * 10_000, (at + 1) * 10_000)
      return { ...stored(part, part), offset: at * 10_000 }
    })
    expect((await opened(pool, tiny))[1]).toMatchObject(tiny.map(() => ({ length: 10_000 })))
    expect(asked).toBe(0)
    await pool.close()
  })

  it('lets the thread go when others come for long, and has one again', async () => {
    let made = 0
    const pool = await begun(() => {
      made += 1
      return true
    })
    expect(await opened(pool).then(([isThere]) => isThere)).toBe(true)
    for (let other = 0; other < 20; other += 1) await pool.open(await small(pool))
    expect(await opened(pool).then(([isThere]) => isThere)).toBe(false)
    await pool.begun()
    expect(await opened(pool).then(([isThere]) => isThere)).toBe(true)
    expect(made).toBe(2)
    await pool.close()
  })

  it('answers what comes in the moment in which it lets the thread go', async () => {
    const pool = await begun()
    const others = await Promise.all(Array.from({ length: 17 }, () => small(pool)))
    const large = await packOf(pool, whole, chunks)
    const under = [...others, large].map((task) => pool.open(task))
    expect((await under.at(-1))?.map((bytes) => bytes?.length)).toEqual(lengths)
    await Promise.all(under)
    await pool.close()
  })

  it('is closed after what is under way, also where its thread only begins', async () => {
    const beginning = besideWorkerPool(() => true)
    for (const pool of [await begun(), beginning]) {
      const tasks = [await packOf(pool, whole, chunks), await packOf(pool, whole, chunks)]
      const under = tasks.map((task) => pool.open(task))
      await pool.close()
      for (const given of await Promise.all(under))
        expect(given.map((bytes) => bytes?.length)).toEqual(lengths)
    }
  })

  it('says what a thread ended with, and goes on without', async () => {
    const pool = await begun()
    const task = await packOf(pool, whole, chunks)
    const broken = { ...task, keys: { ...keys, chunkIdKey: new Uint8Array(65) } }
    await expect(pool.open(broken)).rejects.toThrow(RunLostError)
    for (let times = 0; times < 2; times += 1) {
      expect(await opened(pool)).toMatchObject([false, lengths.map((length) => ({ length }))])
      await pool.begun()
    }
    await pool.close()
  })
})

describe('decompression', () => {
  const pool = inlineWorkerPool()

  async function opened(
    plain: Uint8Array,
    bytes: Uint8Array,
    plainBytes = plain.length,
  ): Promise<number | undefined> {
    const [got] = await pool.open(await packOf(pool, bytes, [{ ...stored(plain, bytes), plainBytes }]))
    return got?.length
  }

  /** A frame of one uncompressed block with a window of this many bits, and no length: RFC 8878. */
  function frame(plain: Uint8Array, windowLog: number): Uint8Array {
    const header = [0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3]
    const block = (plain.length << 3) | 1
    return concat([Uint8Array.of(...header, block & 255, (block >> 8) & 255, block >> 16), plain])
  }

  it('never gives more than the index says, whatever a frame holds', async () => {
    const zeros = new Uint8Array(64 << 20)
    const bomb = new Uint8Array(zstdCompressSync(zeros))
    expect(bomb.length).toBeLessThan(10_000)
    expect(await opened(zeros.subarray(0, 20_000), bomb, 20_000)).toBeUndefined()
    expect(await opened(zeros.subarray(0, 1 << 20), bomb, 1 << 20)).toBeUndefined()
    expect(await opened(zeros, bomb)).toBeUndefined()
  })

  it('refuses what is shorter than the index says', async () => {
    const plain = textOf('text', 10_000)
    expect(await opened(plain, new Uint8Array(zstdCompressSync(plain)))).toBe(10_000)
    expect(await opened(plain, new Uint8Array(zstdCompressSync(plain)), 10_001)).toBeUndefined()
  })

  it('refuses a chunk longer than chunks can be', async () => {
    const plain = textOf('text', (1 << 20) + 1)
    expect(await opened(plain, new Uint8Array(zstdCompressSync(plain)))).toBeUndefined()
  })

  it('takes windows up to 8 MiB, and no memory for larger ones', async () => {
    const plain = textOf('text', 1000)
    const padded = concat([plain, new Uint8Array(100)])
    for (const [windowLog, length] of [
      [11, 1100],
      [20, 1100],
      [23, 1100],
      [24, undefined],
      [27, undefined],
      [31, undefined],
    ] as const) {
      const bytes = frame(padded, windowLog)
      const [got] = await pool.open(
        await packOf(pool, bytes, [
          { id: idOf(padded), offset: 0, plainBytes: 1100, storedBytes: bytes.length },
        ]),
      )
      expect(got?.length).toBe(length)
    }
  })

  it('gives nothing for bytes that are no frame', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(2000), async (bytes, more) => {
        expect(await opened(textOf('text', 3000), bytes, bytes.length + 1 + more)).toBeUndefined()
      }),
    )
  })

  it('gives the chunk or nothing when a frame was changed', async () => {
    const plain = textOf('text', 3000)
    const packed = new Uint8Array(zstdCompressSync(plain))
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const changed = packed.slice()
        changed[at]! ^= bits
        const length = await opened(plain, changed)
        expect([undefined, 3000]).toContain(length)
        expect(await opened(plain, packed.slice(0, at + 1))).toBe(at + 1 === packed.length ? 3000 : undefined)
      }),
    )
  })
})
