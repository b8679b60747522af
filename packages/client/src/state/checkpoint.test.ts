import { chunkId, packId, type ChunkId, type NodeRef, type Operation } from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asName, nameToBytes, type Name } from '../sync/name.ts'
import { rootId, type Columns, type NodeId } from '../sync/tree.ts'
import { isHalfLoaded, loadState } from './checkpoint-load.ts'
import { writeRecord, readRecords, type StateRecord } from './checkpoint-records.ts'
import { StateHasher, stateHashOf, writeState } from './checkpoint.ts'
import { ownPlaceOf, placesOf } from './chunk-index.ts'
import { foldChange, foldDrop } from './fold.ts'
import { ItemWriter } from './item-codec.ts'
import { foldedSequence } from './log-cache.ts'
import { MemoryDisk } from './state-store-memory.ts'
import { TreesStore, type NodeEntry } from './trees-store.ts'

const bytesOf = (kind: number, seed: number): Uint8Array => {
  const bytes = new Uint8Array(32).fill(kind)
  bytes[1] = seed
  return bytes
}
const chunk = (seed: number): ChunkId => chunkId(bytesOf(1, seed))

const open = (): TreesStore => TreesStore.open(new MemoryDisk().open())

async function bytesOfState(trees: TreesStore): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeState(trees)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

async function* inPieces(bytes: Uint8Array, length: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length)
    yield await Promise.resolve(bytes.subarray(at, at + length))
}

async function load(
  trees: TreesStore,
  bytes: Uint8Array,
  [sequence, pieceBytes = 1000]: [number, number?],
): Promise<void> {
  const hasher = new StateHasher()
  hasher.update(bytes)
  await loadState(trees, inPieces(bytes, pieceBytes), { sequence, stateHash: hasher.digest().stateHash })
}

async function remoteRows(trees: TreesStore): Promise<(readonly [NodeId, Columns['remote']])[]> {
  const out: (readonly [NodeId, Columns['remote']])[] = []
  for await (const [id, { remote }] of trees.all()) if (remote) out.push([id, remote])
  return out
}

/** One entry of a made-up log: what it does is picked from the state before it, so that most of it applies. */
const entry = fc.record({
  packs: fc.nat(2),
  chunks: fc.nat(3),
  drop: fc.tuple(fc.nat(9), fc.nat(5)).map(([roll, dropped]) => (roll === 0 ? dropped : undefined)),
  operations: fc.array(
    fc.record({
      what: fc.nat(9),
      node: fc.nat(40),
      parent: fc.nat(40),
      name: fc.nat(9),
      chunks: fc.array(fc.nat(8), { maxLength: 2 }),
    }),
    { maxLength: 5, size: 'max' },
  ),
})
type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never

const refOf = (id: NodeId): NodeRef => {
  const [sequence = '', index = ''] = id.split('.')
  return id === rootId ? 'root' : { sequence: Number(sequence), index: Number(index) }
}

async function operationsOf(trees: TreesStore, each: Entry): Promise<Operation[]> {
  const nodes = await remoteRows(trees)
  const directories = [
    rootId,
    ...nodes.filter(([, row]) => row?.value.kind === 'directory').map(([id]) => id),
  ]
  return each.operations.flatMap(({ what, node, parent, name, chunks }): Operation[] => {
    const into = refOf(directories[parent % directories.length]!)
    const called = { bytes: nameToBytes(name === 9 ? String.fromCharCode(0xdc99) : `n${name}`) }
    const picked = nodes[node % Math.max(1, nodes.length)]?.[0]
    if (what < 3) return [{ op: 'put', parent: into, name: called, node: { kind: 'directory', mode: 0o700 } }]
    if (what === 3)
      return [
        {
          op: 'put',
          parent: into,
          name: called,
          node: { kind: 'link', mtimeNs: -1n, target: Uint8Array.of(7) },
          unknown: Uint8Array.of(0xa0),
        },
      ]
    if (what < 8) {
      const file = { kind: 'file' as const, mode: 0o600, mtimeNs: BigInt(node), sizeBytes: parent, depth: 0 }
      return [
        {
          op: 'put',
          parent: into,
          name: called,
          node: { ...file, chunks: chunks.map((seed) => ({ id: chunk(seed) })) },
        },
      ]
    }
    if (picked === undefined) return []
    return what === 8
      ? [{ op: 'remove', node: refOf(picked) }]
      : [{ op: 'move', node: refOf(picked), parent: into, name: called }]
  })
}

/** Folds one entry; what it does not bear is left out, operation by operation. */
async function foldEntry(trees: TreesStore, each: Entry, sequence: number): Promise<void> {
  const added = Array.from({ length: each.packs }, (_, i) => ({
    id: packId(bytesOf(2, sequence * 3 + i)),
    sizeBytes: 4096,
    epoch: 0,
  }))
  const index = added.map((_, pack) => ({
    pack,
    chunks: Array.from({ length: each.chunks }, (__, i) => ({
      id: chunk((sequence + i) % 9),
      plainBytes: 50,
      storedBytes: 40 + i,
    })),
  }))
  const header = { sequence, at: sequence * 10, added, restored: [] }
  if (each.drop !== undefined) {
    const dropped = packId(bytesOf(2, each.drop * 3))
    await trees.write({ flush: false }, (transaction) => foldDrop(transaction, { header, packs: [dropped] }))
    return
  }
  let operations = await operationsOf(trees, each)
  for (;;) {
    const tried = operations
    const transaction = await trees.begin()
    const result = await foldChange(transaction, {
      header,
      payload: { operations: tried, index },
      own: false,
    })
    if (result.operation === undefined) return transaction.commit({ flush: false })
    transaction.abandon()
    operations = tried.filter((_, position) => position !== result.operation)
  }
}

async function folded(all: readonly Entry[], from = 1, trees = open()): Promise<TreesStore> {
  for (const [position, each] of all.entries()) await foldEntry(trees, each, from + position)
  return trees
}

const log = fc.array(entry, { minLength: 2, maxLength: 12, size: 'max' })

describe('the state of a checkpoint', () => {
  it('is the same bytes on a device that folded everything and on one that started from a checkpoint', async () => {
    await fc.assert(
      fc.asyncProperty(log, log, fc.integer({ min: 1, max: 500 }), async (first, second, pieceBytes) => {
        const whole = await folded(first)
        const joined = open()
        await load(joined, await bytesOfState(whole), [first.length, pieceBytes])
        expect(foldedSequence(joined)).toBe(first.length)
        expect(await remoteRows(joined)).toEqual(await remoteRows(whole))
        expect(await bytesOfState(joined)).toEqual(await bytesOfState(whole))
        for (const trees of [whole, joined]) await folded(second, first.length + 1, trees)
        expect(await bytesOfState(joined)).toEqual(await bytesOfState(whole))
      }),
      { numRuns: 60 },
    )
  })

  it('replaces whatever state a device had, and leaves base and local alone', async () => {
    await fc.assert(
      fc.asyncProperty(log, log, async (here, there) => {
        const trees = await folded(here)
        const based: NodeEntry[] = (await remoteRows(trees)).map(([id, row]) => [id, { base: row! }])
        await trees.write({ flush: false }, (transaction) => {
          for (const [id, { base }] of based) transaction.set('base', id, base)
        })
        const other = await folded(there)
        const sequence = Math.max(here.length, there.length)
        await load(trees, await bytesOfState(other), [sequence])
        expect(await bytesOfState(trees)).toEqual(await bytesOfState(other))
        for (const [id, { base }] of based) expect(trees.get(id)?.base).toEqual(base)
        let differing = 0
        for await (const [, { base, remote }] of trees.all()) differing += base || remote ? 1 : 0
        expect(trees.differingCount).toBe(differing)
      }),
      { numRuns: 60 },
    )
  })

  it('keeps what this device knows of places that stay', async () => {
    const trees = open()
    const header = {
      sequence: 1,
      at: 0,
      added: [{ id: packId(bytesOf(2, 1)), sizeBytes: 4096, epoch: 0 }],
      restored: [],
    }
    const index = [{ pack: 0, chunks: [{ id: chunk(1), plainBytes: 5, storedBytes: 5 }] }]
    await trees.write({ flush: false }, async (transaction) => {
      await foldChange(transaction, { header, payload: { operations: [], index }, own: true })
    })
    await load(trees, await bytesOfState(trees), [1])
    expect(ownPlaceOf(trees, chunk(1))).toBeDefined()
    expect(placesOf(trees, chunk(1))).toHaveLength(1)
  })

  it('hashes the same in pieces of any lengths, also over parts of 1 MiB', () => {
    const bytes = new Uint8Array(2.5 * 1024 * 1024).map((_, index) => index % 251)
    const digest = (length: number): unknown => {
      const hasher = new StateHasher()
      for (let at = 0; at < bytes.length; at += length) hasher.update(bytes.subarray(at, at + length))
      return hasher.digest()
    }
    expect(digest(bytes.length)).toEqual(digest(77_777))
    expect(digest(1024 * 1024)).toEqual(digest(1000))
    expect(digest(1000)).toMatchObject({ stateBytes: bytes.length })
  })

  it('says that a log which grew meanwhile spoils it', async () => {
    const trees = await folded([{ packs: 2, chunks: 3, drop: undefined, operations: [] }])
    const writing = async (): Promise<void> => {
      const pieces = writeState(trees)[Symbol.asyncIterator]()
      const first = pieces.next()
      await foldEntry(trees, { packs: 0, chunks: 0, drop: undefined, operations: [] }, 2)
      await first
      await pieces.next()
    }
    await expect(writing()).rejects.toMatchObject({ code: 'interrupted', retryable: true })
  })

  it('gives one hash for one state, which another device compares', async () => {
    const log = [{ packs: 1, chunks: 2, drop: undefined, operations: [] }]
    expect(await stateHashOf(await folded(log))).toEqual(await stateHashOf(await folded(log)))
  })
})

const front: StateRecord = { record: 'front' }
const end = (claims: number, nodes: number): StateRecord => ({ record: 'end', claims, nodes })
const claim = (sequence: number, chunkCount: number): StateRecord => ({
  record: 'claim',
  sequence,
  position: 0,
  id: packId(bytesOf(2, sequence)),
  sizeBytes: 4096,
  epoch: 0,
  at: 0,
  chunkCount,
})
const listed: StateRecord = { record: 'chunk', id: chunk(1), plainBytes: 1, storedBytes: 1 }
const node = (id: string, parent: string, name = id): StateRecord => ({
  record: 'node',
  id: id as NodeId,
  parent: parent as NodeId,
  name: asName(name) as Name,
  value: { kind: 'directory', mode: 0o700 },
  kept: undefined,
})
const fileNode = (chunkAt: { sequence: number; position: number; chunk: number }): StateRecord => ({
  record: 'node',
  id: '1.0' as NodeId,
  parent: rootId,
  name: asName('f') as Name,
  value: { kind: 'file', mode: 0, mtimeNs: 0n, sizeBytes: 1, depth: 0, chunks: [chunkAt] },
  kept: undefined,
})

function encoded(records: readonly StateRecord[]): Uint8Array {
  const out = new ItemWriter()
  for (const record of records) writeRecord(out, record)
  return out.take()
}

const bad: [string, StateRecord[]][] = [
  ['nothing', []],
  ['no front', [end(0, 0)]],
  ['no end', [front]],
  ['something behind the end', [front, end(0, 0), end(0, 0)]],
  ['two fronts', [front, front, end(0, 0)]],
  ['claims out of order', [front, claim(2, 0), claim(1, 0), end(2, 0)]],
  ['a claim twice', [front, claim(1, 0), claim(1, 0), end(2, 0)]],
  ['a claim behind nodes', [front, node('1.0', 'root'), claim(1, 0), end(1, 1)]],
  ['a claim after the sequence', [front, claim(10, 0), end(1, 0)]],
  ['nodes out of order', [front, node('1.1', 'root'), node('1.0', 'root'), end(0, 2)]],
  ['other counts', [front, node('1.0', 'root'), end(0, 2)]],
  ['a node after the sequence', [front, node('10.0', 'root'), end(0, 1)]],
  ['a parent that is not there', [front, node('1.0', '1.1'), end(0, 1)]],
  ['two nodes of one name', [front, node('1.0', 'root', 'x'), node('1.1', 'root', 'x'), end(0, 2)]],
  ['a directory in itself', [front, node('1.0', '1.0'), end(0, 1)]],
  ['a circle', [front, node('1.0', '1.2'), node('1.1', '1.0'), node('1.2', '1.1'), end(0, 3)]],
  [
    'a chunk that is not listed',
    [front, claim(1, 1), listed, fileNode({ sequence: 1, position: 0, chunk: 1 }), end(1, 1)],
  ],
]

describe('a checkpoint that is not a state', () => {
  it.each(bad)('is refused: %s', async (_, records) => {
    const trees = open()
    await expect(load(trees, encoded(records), [9])).rejects.toMatchObject({
      name: 'CryptoError',
      code: 'malformed',
    })
    expect(isHalfLoaded(trees)).toBe(true)
    await load(trees, encoded([front, end(0, 0)]), [9])
    expect(isHalfLoaded(trees)).toBe(false)
  })

  it('is refused with another hash than it says', async () => {
    const bytes = encoded([front, end(0, 0)])
    const wrong = { sequence: 1, stateHash: new Uint8Array(32) }
    await expect(loadState(open(), inPieces(bytes, 9), wrong)).rejects.toMatchObject({ code: 'malformed' })
  })

  it('asks for an update when its version is not known', async () => {
    await expect(load(open(), Uint8Array.of(0x82, 0, 2), [1])).rejects.toMatchObject({
      code: 'version-unknown',
    })
  })

  it('is refused with a named code whatever bytes it is made of', async () => {
    const good = encoded([
      front,
      claim(1, 1),
      listed,
      fileNode({ sequence: 1, position: 0, chunk: 0 }),
      node('1.1', 'root'),
      end(1, 2),
    ])
    const mangled = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => good.with(at, byte)),
      fc.nat(good.length - 1).map((length) => good.slice(0, length)),
    )
    await fc.assert(
      fc.asyncProperty(mangled, async (bytes) => {
        try {
          for await (const record of readRecords(inPieces(bytes, 7))) expect(record).toBeDefined()
          await load(open(), bytes, [9])
        } catch (error) {
          expect(error).toMatchObject({
            name: 'CryptoError',
            code: expect.stringMatching(/^(malformed|version-unknown)$/) as string,
          })
        }
      }),
      { numRuns: 500 },
    )
  })
})
