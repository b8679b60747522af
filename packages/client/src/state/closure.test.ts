import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Action, Traits } from '../sync/action.ts'
import { asName, type Name } from '../sync/name.ts'
import { plan } from '../sync/plan.ts'
import {
  rootId,
  type Columns,
  type Content,
  type LocalRow,
  type NodeId,
  type NodeValue,
  type Row,
} from '../sync/tree.ts'
import { closureAround, closureOf, nextSeeds } from './closure.ts'
import { MemoryDisk } from './state-store-memory.ts'
import { TreesStore } from './trees-store.ts'

const id = (text: string): NodeId => text as NodeId
const file = (seed = 0): NodeValue => ({
  kind: 'file',
  mode: 0o644,
  mtimeNs: 0n,
  sizeBytes: 1,
  content: Uint8Array.of(0, ...Array<number>(32).fill(seed)) as Content,
})
const directory: NodeValue = { kind: 'directory', mode: 0o755 }
const row = (parent: string, as: string, value: NodeValue = directory): Row => ({
  parent: id(parent),
  name: asName(as) as Name,
  value,
})
const seen = (from: Row): LocalRow => ({
  ...from,
  stamp: { dev: 1n, ino: 1n, ctimeNs: 0n, mtimeNs: 0n, sizeBytes: 1, mode: 0 },
})
/** A row, the same in all of these columns. */
const same = (from: Row, columns = 'blr'): Columns => ({
  ...(columns.includes('b') && { base: from }),
  ...(columns.includes('l') && { local: seen(from) }),
  ...(columns.includes('r') && { remote: from }),
})

async function treesOf(rows: Record<string, Columns>): Promise<TreesStore> {
  const trees = TreesStore.open(new MemoryDisk().open())
  await trees.write({ flush: false }, (transaction) => {
    for (const [key, { base, local, remote }] of Object.entries(rows)) {
      transaction.set('base', id(key), base)
      transaction.set('local', id(key), local)
      transaction.set('remote', id(key), remote)
    }
  })
  return trees
}

async function nextClosure(
  trees: TreesStore,
  wanted: Parameters<typeof nextSeeds>[1] = {},
): Promise<{ rows: ReadonlyMap<NodeId, Columns>; last: NodeId; final: boolean } | undefined> {
  const next = await nextSeeds(trees, wanted)
  return next && { ...next, rows: await closureAround(trees, next.seeds) }
}

const cases: [string, Record<string, Columns>, string[]][] = [
  ['nothing when nothing differs', { '1.0': same(row('root', 'a')) }, []],
  [
    'a node with its ancestors, and not their other children',
    {
      '1.0': same(row('root', 'a')),
      '1.1': same(row('1.0', 'b')),
      '1.2': same(row('1.1', 'c'), 'r'),
      '1.3': same(row('1.1', 'd')),
      '1.4': same(row('1.0', 'e')),
    },
    ['1.0', '1.1', '1.2'],
  ],
  [
    'the ancestors of both places of a moved node, and not what is in it',
    {
      '1.0': same(row('root', 'a')),
      '1.1': same(row('root', 'b')),
      '1.2': { ...same(row('1.0', 'c'), 'bl'), remote: row('1.1', 'c') },
      '1.3': same(row('1.2', 'd')),
    },
    ['1.0', '1.1', '1.2'],
  ],
  [
    'what is new in a directory that was removed',
    {
      '1.0': same(row('root', 'a'), 'bl'),
      '1.1': same(row('1.0', 'b'), 'bl'),
      '~1': same(row('1.1', 'new', file()), 'l'),
    },
    ['1.0', '1.1', '~1'],
  ],
  [
    'who has the same name under another id',
    {
      '1.0': same(row('root', 'a', file(1)), 'r'),
      '~1': same(row('root', 'a', file(2)), 'l'),
      '1.1': same(row('root', 'b')),
    },
    ['1.0', '~1'],
  ],
  [
    'who has a name that is alike',
    {
      '1.0': same(row('root', 'Caf\u00e9', file(1)), 'r'),
      '2.0': same(row('root', 'CAFE\u0301', file(2))),
      '2.1': same(row('root', 'cafe', file(2))),
    },
    ['1.0', '2.0'],
  ],
  [
    'the same path below directories that may pair',
    {
      '1.0': same(row('root', 'd'), 'r'),
      '1.1': same(row('1.0', 'e'), 'r'),
      '1.2': same(row('1.1', 'f', file()), 'r'),
      '~1': same(row('root', 'd'), 'l'),
      '~2': same(row('~1', 'e'), 'l'),
      '~3': same(row('~2', 'f', file()), 'l'),
    },
    ['1.0', '1.1', '1.2', '~1', '~2', '~3'],
  ],
]

describe('the closure', () => {
  it.each(cases)('holds %s', async (_, rows, expected) => {
    const trees = await treesOf(rows)
    const batch = await nextClosure(trees)
    expect([...(batch?.rows.keys() ?? [])].sort()).toEqual(expected)
    for (const [key, columns] of batch?.rows ?? []) expect(columns).toEqual(trees.get(key))
  })

  it('finds pairs and directories from any one of them', async () => {
    const [, pairs] = cases.at(-1)!
    const trees = await treesOf(pairs)
    for (const seed of ['1.2', '~3'])
      expect([...(await closureOf(trees, [id(seed)])).keys()].sort()).toEqual(Object.keys(pairs).sort())
  })

  it('comes in batches of bounded seeds, each node once as a seed, also when new ones come meanwhile', async () => {
    const rows = Object.fromEntries(
      Array.from({ length: 25 }, (_, i) => [`1.${i}`, same(row('root', `n${i}`), 'r')]),
    )
    const trees = await treesOf(rows)
    const sizes: number[] = []
    let after: NodeId | undefined
    for (
      let batch = await nextClosure(trees, { seedsMax: 10 });
      batch;
      batch = await nextClosure(trees, { after, seedsMax: 10 })
    ) {
      sizes.push(batch.rows.size)
      after = batch.last
      await trees.write({ flush: false }, (transaction) =>
        transaction.set('remote', id('0.0'), row('root', 'zero')),
      )
      expect(batch.final).toBe(sizes.length === 3)
    }
    expect(sizes).toEqual([10, 10, 5])
  })

  it('does not grow with what there is', async () => {
    const rows: Record<string, Columns> = {}
    for (let i = 0; i < 3000; i += 1) rows[`1.${i}`] = same(row('root', `n${i}`, file()))
    rows['1.7'] = { ...same(row('root', 'n7', file()), 'bl'), remote: row('root', 'n7', file(1)) }
    expect([...(await nextClosure(await treesOf(rows)))!.rows.keys()]).toEqual(['1.7'])
  })
})

const anyTraits = fc.record({
  caseInsensitive: fc.boolean(),
  normalizesUnicode: fc.boolean(),
  nameBytesMax: fc.constant(255),
})

function planned(trees: TreesStore, rows: ReadonlyMap<NodeId, Columns>, traits: Traits): readonly Action[] {
  const taken = (parent: NodeId, name: Name): boolean =>
    (['base', 'local', 'remote'] as const).some((column) => trees.child(column, parent, name) !== undefined)
  return plan({ rows, taken, device: 'd', nowMs: 0, traits }).actions
}

const spot = fc.record({
  parent: fc.nat(12),
  name: fc.constantFrom('a', 'b', 'c', 'A', 'é', 'e\u0301'),
  dir: fc.boolean(),
  seed: fc.nat(1),
})
const change = fc.record({
  column: fc.constantFrom('local' as const, 'remote' as const),
  what: fc.constantFrom('remove', 'move', 'edit', 'create'),
  node: fc.nat(12),
  to: spot,
})
type Spot = typeof spot extends fc.Arbitrary<infer T> ? T : never
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** A tree that all agree on, then changed on each side by itself, so that each column stays a tree. */
async function diverged(spots: readonly Spot[], changes: readonly Change[]): Promise<TreesStore> {
  const trees = TreesStore.open(new MemoryDisk().open())
  await trees.write({ flush: false }, async (transaction) => {
    const side = { local: new Side(), remote: new Side() }
    for (const each of spots) {
      const key = id(`1.${side.local.rows.size}`)
      const made = side.local.put(key, each)
      if (made === undefined) continue
      side.remote.rows.set(key, made)
      transaction.set('base', key, made)
    }
    for (const [index, each] of changes.entries())
      side[each.column].change(each, id(each.column === 'local' ? `~${index + 1}` : `2.${index}`))
    for (const [key, made] of side.local.rows) transaction.set('local', key, seen(made))
    for (const [key, made] of side.remote.rows) transaction.set('remote', key, made)
    await Promise.resolve()
  })
  return trees
}

/** One column while it is made up. */
class Side {
  readonly rows = new Map<NodeId, Row>()

  put(key: NodeId, { parent, name, dir, seed }: Spot, value = dir ? directory : file(seed)): Row | undefined {
    const directories = [
      rootId,
      ...[...this.rows].flatMap(([at, made]) => (made.value.kind === 'directory' ? [at] : [])),
    ]
    const made = row(directories[parent % directories.length]!, name, value)
    if ([...this.rows.values()].some((other) => other.parent === made.parent && other.name === made.name))
      return undefined
    if (this.#isWithin(made.parent, key)) return undefined
    this.rows.set(key, made)
    return made
  }

  change({ what, node, to }: Change, fresh: NodeId): void {
    const key = [...this.rows.keys()][node % Math.max(1, this.rows.size)]
    const before = key === undefined ? undefined : this.rows.get(key)
    if (key === undefined || before === undefined || what === 'create') this.put(fresh, to)
    else if (what === 'move') this.put(key, to, before.value)
    else if (what === 'remove')
      for (const at of [...this.rows.keys()].filter((each) => this.#isWithin(each, key))) this.rows.delete(at)
    else if (before.value.kind === 'file') this.rows.set(key, { ...before, value: file(2 + to.seed) })
  }

  #isWithin(at: NodeId, above: NodeId): boolean {
    for (
      let key: NodeId | undefined = at;
      key !== undefined && key !== rootId;
      key = this.rows.get(key)?.parent
    )
      if (key === above) return true
    return false
  }
}

describe('the closure of all that differs', () => {
  it('gives the plan that all rows give', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(spot, { minLength: 3, maxLength: 10, size: 'max' }),
        fc.array(change, { minLength: 1, maxLength: 10, size: 'max' }),
        anyTraits,
        async (spots, changes, traits) => {
          const trees = await diverged(spots, changes)
          const whole = new Map<NodeId, Columns>()
          for await (const [key, columns] of trees.all()) whole.set(key, columns)
          const batch = await nextClosure(trees)
          expect(planned(trees, batch?.rows ?? new Map(), traits)).toEqual(planned(trees, whole, traits))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('gives in small batches nothing that the plan of all does not have for these nodes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(spot, { minLength: 3, maxLength: 10, size: 'max' }),
        fc.array(change, { minLength: 1, maxLength: 10, size: 'max' }),
        anyTraits,
        async (spots, changes, traits) => {
          const trees = await diverged(spots, changes)
          const all = (await nextClosure(trees))?.rows ?? new Map()
          const whole = new Set(planned(trees, all, traits).map(shown))
          const parts = new Set<string>()
          let after: NodeId | undefined
          for (
            let batch = await nextClosure(trees, { seedsMax: 1 });
            batch;
            batch = await nextClosure(trees, { after, seedsMax: 1 })
          ) {
            for (const action of planned(trees, batch.rows, traits)) parts.add(shown(action))
            after = batch.last
          }
          expect(parts).toEqual(whole)
        },
      ),
      { numRuns: 500 },
    )
  })
})

/** What an action does, without its paths: they say where things stand when its turn comes, and the turn is the plan's. */
function shown(action: Action): string {
  return JSON.stringify(action, (key, value: unknown) =>
    key === 'path' || key === 'from' ? undefined : typeof value === 'bigint' ? value.toString() : value,
  )
}
