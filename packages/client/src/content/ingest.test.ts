import { chunkIdOf, concat, toHex, type ChunkId } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { systemClock, type Clock } from '../clock.ts'
import { fileChunkSizes, cutPoints, gearTable } from './chunker.ts'
import {
  bytesOf,
  folder,
  keys,
  MemoryVault,
  over,
  readAll,
  resultsOf,
  textOf,
  wanted,
  watchedReading,
} from './content-builders.contract.ts'
import { readContent } from './content-list.ts'
import { cut } from './work.ts'
import { inlineWorkerPool } from './worker-pool-inline.ts'
import type { CutPiece, Piece, WorkerPool } from './worker-pool.ts'

const mib = 1 << 20

/** Bytes that the chunker cuts in so many chunks. */
function bytesOfChunks(count: number): Uint8Array {
  const stream = bytesOf('a film', (count + 8) * 320 * 1024)
  const { lengths } = cutPoints(stream, {
    gear: gearTable(keys.chunkerKey),
    sizes: fileChunkSizes,
    last: false,
  })
  return stream.slice(
    0,
    lengths.slice(0, count).reduce((sum, length) => sum + length, 0),
  )
}

/** A pool that cuts files into chunks of some 10 KiB, so that a short one has many. */
function finePool(): WorkerPool {
  const pool = inlineWorkerPool()
  const sizes = { minBytes: 4096, averageBytes: 8192, maxBytes: 16_384 }
  const rule = { gear: gearTable(keys.chunkerKey), sizes }
  const fine = (piece: Piece): CutPiece => {
    const { lengths, rest } = cutPoints(piece.bytes, { ...rule, last: piece.last })
    let start = 0
    const chunks = lengths.map((plainBytes) => {
      const id = chunkIdOf(keys.chunkIdKey, piece.bytes.subarray(start, (start += plainBytes)))
      return { id, plainBytes }
    })
    return { bytes: piece.bytes, chunks, rest: piece.bytes.slice(piece.bytes.length - rest) }
  }
  return {
    ...pool,
    cut: (task) =>
      task.pieces.some(({ list }) => list) ? pool.cut(task) : Promise.resolve(task.pieces.map(fine)),
  }
}

const chunkIds = (bytes: Uint8Array): ChunkId[] => {
  const [piece] = cut({ keys, pieces: [{ bytes, last: true, list: false }] })
  return piece!.chunks.map(({ id }) => id)
}

describe('small files', () => {
  it('are read in order, and come back as they were', async () => {
    const { files, user } = folder()
    const contents = [
      bytesOf('a', 5000),
      new Uint8Array(0),
      textOf('c', 90_000),
      bytesOf('d', 1),
      bytesOf('e', 3 * mib),
    ]
    contents.forEach((bytes, at) => user.write(`file ${at}`, bytes))
    const vault = new MemoryVault()
    const read = await vault.store(files, ['file 4', 'file 0', 'file 1', 'file 2', 'file 3'])
    expect(read.map(({ file }) => file.path)).toEqual(['file 4', 'file 0', 'file 1', 'file 2', 'file 3'])
    expect(read.map(({ sizeBytes }) => sizeBytes)).toEqual([3 * mib, 5000, 0, 90_000, 1])
    const back = await vault.fetch().read(read)
    expect(back.map((bytes) => toHex(bytes!))).toEqual([4, 0, 1, 2, 3].map((at) => toHex(contents[at]!)))
  })

  it('that are empty have no chunk and wait for no pack', async () => {
    const { files, user } = folder()
    user.write('empty', '')
    const vault = new MemoryVault()
    const [read] = await vault.store(files, ['empty'])
    expect(read).toMatchObject({ sizeBytes: 0, readyAfter: -1 })
    expect(readContent(read!.content)).toEqual({ depth: 0, ids: [] })
    expect(vault.claimed).toEqual([])
  })

  it('that are equal are packed once, in one group and over many', async () => {
    const { files, user } = folder()
    const paths = Array.from({ length: 600 }, (_, at) => `file ${at}`)
    paths.forEach((path, at) => user.write(path, bytesOf(`content ${at % 7}`, 2000)))
    const vault = new MemoryVault()
    const read = await vault.store(files, paths)
    expect(vault.claimed.flatMap(({ chunks }) => chunks)).toHaveLength(7)
    expect(new Set(read.map(({ content }) => toHex(content))).size).toBe(7)
  })

  it('wait for the pack that holds the last of their chunks', async () => {
    const { files, user } = folder()
    for (let at = 0; at < 5; at += 1) user.write(`large ${at}`, bytesOf(`large ${at}`, 3 * mib))
    user.write('copy', bytesOf('large 0', 3 * mib))
    const vault = new MemoryVault()
    const paths = [0, 1, 2, 3, 4].map((at) => `large ${at}`)
    const read = await vault.store(files, [...paths, 'copy'])
    const packOf = new Map(
      vault.claimed.flatMap(({ ordinal, chunks }) => chunks.map(({ id }) => [toHex(id), ordinal])),
    )
    for (const { content, readyAfter } of read) {
      const packs = readContent(content).ids.map((id) => packOf.get(toHex(id))!)
      expect(readyAfter).toBe(Math.max(...packs))
    }
    expect(read.at(-1)!.readyAfter).toBe(read[0]!.readyAfter)
  })
})

describe('large files', () => {
  it.each([64, 65])('of exactly %i chunks come back as they were', async (count) => {
    const { files, user } = folder()
    const bytes = bytesOfChunks(count)
    user.write('film', bytes)
    const vault = new MemoryVault()
    const [read] = await vault.store(files, ['film'])
    const { depth, ids } = readContent(read!.content)
    if (count === 64) {
      expect(depth).toBe(0)
      expect(ids.map((id) => toHex(id))).toEqual(chunkIds(bytes).map((id) => toHex(id)))
    } else {
      expect(depth).toBe(1)
      expect(ids).toHaveLength(1)
    }
    const [back] = await vault.fetch().read([read!])
    expect(Buffer.compare(back!, bytes)).toBe(0)
  })

  it('are cut as if they were one piece, whatever their length', async () => {
    const { files, user } = folder()
    const segment = 4 * mib
    const lengths = [segment - 1, segment, segment + 1, 2 * segment, 2 * segment + 70_000]
    lengths.forEach((length) => user.write(`file ${length}`, bytesOf('film', length)))
    const read = await new MemoryVault().store(
      files,
      lengths.map((length) => `file ${length}`),
    )
    for (const [at, { content, sizeBytes }] of read.entries()) {
      expect(sizeBytes).toBe(lengths[at])
      const ids = chunkIds(bytesOf('film', sizeBytes))
      expect(readContent(content).ids.map((id) => toHex(id))).toEqual(ids.map((id) => toHex(id)))
    }
  })

  it('tell on the way how far they are, so that packs can be claimed before the end', async () => {
    const { files, user } = folder()
    user.write('film', bytesOf('film', 14 * mib))
    const vault = new MemoryVault()
    const parts: number[] = []
    const claimedAt: number[] = []
    for await (const result of vault.ingest(files, vault.writer()).read([wanted('film')])) {
      if (result.outcome !== 'part') continue
      parts.push(result.partBytes)
      claimedAt.push(vault.claimed.length)
    }
    expect(parts).toHaveLength(4)
    expect(parts.reduce((sum, bytes) => sum + bytes, 0)).toBe(14 * mib)
    expect(claimedAt.at(-1)).toBeGreaterThan(1)
  })

  it('with lists of several chunks come back as they were', async () => {
    const { files, user } = folder()
    const bytes = bytesOf('disk', 14 * mib)
    user.write('disk', bytes)
    const vault = new MemoryVault(finePool())
    const [read] = await vault.store(files, ['disk'])
    const { depth, ids } = readContent(read!.content)
    expect(depth).toBe(1)
    expect(ids.length).toBeGreaterThan(2)
    const lists = ids.map((id) => vault.places(id)[0]!.plainBytes)
    expect(lists.some((length) => length % 32 !== 0)).toBe(true)
    const [back] = await vault.fetch().read([read!])
    expect(Buffer.compare(back!, bytes)).toBe(0)
  })
})

describe('what the vault holds', () => {
  it('is not packed again', async () => {
    const { files, user } = folder()
    user.write('film', bytesOf('film', 9 * mib))
    user.write('text', textOf('text', 3000))
    const vault = new MemoryVault()
    const known = (id: ChunkId): boolean => vault.places(id).length > 0
    await vault.store(files, ['film', 'text'])
    const before = vault.claimed.length
    const writer = vault.writer()
    const read = await readAll(vault.ingest(files, writer, known), [wanted('film'), wanted('text')])
    await writer.finish()
    expect(vault.claimed).toHaveLength(before)
    expect(read.map(({ readyAfter }) => readyAfter)).toEqual([-1, -1])
  })

  it('is looked up anew once its pack is claimed', async () => {
    const { files, user } = folder()
    user.write('a', bytesOf('a', 3000))
    const vault = new MemoryVault()
    const writer = vault.writer()
    const ingest = vault.ingest(files, writer)
    expect((await readAll(ingest, [wanted('a')]))[0]!.readyAfter).toBe(0)
    expect((await readAll(ingest, [wanted('a')]))[0]!.readyAfter).toBe(0)
    await writer.finish()
    ingest.claimed(0)
    expect((await readAll(ingest, [wanted('a')]))[0]!.readyAfter).toBe(1)
  })

  it('by another’s word only is enough for a file that is just what the other side says', async () => {
    const { files, user } = folder()
    user.write('film', bytesOf('film', 9 * mib))
    user.write('text', textOf('text', 3000))
    const there = await new MemoryVault().store(files, ['film', 'text'])
    user.write('other', textOf('text', 3001))
    const vault = new MemoryVault()
    const writer = vault.writer()
    const same = there.map(({ file, content }) => wanted(file.path, content))
    const read = await readAll(vault.ingest(files, writer), [...same, wanted('other', there[1]!.content)])
    await writer.finish()
    expect(read.map(({ readyAfter }) => readyAfter)).toEqual([-1, -1, 0])
    expect(vault.claimed.flatMap(({ chunks }) => chunks)).toHaveLength(1)
  })

  it('by its own hand is read once, and only what is new is packed', async () => {
    const { files, user } = folder()
    const bytes = bytesOf('film', 12 * mib)
    user.write('film', bytes)
    const vault = new MemoryVault()
    const [before] = await vault.store(files, ['film'])
    const packed = vault.claimed.flatMap(({ chunks }) => chunks).length
    user.write('film', concat([Uint8Array.of(1), bytes]))
    const seen = watchedReading(files)
    const writer = vault.writer()
    const known = (id: ChunkId): boolean => vault.places(id).length > 0
    await readAll(vault.ingest(seen.files, writer, known), [wanted('film', before!.content)])
    await writer.finish()
    expect(seen.reads).toHaveLength(4)
    expect(vault.claimed.flatMap(({ chunks }) => chunks).length - packed).toBeLessThan(4)
  })

  it('by another’s word only is packed again when the file is not the same', async () => {
    const { files, user } = folder()
    user.write('film', bytesOf('film', 9 * mib))
    const [there] = await new MemoryVault().store(files, ['film'])
    user.append('film', 'more')
    const vault = new MemoryVault()
    const writer = vault.writer()
    const [read] = await readAll(vault.ingest(files, writer), [wanted('film', there!.content)])
    await writer.finish()
    const [back] = await vault.fetch().read([read!])
    expect(Buffer.compare(back!, user.read('film'))).toBe(0)
  })
})

describe('files that cannot be read', () => {
  it('are problems, in their place among the others', async () => {
    const { files, user } = folder((call, path) =>
      call === 'read' && path.startsWith('broken') ? 'EIO' : undefined,
    )
    user.write('good', 'good')
    user.write('locked', 'locked')
    user.setMode('locked', 0)
    user.link('link', 'good')
    user.special('fifo')
    user.write('broken', 'broken')
    user.write('broken large', bytesOf('large', 6 * mib))
    const paths = ['gone', 'good', 'locked', 'link', 'good/below', 'broken', 'broken large', 'fifo', 'good']
    const vault = new MemoryVault()
    const results = await resultsOf(
      vault.ingest(files, vault.writer()),
      paths.map((path) => wanted(path)),
    )
    expect(results.map((result) => (result.outcome === 'problem' ? result.problem : result.outcome))).toEqual(
      [
        'vanished',
        'read',
        'unreadable',
        'changing',
        'vanished',
        'unreadable',
        'unreadable',
        'changing',
        'read',
      ],
    )
  })

  it('leave nothing open', async () => {
    const { files, user } = folder((call, path) =>
      call === 'read' && path.startsWith('broken') ? 'EIO' : undefined,
    )
    user.write('broken', 'broken')
    user.write('broken large', bytesOf('large', 6 * mib))
    const seen = watchedReading(files)
    const vault = new MemoryVault()
    await resultsOf(vault.ingest(seen.files, vault.writer()), [wanted('broken'), wanted('broken large')])
    expect(seen.open()).toBe(0)
  })

  it('end the reading when it is not about them', async () => {
    const { files, user } = folder()
    user.write('a', 'a')
    const openForReading = (): Promise<never> => Promise.reject(new TypeError('a bug'))
    const vault = new MemoryVault()
    const ingest = vault.ingest(over(files, { openForReading }), vault.writer())
    await expect(resultsOf(ingest, [wanted('a')])).rejects.toThrow('a bug')
  })
})

describe('files that change while they are read', () => {
  /** Does something at a read of this number, counted from 0. */
  function changing(at: number, change: (user: ReturnType<typeof folder>['user']) => void) {
    let count = 0
    const made = folder((call) => {
      if (call === 'read' && count++ === at) change(made.user)
      return undefined
    })
    return made
  }

  it.each<[string, number, (user: ReturnType<typeof folder>['user']) => void]>([
    ['written to', 0, (user) => user.write('small', bytesOf('new', 3000))],
    ['cut short', 0, (user) => user.write('small', 'x')],
  ])('are never results: a small one %s', async (_, at, change) => {
    const { files, user } = changing(at, change)
    user.write('small', bytesOf('old', 3000))
    const vault = new MemoryVault()
    const results = await resultsOf(vault.ingest(files, vault.writer()), [wanted('small')])
    expect(results).toMatchObject([{ outcome: 'problem', problem: 'changing' }])
  })

  it.each<[string, (user: ReturnType<typeof folder>['user']) => void]>([
    ['written to', (user) => user.write('film', bytesOf('new', 20 * mib))],
    ['cut short', (user) => user.write('film', bytesOf('old', 5 * mib))],
    ['emptied', (user) => user.write('film', '')],
  ])('are never results: a large one %s, and no more of it is read', async (_, change) => {
    const { files, user } = changing(1, change)
    user.write('film', bytesOf('old', 20 * mib))
    const seen = watchedReading(files)
    const vault = new MemoryVault()
    const results = await resultsOf(vault.ingest(seen.files, vault.writer()), [wanted('film')])
    expect(results).toMatchObject([{ outcome: 'problem', problem: 'changing' }])
    expect(seen.reads.length).toBeLessThanOrEqual(3)
    expect(seen.open()).toBe(0)
  })

  it('are never results: one changed right at its end', async () => {
    const { files, user } = folder()
    user.write('film', bytesOf('old', 9 * mib))
    const vault = new MemoryVault()
    const pool = inlineWorkerPool()
    let cuts = 0
    const cutting: typeof pool.cut = async (task) => {
      if ((cuts += 1) === 3) user.write('film', bytesOf('new', 9 * mib))
      return await pool.cut(task)
    }
    const changed = new MemoryVault({ ...pool, cut: cutting })
    const results = await resultsOf(changed.ingest(files, vault.writer()), [wanted('film')])
    expect(results).toMatchObject([{ outcome: 'problem', problem: 'changing' }])
  })

  it('are read again later, and then nothing is packed twice', async () => {
    const { files, user } = changing(2, (user) => {
      user.write('film', Buffer.concat([bytesOf('old', 20 * mib - 1), bytesOf('x', 1)]))
    })
    user.write('film', bytesOf('old', 20 * mib))
    const vault = new MemoryVault()
    const writer = vault.writer()
    const ingest = vault.ingest(files, writer)
    expect(await resultsOf(ingest, [wanted('film')])).toMatchObject([{ problem: 'changing' }])
    const [read] = await readAll(ingest, [wanted('film')])
    await writer.finish()
    const ids = vault.claimed.flatMap(({ chunks }) => chunks.map(({ id }) => toHex(id)))
    expect(new Set(ids).size).toBe(ids.length)
    const [back] = await vault.fetch().read([read!])
    expect(Buffer.compare(back!, user.read('film'))).toBe(0)
  })
})

describe("a file that is written twice in one tick of its disk's clock", () => {
  it.each([
    ['small', 3000],
    ['large', 9 * mib],
  ])('is none when the second time came while it was read, a %s one', async (_, bytes) => {
    const still: Clock = { ...systemClock, now: () => 1_700_000_000_000 }
    let isWritten = false
    const made = folder((call) => {
      if (call === 'read-on' && !isWritten) made.user.write('log', bytesOf('second', bytes))
      isWritten ||= call === 'read-on'
      return undefined
    }, still)
    made.user.write('log', bytesOf('first', bytes))
    const vault = new MemoryVault()
    vault.clock = still
    const results = await resultsOf(vault.ingest(made.files, vault.writer()), [wanted('log')])
    expect(results.at(-1)).toMatchObject({ outcome: 'problem', problem: 'changing' })
    const [again] = await readAll(vault.ingest(made.files, vault.writer()), [wanted('log')])
    expect(again).toMatchObject({ sizeBytes: bytes })
  })

  const seenAt = 1_700_000_000_004
  it.each([
    ['is none when it was seen between the two', seenAt, ['problem']],
    ['is read once, with others, when that was long ago', seenAt + 60_000, ['read']],
  ])('%s', async (_, readAt, outcomes) => {
    let nowMs = seenAt
    let reads = 0
    const clock: Clock = { ...systemClock, now: () => nowMs }
    const made = folder((call) => {
      if (call !== 'read-on') return undefined
      // The second write: the rest of the file alone is read from it.
      if (reads === 0 && nowMs === seenAt) made.user.write('log', bytesOf('second', 3000))
      reads += 1
      return undefined
    }, clock)
    made.user.write('log', bytesOf('first', 3000))
    const [seen] = await made.files.look([wanted('log').path])
    nowMs = readAt
    const vault = new MemoryVault()
    vault.clock = clock
    const asked = { ...wanted('log'), stamp: seen?.stamp }
    const results = await resultsOf(vault.ingest(made.files, vault.writer()), [asked])
    expect(results.map(({ outcome }) => outcome)).toEqual(outcomes)
    expect(reads).toBe(readAt === seenAt ? 2 : 1)
  })
})

describe('a file that is appended to while it is read', () => {
  it('is a result as it was at one moment, a small one', async () => {
    const [start, vault] = [bytesOf('log', 3000), new MemoryVault()]
    const line = Buffer.from('one more line')
    const made = folder((call) => {
      if (call === 'read') made.user.append('log', line)
      return undefined
    })
    made.user.write('log', start)
    const writer = vault.writer()
    const [read] = await readAll(vault.ingest(made.files, writer), [wanted('log')])
    await writer.finish()
    const whole = Buffer.concat([start, line])
    expect(read).toMatchObject({ sizeBytes: whole.length, stamp: { sizeBytes: whole.length } })
    const [back] = await vault.fetch().read([read!])
    expect(Buffer.compare(back!, whole)).toBe(0)
  })

  it('is no result cut off where the file ended before it was written anew', async () => {
    const vault = new MemoryVault()
    let isWritten = false
    const made = folder((call) => {
      if (call === 'read' && !isWritten) made.user.write('log', bytesOf('another one', 5000))
      isWritten ||= call === 'read'
      return undefined
    })
    made.user.write('log', bytesOf('log', 3000))
    const writer = vault.writer()
    const [read] = await readAll(vault.ingest(made.files, writer), [wanted('log')])
    await writer.finish()
    const [back] = await vault.fetch().read([read!])
    expect(Buffer.compare(back!, bytesOf('another one', 5000))).toBe(0)
  })

  it('is a result as it was when it was opened, a large one', async () => {
    const [bytes, vault] = [9 * mib, new MemoryVault()]
    const start = bytesOf('log', bytes)
    const made = folder((call) => {
      if (call === 'read') made.user.append('log', 'one more line')
      return undefined
    })
    made.user.write('log', start)
    const writer = vault.writer()
    const [read] = await readAll(vault.ingest(made.files, writer), [wanted('log')])
    await writer.finish()
    expect(read).toMatchObject({ sizeBytes: bytes, stamp: { sizeBytes: bytes } })
    const [back] = await vault.fetch().read([read!])
    expect(Buffer.compare(back!, start)).toBe(0)
  })

  it('is none when what was there has changed too', async () => {
    const bytes = 9 * mib
    let round = 0
    const made = folder((call) => {
      if (call === 'read')
        made.user.write('log', Buffer.concat([bytesOf(`log ${++round}`, bytes), bytesOf('more', round)]))
      return undefined
    })
    made.user.write('log', bytesOf('log', bytes))
    const vault = new MemoryVault()
    const results = await resultsOf(vault.ingest(made.files, vault.writer()), [wanted('log')])
    expect(results).toMatchObject([{ outcome: 'problem', problem: 'changing' }])
  })
})

describe('reading that is left early, or fails', () => {
  function many(count = 4) {
    const made = folder()
    const paths = Array.from({ length: count }, (_, at) => `film ${at}`)
    for (const path of paths) made.user.write(path, bytesOf(path, 6 * mib))
    return { ...watchedReading(made.files), paths: paths.map((path) => wanted(path)) }
  }

  it('leaves nothing open and nothing going on', async () => {
    const { files, open, reads, paths } = many()
    const vault = new MemoryVault()
    const writer = vault.writer()
    for await (const result of vault.ingest(files, writer).read(paths)) if (result.outcome === 'part') break
    expect(open()).toBe(0)
    const [before, packs] = [reads.length, vault.claimed.length]
    for (let at = 0; at < 500; at += 1) await Promise.resolve()
    expect([reads.length, vault.claimed.length]).toEqual([before, packs])
    expect(reads.length).toBeLessThan(10)
  })

  it.each(['cut', 'compress', 'seal'] as const)(
    'says so when %s fails, leaves nothing open, and forgets what was not packed',
    async (name) => {
      const { files, open, paths } = many()
      const inline = inlineWorkerPool()
      let calls = 0
      const failing = () => (calls += 1) === 3
      const pool = {
        ...inline,
        cut: (task: Parameters<typeof inline.cut>[0]) =>
          name === 'cut' && failing() ? Promise.reject(new Error('a thread died')) : inline.cut(task),
        compress: (task: Parameters<typeof inline.compress>[0]) =>
          name === 'compress' && failing()
            ? Promise.reject(new Error('a thread died'))
            : inline.compress(task),
        seal: (task: Parameters<typeof inline.seal>[0]) =>
          name === 'seal' && failing() ? Promise.reject(new Error('a thread died')) : inline.seal(task),
      }
      const vault = new MemoryVault(pool)
      const writer = vault.writer()
      const ingest = vault.ingest(files, writer)
      await expect(resultsOf(ingest, paths)).rejects.toThrow('a thread died')
      expect(open()).toBe(0)
      if (name === 'seal') {
        await expect(resultsOf(ingest, paths)).rejects.toThrow('a thread died')
        return
      }
      const read = await readAll(ingest, paths)
      expect(read.every(({ readyAfter }) => Number.isFinite(readyAfter))).toBe(true)
      await writer.finish()
      const back = await vault.fetch().read(read)
      back.forEach((bytes, at) => expect(Buffer.compare(bytes!, bytesOf(`film ${at}`, 6 * mib))).toBe(0))
    },
  )

  it('says so once when packs are refused, and goes on where it was', async () => {
    const { files, paths } = many()
    const vault = new MemoryVault()
    let refuse = true
    vault.emit = () => {
      if (!refuse) return Promise.resolve()
      refuse = false
      return Promise.reject(new Error('no line'))
    }
    const writer = vault.writer()
    const ingest = vault.ingest(files, writer)
    await expect(resultsOf(ingest, paths)).rejects.toThrow('no line')
    const read = await readAll(ingest, paths)
    await writer.finish()
    const ids = vault.claimed.flatMap(({ chunks }) => chunks.map(({ id }) => toHex(id)))
    expect(new Set(ids).size).toBe(ids.length)
    expect((await vault.fetch().read(read)).every((bytes) => bytes?.length === 6 * mib)).toBe(true)
  })

  it('stops reading while packs are not taken', async () => {
    const { files, reads, paths } = many(9)
    const vault = new MemoryVault()
    const taken = Promise.withResolvers<undefined>()
    vault.emit = async () => {
      await taken.promise
    }
    const writer = vault.writer()
    const reading = readAll(vault.ingest(files, writer), paths)
    for (let at = 0; at < 3000; at += 1) await Promise.resolve()
    expect(reads.length).toBeLessThan(15)
    taken.resolve(undefined)
    expect(await reading).toHaveLength(9)
    expect(reads.length).toBe(18)
  })
})
