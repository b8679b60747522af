import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { doubtsOf, type Doubts } from '../sync/brake.ts'
import { asName, type Name, type RelativePath } from '../sync/name.ts'
import {
  rootId,
  sameRow,
  type Columns,
  type Content,
  type LocalRow,
  type NodeId,
  type Row,
} from '../sync/tree.ts'
import { likenessOf } from '../sync/likeness.ts'
import { idKey } from './state-keys.ts'
import type { StateWrite } from './state-store.ts'
import { MemoryDisk } from './state-store-memory.ts'
import { TreesStore } from './trees-store.ts'
import type { Transaction } from './trees-transaction.ts'

const name = (text: string): Name => asName(text)!
const id = (text: string): NodeId => text as NodeId
const file = (parent: string, as: string, seed = 0): Row => ({
  parent: id(parent),
  name: name(as),
  value: {
    kind: 'file',
    mode: 0o644,
    mtimeNs: -5n,
    sizeBytes: 7,
    content: Uint8Array.of(0, ...Array<number>(32).fill(seed)) as Content,
  },
})
const dir = (parent: string, as: string): Row => ({
  parent: id(parent),
  name: name(as),
  value: { kind: 'directory', mode: 0o755 },
})
const seen = (row: Row, ino: bigint): LocalRow => ({
  ...row,
  stamp: { dev: 2n ** 63n, ino, ctimeNs: 10n ** 20n, mtimeNs: -5n, sizeBytes: 7, mode: 0o644 },
})

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const value of values) out.push(value)
  return out
}

const open = (): TreesStore => TreesStore.open(new MemoryDisk().open())

describe('the trees', () => {
  it('show a commit from the moment it is called, and an abandoned transaction never', async () => {
    const trees = open()
    const first = await trees.begin()
    first.set('remote', id('1.0'), file('root', 'a'))
    expect(trees.get(id('1.0'))).toBeUndefined()
    expect(first.get(id('1.0'))).toEqual({ remote: file('root', 'a') })
    const committed = first.commit({ flush: false })
    expect(trees.get(id('1.0'))).toEqual({ remote: file('root', 'a') })
    expect(trees.child('remote', rootId, name('a'))).toBe('1.0')
    await committed
    const second = await trees.begin()
    second.set('remote', id('1.0'), undefined)
    second.abandon()
    expect(trees.get(id('1.0'))).toEqual({ remote: file('root', 'a') })
  })

  it('let one transaction in at a time', async () => {
    const trees = open()
    const first = await trees.begin()
    const order: string[] = []
    const second = trees.write({ flush: false }, (transaction) => {
      order.push('second')
      expect(transaction.get(id('1.0'))).toBeDefined()
    })
    order.push('first')
    first.set('remote', id('1.0'), file('root', 'a'))
    await first.commit({ flush: false })
    await second
    expect(order).toEqual(['first', 'second'])
  })

  it('go on after work that threw', async () => {
    const trees = open()
    const failed = trees.write({ flush: false }, () => Promise.reject(new Error('no')))
    await expect(failed).rejects.toThrow('no')
    await trees.write({ flush: false }, (transaction) =>
      transaction.set('remote', id('1.0'), file('root', 'a')),
    )
    expect(trees.find('remote', 'a' as RelativePath)).toBe('1.0')
  })

  it('know nothing any more after a write that failed', async () => {
    const disk = new MemoryDisk()
    const trees = TreesStore.open(disk.open())
    const transaction = await trees.begin()
    transaction.set('remote', id('1.0'), file('root', 'a'))
    const commit = transaction.commit({ flush: true })
    disk.crash()
    await expect(commit).rejects.toMatchObject({ code: 'interrupted' })
    expect(() => trees.get(id('1.0'))).toThrow(expect.objectContaining({ code: 'state-broken' }))
    await expect(trees.begin()).rejects.toMatchObject({ code: 'state-broken' })
  })

  it('give the store many commits at once, and all of them before one that is durable', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    const batches: number[] = []
    const counting = {
      ...{ get: (key: string) => store.get(key), range: store.range.bind(store), close: () => store.close() },
      batch: (writes: readonly StateWrite[], options: { flush: boolean }) => {
        batches.push(writes.length)
        return store.batch(writes, options)
      },
    }
    const trees = TreesStore.open(counting)
    const put = (seed: number, flush: boolean): Promise<void> =>
      trees.write({ flush }, (transaction) => transaction.set('remote', id('1.0'), file('root', 'a', seed)))
    for (let seed = 0; seed < 9; seed += 1) await put(seed, false)
    expect(batches).toEqual([])
    expect(trees.get(id('1.0'))).toEqual({ remote: file('root', 'a', 8) })
    await put(9, true)
    // The row, the name, and what the trees know besides.
    expect(batches).toEqual([3])
    disk.crash()
    expect(TreesStore.open(disk.open()).get(id('1.0'))).toEqual({ remote: file('root', 'a', 9) })
  })

  it('flush nothing where all is durable, and all where anything is not', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    const flushes: boolean[] = []
    const trees = TreesStore.open({
      ...{ get: (key: string) => store.get(key), range: store.range.bind(store), close: () => store.close() },
      batch: (writes: readonly StateWrite[], options: { flush: boolean }) => {
        flushes.push(options.flush)
        return store.batch(writes, options)
      },
    })
    const put = (seed: number, flush: boolean): Promise<void> =>
      trees.write({ flush }, (transaction) => transaction.set('remote', id('1.0'), file('root', 'a', seed)))
    const flush = (): Promise<void> => trees.write({ flush: true }, () => undefined)
    // What was there when it was opened may not be durable yet.
    await flush()
    expect(flushes).toEqual([true])
    await put(1, true)
    await flush()
    expect(flushes).toEqual([true, true])
    await put(2, false)
    await flush()
    expect(flushes).toEqual([true, true, true])
    await put(3, false)
    await trees.settled()
    await flush()
    expect([flushes, disk.unflushedBatches]).toEqual([[true, true, true, false, true], 0])
    await trees.write({ flush: true }, (transaction) => transaction.provisional())
    await put(4, false)
    const [landed] = await Promise.all([trees.settled(), flush()])
    expect([landed, disk.unflushedBatches]).toEqual([undefined, 0])
    disk.crash(Infinity)
    expect(TreesStore.open(disk.open()).get(id('1.0'))).toEqual({ remote: file('root', 'a', 4) })
  })

  it('hold on to nothing of the store once a listing is left early', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    const trees = TreesStore.open(store)
    for (const node of ['1.0', '1.1', '1.2'])
      await trees.write({ flush: false }, (transaction) => {
        transaction.set('remote', id(node), file('root', node))
        if (node !== '1.1') transaction.set('base', id(node), file('root', node))
        if (node !== '1.1') transaction.set('local', id(node), seen(file('root', node), BigInt(node.at(-1)!)))
      })
    for (const listing of [() => trees.all(), () => trees.differing()])
      for await (const [node] of listing()) {
        expect(node).toMatch(/^1\./)
        break
      }
    await store.close()
    expect(disk.leftOpen).toBe(0)
  })

  it('give the store what was gathered when told, or when a listing needs it', async () => {
    const disk = new MemoryDisk()
    const trees = TreesStore.open(disk.open())
    const put = (node: string): Promise<void> =>
      trees.write({ flush: false }, (transaction) => transaction.set('remote', id(node), file('root', node)))
    await put('1.0')
    expect((await all(trees.differing())).map(([node]) => node)).toEqual(['1.0'])
    await put('1.1')
    await trees.settled()
    disk.crash(Infinity)
    const again = TreesStore.open(disk.open())
    expect((await all(again.all())).map(([node]) => node)).toEqual(['1.0', '1.1'])
    expect(again.differingCount).toBe(2)
  })

  it('find nodes by path, give paths, and tell the trees apart', async () => {
    const trees = open()
    await trees.write({ flush: false }, (transaction) => {
      transaction.set('remote', id('1.0'), dir('root', 'd'))
      transaction.set('remote', id('1.1'), file('1.0', 'Ünï \x01'))
      transaction.set('base', id('1.1'), file('root', 'elsewhere'))
    })
    const path = 'd/Ünï \x01' as RelativePath
    expect(trees.find('remote', path)).toBe('1.1')
    expect(trees.pathOf('remote', id('1.1'))).toBe(path)
    expect(trees.pathOf('base', id('1.1'))).toBe('elsewhere')
    expect(trees.pathOf('local', id('1.1'))).toBeUndefined()
    expect(trees.find('base', path)).toBeUndefined()
    expect(trees.find('remote', '' as RelativePath)).toBe(rootId)
    expect(trees.find('remote', 'd//x' as RelativePath)).toBeUndefined()
  })

  it('swap two names in either order', async () => {
    const trees = open()
    await trees.write({ flush: false }, (transaction) => {
      transaction.set('remote', id('1.0'), file('root', 'a'))
      transaction.set('remote', id('1.1'), file('root', 'b'))
    })
    await trees.write({ flush: false }, (transaction) => {
      transaction.set('remote', id('1.0'), file('root', 'b'))
      transaction.set('remote', id('1.1'), file('root', 'a'))
    })
    expect(trees.child('remote', rootId, name('a'))).toBe('1.1')
    expect(trees.child('remote', rootId, name('b'))).toBe('1.0')
  })

  it('give a provisional node its id in the log, with its children and its inode', async () => {
    const trees = open()
    const [d, f] = await trees.write({ flush: false }, (transaction) => {
      const ids = [transaction.provisional(), transaction.provisional()] as const
      transaction.set('local', ids[0], seen(dir('root', 'd'), 1n))
      transaction.set('local', ids[1], seen(file(ids[0], 'f'), 2n))
      return ids
    })
    await trees.write({ flush: false }, async (transaction) => {
      await transaction.rename(d, id('5.0'))
      await transaction.rename(f, id('5.1'))
    })
    expect(trees.get(d)).toBeUndefined()
    expect(trees.find('local', 'd/f' as RelativePath)).toBe('5.1')
    expect(trees.byInode(2n ** 63n, 1n)).toBe('5.0')
    expect(trees.byInode(2n ** 63n, 2n)).toBe('5.1')
    expect(trees.differingCount).toBe(2)
  })

  it('know an inode that vanished while base has the node, and forget it with base', async () => {
    const trees = open()
    const set = (local: LocalRow | undefined, base: Row | undefined): Promise<void> =>
      trees.write({ flush: false }, (transaction) => {
        transaction.set('local', id('1.0'), local)
        transaction.set('base', id('1.0'), base)
      })
    await set(seen(file('root', 'a'), 9n), file('root', 'a'))
    await set(undefined, file('root', 'a'))
    expect(trees.byInode(2n ** 63n, 9n)).toBe('1.0')
    await set(undefined, undefined)
    expect(trees.byInode(2n ** 63n, 9n)).toBeUndefined()
  })

  it('follow a file that was written anew under another inode', async () => {
    const trees = open()
    for (const ino of [3n, 4n])
      await trees.write({ flush: false }, (transaction) =>
        transaction.set('local', id('1.0'), seen(file('root', 'a'), ino)),
      )
    expect(trees.byInode(2n ** 63n, 3n)).toBeUndefined()
    expect(trees.byInode(2n ** 63n, 4n)).toBe('1.0')
  })

  it('find names that are alike under case folding and normalization', async () => {
    const trees = open()
    const names = ['Straße', 'STRASSE', 'strasse', 'e\u0301t\u00e9', '\u00c9T\u00c9', 'other']
    await trees.write({ flush: false }, (transaction) =>
      names.forEach((each, index) => transaction.set('remote', id(`1.${index}`), file('root', each))),
    )
    expect([...trees.namesLike(rootId, name('sTRASSE'))].sort()).toEqual(['STRASSE', 'Straße', 'strasse'])
    expect(trees.namesLike(rootId, name('\u00e9t\u00e9'))).toHaveLength(2)
    expect(trees.namesLike(rootId, name('other'))).toEqual(['other'])
    expect(trees.namesLike(rootId, name('nobody'))).toEqual([])
    await trees.write({ flush: false }, (transaction) => transaction.set('remote', id('1.1'), undefined))
    expect([...trees.namesLike(rootId, name('strasse'))].sort()).toEqual(['Straße', 'strasse'])
  })

  it('read back every kind of row as it was written, after opening again', async () => {
    const disk = new MemoryDisk()
    const store = disk.open()
    const raw = String.fromCharCode(0xdcff, 0xdc80)
    const rows: Columns = {
      base: {
        parent: id('~35'),
        name: name(raw),
        value: { kind: 'link', mtimeNs: 2n ** 70n, target: Uint8Array.of(0xff) },
      },
      local: seen(
        {
          ...file('root', 'x'),
          value: { kind: 'file', mode: 0, mtimeNs: 0n, sizeBytes: 2 ** 40, content: undefined },
        },
        1n,
      ),
      remote: file('9007199254740990.65535', 'y'),
    }
    await TreesStore.open(store).write({ flush: true }, (transaction) => {
      transaction.set('base', id('7.7'), rows.base)
      transaction.set('local', id('7.7'), rows.local)
      transaction.set('remote', id('7.7'), rows.remote)
    })
    expect(TreesStore.open(store).get(id('7.7'))).toEqual(rows)
  })
})

/** A change of one row; `row` picks a place, 0 takes it away. */
const step = fc.record({
  column: fc.constantFrom('base' as const, 'local' as const, 'remote' as const),
  node: fc.nat(7),
  parent: fc.nat(3),
  as: fc.constantFrom('a', 'A', 'b', 'é', 'É', 'z'),
  content: fc.nat(1),
  gone: fc.integer({ min: 0, max: 3 }).map((roll) => roll === 0),
  ino: fc.bigInt({ min: 1n, max: 4n }),
})
const ids = ['root', '1.0', '1.10', '2.1', '12.0', '~1', '~2', '~40'].map(id)
const runs = fc.array(
  fc.record({
    steps: fc.array(step, { maxLength: 6 }),
    end: fc.constantFrom('commit', 'abandon'),
    flush: fc.boolean(),
    settles: fc.integer({ min: 0, max: 3 }).map((roll) => roll === 0),
  }),
  { maxLength: 8 },
)

type Model = Map<NodeId, { base?: Row; local?: LocalRow; remote?: Row }>

describe('the trees beside a naive model', () => {
  it('give the same rows, children, differing set and counts, before and after a crash', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.nat(8), async (all, kept) => {
        const disk = new MemoryDisk()
        const trees = TreesStore.open(disk.open(), { cacheBytes: 2000, gatheredRowsMax: 12 })
        const history: Model[] = [new Map() as Model]
        let flushed = 0
        for (const { steps, end, flush, settles } of all) {
          const model: Model = new Map([...history.at(-1)!].map(([node, columns]) => [node, { ...columns }]))
          const transaction = await trees.begin()
          for (const each of steps) applyStep(model, transaction, each)
          await expectSame(transaction, model)
          if (end === 'abandon') transaction.abandon()
          else {
            await transaction.commit({ flush })
            history.push(model)
            if (flush) flushed = history.length - 1
          }
          if (settles) await trees.settled()
          await expectSame(trees, history.at(-1)!)
        }
        disk.crash(kept)
        const again = TreesStore.open(disk.open())
        const survived = history.slice(flushed).find((model) => isSame(again, model))
        if (survived === undefined) throw new Error('not a state that was')
        await expectSame(again, survived)
        await expectWhole(again, survived)
      }),
      { numRuns: 150 },
    )
  })
})

function isSame(trees: TreesStore, model: Model): boolean {
  return ids.slice(1).every((node) => isDeepStrictEqual(trees.get(node) ?? {}, model.get(node) ?? {}))
}

/** Keeps names unique in each tree, as callers must. */
function applyStep(
  model: Model,
  transaction: Transaction,
  each: typeof step extends fc.Arbitrary<infer T> ? T : never,
): void {
  const { column, gone } = each
  const node = ids[1 + (each.node % 7)]!
  const row = file(ids[each.parent]!, each.as, each.content)
  const taken = [...model].some(
    ([other, columns]) =>
      other !== node && columns[column]?.parent === row.parent && columns[column].name === row.name,
  )
  if (taken && !gone) return
  const columns = model.get(node) ?? {}
  if (gone && column === 'base') delete columns.base
  else if (gone && column === 'local') delete columns.local
  else if (gone) delete columns.remote
  else if (column === 'local') columns.local = seen(row, each.ino)
  else columns[column] = row
  if (Object.keys(columns).length === 0) model.delete(node)
  else model.set(node, columns)
  if (column === 'local') transaction.set('local', node, gone ? undefined : seen(row, each.ino))
  else transaction.set(column, node, gone ? undefined : row)
}

async function expectSame(trees: TreesStore | Transaction, model: Model): Promise<void> {
  for (const node of ids.slice(1)) expect(trees.get(node)).toEqual(model.get(node))
  for (const column of ['base', 'local', 'remote'] as const)
    for (const parent of ids) {
      const children = [...model]
        .flatMap(([node, columns]) =>
          columns[column]?.parent === parent ? [{ name: columns[column].name, id: node }] : [],
        )
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      expect(await all(trees.children(column, parent))).toEqual(children)
      for (const child of children) expect(trees.child(column, parent, child.name)).toBe(child.id)
    }
  for (const parent of ids) {
    const rows = [...model.values()].flatMap((columns) => Object.values(columns) as Row[])
    const names = new Set(rows.filter((row) => row.parent === parent).map((row) => row.name))
    for (const like of ['a', 'é', 'z'])
      expect([...trees.namesLike(parent, name(like))].sort()).toEqual(
        [...names].filter((each) => likenessOf(each) === like).sort(),
      )
  }
}

async function expectWhole(trees: TreesStore, model: Model): Promise<void> {
  const inOrder = [...model].sort(([a], [b]) => (idKey(a) < idKey(b) ? -1 : 1))
  expect(await all(trees.all())).toEqual(inOrder)
  const differing = inOrder.filter(
    ([, { base, local, remote }]) =>
      !(base && local && remote && sameRow(base, local) && sameRow(base, remote)),
  )
  expect(await all(trees.differing())).toEqual(differing)
  expect(trees.differingCount).toBe(differing.length)
  const doubts = [...model.values()].map(doubtsOf)
  const sum = (of: (one: Doubts) => number): number => doubts.reduce((total, one) => total + of(one), 0)
  expect(trees.doubts).toEqual({
    files: sum(({ files }) => files),
    here: sum(({ here }) => here),
    there: sum(({ there }) => there),
  })
  const files = [...model.values()].flatMap(({ remote }) =>
    remote === undefined || remote.value.kind === 'directory' ? [] : [remote.value],
  )
  const bytes = files.reduce(
    (total, value) => total + BigInt(value.kind === 'file' ? value.sizeBytes : 0),
    0n,
  )
  expect(await trees.held()).toEqual({ files: files.length, bytes })
  const [first] = differing
  if (first) expect(await all(trees.differing({ after: first[0], limit: 1 }))).toEqual(differing.slice(1, 2))
}
