import { chunkId, packId, type ChangePayload, type Operation, type PackClaim } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { nameToBytes, type RelativePath } from '../sync/name.ts'
import { hasPlace, notePlace, ownPlaceOf, placesOf } from './chunk-index.ts'
import { foldChange, foldDrop, foldOther, type FoldResult } from './fold.ts'
import { foldedSequence } from './log-cache.ts'
import { isElsewhere, keepHurt, keepLost, withoutOther } from './lost-packs.ts'
import { chunksOf, claimsInOrder, claimsOf } from './pack-table.ts'
import { MemoryDisk } from './state-store-memory.ts'
import { TreesStore } from './trees-store.ts'

const pack = (seed: number, sizeBytes = 4096): PackClaim => ({
  id: packId(new Uint8Array(32).fill(seed)),
  sizeBytes,
  epoch: 3,
})
const chunk = (
  seed: number,
  plainBytes = 10,
): { id: ReturnType<typeof chunkId>; plainBytes: number; storedBytes: number } => ({
  id: chunkId(new Uint8Array(32).fill(seed)),
  plainBytes,
  storedBytes: plainBytes - 1,
})
const put = (name: string, ...seeds: number[]): Operation => ({
  op: 'put',
  parent: 'root',
  name: { bytes: nameToBytes(name) },
  node: {
    kind: 'file',
    mode: 0o644,
    mtimeNs: 0n,
    sizeBytes: 1,
    depth: 0,
    chunks: seeds.map((seed) => ({ id: chunk(seed).id })),
  },
})

interface Entry {
  readonly sequence: number
  readonly added?: PackClaim[]
  readonly restored?: PackClaim[]
  readonly payload: ChangePayload | undefined
  readonly own?: boolean
}

async function fold(trees: TreesStore, entry: Entry): Promise<FoldResult> {
  const { sequence, added = [], restored = [], payload, own = false } = entry
  const header = { sequence, at: 1000 + sequence, added, restored }
  return trees.write({ flush: false }, (transaction) => foldChange(transaction, { header, payload, own }))
}

const open = (): TreesStore => TreesStore.open(new MemoryDisk().open())

async function table(trees: TreesStore): Promise<string[]> {
  const out: string[] = []
  for await (const { place, id, at, chunkCount } of claimsInOrder(trees))
    out.push(`${place.sequence}.${place.position} pack ${id[0] ?? 0} at ${at}: ${chunkCount}`)
  return out
}

describe('the fold', () => {
  it('claims packs, gives chunks their places, and applies operations, together', async () => {
    const trees = open()
    const result = await fold(trees, {
      sequence: 1,
      added: [pack(1), pack(2)],
      payload: {
        operations: [put('a', 11, 12)],
        index: [{ pack: 1, chunks: [chunk(11), chunk(12, 100)] }],
      },
    })
    expect(result).toEqual({ void: undefined, operation: undefined, changed: ['1.0'] })
    expect(trees.find('remote', 'a' as RelativePath)).toBe('1.0')
    expect(foldedSequence(trees)).toBe(1)
    expect(await table(trees)).toEqual(['1.0 pack 1 at 1001: 0', '1.1 pack 2 at 1001: 2'])
    expect(placesOf(trees, chunk(12).id)).toEqual([
      {
        claim: { sequence: 1, position: 1 },
        pack: pack(2).id,
        packBytes: 4096,
        epoch: 3,
        offset: 9,
        plainBytes: 100,
        storedBytes: 99,
        position: 1,
        known: 'unknown',
      },
    ])
  })

  it.each([
    ['that does not open', undefined],
    [
      'that does not apply',
      { operations: [put('a', 11), put('b', 99)], index: [{ pack: 0, chunks: [chunk(11)] }] },
    ],
  ])('lets a void entry %s claim its packs, without chunks, and do nothing else', async (_, payload) => {
    const trees = open()
    const result = await fold(trees, { sequence: 1, added: [pack(1)], payload })
    expect(result.void).toBe(payload === undefined ? 'unreadable' : 'chunk-missing')
    expect(result.operation).toBe(payload === undefined ? undefined : 1)
    expect(await table(trees)).toEqual(['1.0 pack 1 at 1001: 0'])
    expect(hasPlace(trees, chunk(11).id)).toBe(false)
    expect(trees.differingCount).toBe(0)
    expect(foldedSequence(trees)).toBe(1)
  })

  it('takes claims before files: packs and index without an operation, named later by id', async () => {
    const trees = open()
    await fold(trees, {
      sequence: 1,
      added: [pack(1)],
      payload: { operations: [], index: [{ pack: 0, chunks: [chunk(11)] }] },
    })
    const result = await fold(trees, { sequence: 2, payload: { operations: [put('a', 11)], index: [] } })
    expect(result.void).toBeUndefined()
  })

  it('lets only packs that this device sealed, or checked, serve for deduplication', async () => {
    const trees = open()
    const lists = (seed: number): ChangePayload => ({
      operations: [],
      index: [{ pack: 0, chunks: [chunk(seed)] }],
    })
    await fold(trees, { sequence: 1, added: [pack(1)], payload: lists(11), own: true })
    await fold(trees, { sequence: 2, added: [pack(2)], payload: lists(12) })
    expect(ownPlaceOf(trees, chunk(11).id)?.pack).toEqual(pack(1).id)
    expect(ownPlaceOf(trees, chunk(12).id)).toBeUndefined()
    await trees.write({ flush: false }, (transaction) =>
      notePlace(transaction, chunk(12).id, {
        claim: { sequence: 2, position: 0 },
        position: 0,
        known: 'good',
      }),
    )
    expect(ownPlaceOf(trees, chunk(12).id)?.pack).toEqual(pack(2).id)
  })

  it('gives no credit to a pack that is known to be lost or hurt, when its entry is folded again', async () => {
    const trees = open()
    await trees.write({ flush: false }, (transaction) => {
      keepLost(transaction, [pack(1).id])
      keepHurt(transaction, [pack(2).id])
    })
    for (const seed of [1, 2, 3])
      await fold(trees, {
        sequence: seed,
        added: [pack(seed)],
        payload: { operations: [], index: [{ pack: 0, chunks: [chunk(10 + seed)] }] },
        own: true,
      })
    expect([11, 12, 13].map((seed) => placesOf(trees, chunk(seed).id)[0]?.known)).toEqual([
      'bad',
      'bad',
      'good',
    ])
    expect(isElsewhere(trees, chunk(11).id)).toBe(false)
    expect(hasPlace(trees, chunk(11).id)).toBe(true)
  })

  it('counts lost packs that hold the same chunks all as lacking, until another one has them', async () => {
    const trees = open()
    const hold = (seed: number): Promise<FoldResult> =>
      fold(trees, {
        sequence: seed,
        added: [pack(seed)],
        payload: { operations: [], index: [{ pack: 0, chunks: [chunk(10)] }] },
      })
    const lost = [pack(1).id, pack(2).id]
    const lacking = (): Promise<unknown> =>
      trees.write({ flush: false }, (transaction) => withoutOther(transaction, lost))
    await hold(1)
    await hold(2)
    expect(await lacking()).toEqual(lost)
    await hold(3)
    expect(await lacking()).toEqual([])
  })

  it('tries the latest place first, and one that was found wrong last', async () => {
    const trees = open()
    for (const sequence of [1, 2, 3])
      await fold(trees, {
        sequence,
        added: [pack(sequence)],
        payload: { operations: [], index: [{ pack: 0, chunks: [chunk(11)] }] },
      })
    const order = (): number[] => placesOf(trees, chunk(11).id).map(({ claim }) => claim.sequence)
    expect(order()).toEqual([3, 2, 1])
    await trees.write({ flush: false }, (transaction) =>
      notePlace(transaction, chunk(11).id, {
        claim: { sequence: 3, position: 0 },
        position: 0,
        known: 'bad',
      }),
    )
    expect(order()).toEqual([2, 1, 3])
  })

  it('takes the places of a dropped pack, and gives them again when it is restored', async () => {
    const trees = open()
    const payload = { operations: [], index: [{ pack: 0, chunks: [chunk(11), chunk(12)] }] }
    await fold(trees, { sequence: 1, added: [pack(1)], payload })
    await fold(trees, {
      sequence: 2,
      added: [pack(2)],
      payload: { operations: [], index: [{ pack: 0, chunks: [chunk(11)] }] },
    })
    await trees.write({ flush: false }, (transaction) =>
      foldDrop(transaction, {
        header: { sequence: 3, at: 0, added: [], restored: [] },
        packs: [pack(1).id, pack(9).id],
      }),
    )
    expect(await table(trees)).toEqual(['2.0 pack 2 at 1002: 1'])
    expect(hasPlace(trees, chunk(12).id)).toBe(false)
    expect(placesOf(trees, chunk(11).id)).toHaveLength(1)
    await fold(trees, { sequence: 4, restored: [pack(1)], payload })
    expect(claimsOf(trees, pack(1).id)).toMatchObject([
      { place: { sequence: 4, position: 0 }, chunkCount: 2 },
    ])
    expect(chunksOf(trees, { sequence: 4, position: 0 })).toEqual([chunk(11), chunk(12)])
  })

  it('keeps earlier places when a pack is claimed again with another list', async () => {
    const trees = open()
    await fold(trees, {
      sequence: 1,
      added: [pack(1)],
      payload: { operations: [], index: [{ pack: 0, chunks: [chunk(11)] }] },
    })
    await fold(trees, {
      sequence: 2,
      added: [pack(1)],
      payload: { operations: [], index: [{ pack: 0, chunks: [chunk(12)] }] },
    })
    expect(placesOf(trees, chunk(11).id)).toHaveLength(1)
    expect(claimsOf(trees, pack(1).id).map(({ place }) => place.sequence)).toEqual([1, 2])
    await trees.write({ flush: false }, (transaction) =>
      foldDrop(transaction, { header: { sequence: 3, at: 0, added: [], restored: [] }, packs: [pack(1).id] }),
    )
    expect(await table(trees)).toEqual([])
    expect(hasPlace(trees, chunk(11).id) || hasPlace(trees, chunk(12).id)).toBe(false)
  })

  it('claims the packs of a checkpoint with its index, and those of a payload without', async () => {
    const trees = open()
    await trees.write({ flush: false }, (transaction) => {
      const header = { sequence: 1, at: 5, added: [pack(1), pack(2)], restored: [] }
      foldOther(transaction, { header, index: [{ pack: 0, chunks: [chunk(11)] }], own: true })
    })
    expect(await table(trees)).toEqual(['1.0 pack 1 at 5: 1', '1.1 pack 2 at 5: 0'])
    expect(ownPlaceOf(trees, chunk(11).id)).toBeDefined()
    expect(foldedSequence(trees)).toBe(1)
  })
})
