import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closureAround, closureOf, nextSeeds } from '../state/closure.ts'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { TreesStore, type NodeEntry } from '../state/trees-store.ts'
import type { Commit, Plan, Traits } from '../sync/action.ts'
import type { Name, RelativePath } from '../sync/name.ts'
import { plan } from '../sync/plan.ts'
import { contentOf, directory, file, foldingTraits, plainTraits } from '../sync/plan-model.contract.ts'
import {
  nodeIdOf,
  provisionalId,
  rootId,
  type Column,
  type Columns,
  type LocalRow,
  type NodeId,
  type NodeValue,
  type Row,
  type Stamp,
} from '../sync/tree.ts'
import { arrivalsPlan } from './fresh-arrivals.ts'
import { freshCommits, freshPlan } from './fresh-commits.ts'
import { writeDown, type WaitingFile } from './waiting-files.ts'

const stamp: Stamp = { dev: 1n, ino: 1n, ctimeNs: 0n, mtimeNs: 1n, sizeBytes: 1, mode: 0o644 }
const unread: NodeValue = { ...file('x'), content: undefined } as NodeValue
const seen = (row: Row, as = stamp): LocalRow => ({ ...row, stamp: as })
/** What looks may see: of two files, and of the first one when each thing about it changed. */
const stamps: readonly Stamp[] = [
  stamp,
  { ...stamp, dev: 2n, ino: 7n, mtimeNs: 4_096n, mode: 0o755 },
  { ...stamp, ino: 2n },
  { ...stamp, ctimeNs: 9n },
  { ...stamp, mtimeNs: 9n },
  { ...stamp, sizeBytes: 9 },
  { ...stamp, mode: 0o600 },
]
const row = (parent: NodeId, name: string, value: NodeValue): Row => ({ parent, name: name as Name, value })

/** `asked`: what was seen before it was read; `after`: and at its end. */
function waiting(id: NodeId, asked = stamp, after = asked): WaitingFile {
  const path = String(id) as RelativePath
  const read = { outcome: 'read', content: contentOf(`of ${id}`), sizeBytes: 1, readyAfter: 0 } as const
  return { result: { file: { id, path, expected: undefined }, stamp: after, ...read }, asked }
}

async function treesOf(rows: ReadonlyMap<NodeId, Columns>): Promise<TreesStore> {
  const trees = TreesStore.open(new MemoryDisk().open())
  await trees.write({ flush: false }, (transaction) => {
    for (const [id, { base, local, remote }] of rows) {
      transaction.set('base', id, base)
      transaction.set('local', id, local)
      transaction.set('remote', id, remote)
    }
  })
  return trees
}

async function planned(trees: TreesStore, ready: readonly WaitingFile[], traits: Traits): Promise<unknown> {
  await writeDown(trees, ready)
  const rows = await closureOf(
    trees,
    ready.map(({ result }) => result.file.id),
  )
  const taken = (): boolean => false
  return plan({ rows, taken, device: 'here', nowMs: 0, traits })
}

/** What the planner says of all that differs. */
async function plannedAll(trees: TreesStore, seeds: readonly NodeEntry[], traits: Traits): Promise<Plan> {
  const rows = await closureAround(trees, seeds)
  return plan({ rows, taken: () => false, device: 'here', nowMs: 0, traits })
}

/** What differs, in batches that are cut off anywhere, each for disks of either kind. */
async function batchesOf(trees: TreesStore, seedsMax: number): Promise<[readonly NodeEntry[], Traits][]> {
  const batches: [readonly NodeEntry[], Traits][] = []
  let next = await nextSeeds(trees, { seedsMax })
  for (; next !== undefined; next = await nextSeeds(trees, { after: next.last, seedsMax }))
    for (const traits of [plainTraits, foldingTraits]) batches.push([next.seeds, traits])
  return batches
}

const whole = (actions: readonly Commit[]): unknown => ({ actions, conflicts: [], problems: [] })

const link: NodeValue = { kind: 'link', mtimeNs: 3n, target: Uint8Array.of(0x61) }

/** How a node stands in the three trees. Most are new here. */
const standings = [
  'new',
  'new',
  'new',
  'new',
  'agreed',
  'agreed',
  'there',
  'changed',
  'moved',
  'gone',
] as const
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'A', 'é', 'é', '.grenier', '.Grenier-moving-1']

interface Drawn {
  readonly standing: (typeof standings)[number]
  readonly isDirectory: boolean
  /** What a new one is, that is no directory. */
  readonly newValue?: NodeValue
  /** What one of the log is, that is no directory. */
  readonly thereValue?: NodeValue
  readonly parent: number
  readonly name: number
  readonly other: number
  readonly stamp: Stamp
}

const others = {
  isDirectory: fc.boolean(),
  parent: fc.nat(20),
  name: fc.nat(40),
  other: fc.nat(40),
  stamp: fc.constantFrom(...stamps),
}
const drawn = fc.record<Drawn>({ ...others, standing: fc.constantFrom(...standings) })

/** Looks that a reading came between, where they are others than the row's own. */
const otherLooks = fc.array(
  fc.record({
    asked: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(...stamps) },
    ),
    after: fc.option(fc.constantFrom(...stamps), { nil: undefined }),
  }),
  { maxLength: 14 },
)

/** Trees in which each name of a directory is one node's, in each column. */
class Drawing {
  readonly rows = new Map<NodeId, Columns>()
  /** With what the look at each saw. */
  readonly newFiles = new Map<NodeId, Stamp>()
  readonly #taken = new Set<string>()

  add(draw: Drawn, at: number): void {
    const {
      standing,
      isDirectory,
      newValue = unread,
      thereValue = file('x'),
      parent,
      name,
      other,
      stamp: as,
    } = draw
    const id = standing === 'new' ? provisionalId(at) : nodeIdOf(1, at)
    const value = isDirectory ? directory() : standing === 'new' ? newValue : thereValue
    const place = row(this.#parent(parent, standing), this.#name(name), value)
    const elsewhere = row(place.parent, this.#name(other), value)
    const changed = { ...place, value: directory(0o700) }
    const columns: Record<Drawn['standing'], Columns> = {
      new: { local: seen(place, as) },
      agreed: { base: place, local: seen(place, as), remote: place },
      there: { remote: place },
      changed: { base: place, local: seen(isDirectory ? changed : place, as), remote: place },
      moved: { base: place, local: seen(elsewhere, as), remote: place },
      gone: { base: place, remote: place },
    }
    if (this.#take(columns[standing])) this.rows.set(id, columns[standing])
    if (this.rows.has(id) && standing === 'new' && !isDirectory) this.newFiles.set(id, as)
  }

  /** A directory that all columns of the node have. */
  #parent(at: number, standing: Drawn['standing']): NodeId {
    const directories = [...this.rows].filter(
      ([, { base, local, remote }]) =>
        (local ?? remote)?.value.kind === 'directory' &&
        (standing === 'there' || local !== undefined) &&
        (standing === 'new' || remote !== undefined) &&
        (standing === 'new' || standing === 'there' || base !== undefined),
    )
    return [rootId, ...directories.map(([id]) => id)][at % (directories.length + 1)] ?? rootId
  }

  #name(at: number): string {
    return names[at] ?? `n${at}`
  }

  #take(columns: Columns): boolean {
    const slots = (['base', 'local', 'remote'] as Column[]).flatMap((column) => {
      const there = columns[column]
      return there === undefined ? [] : [`${column} ${there.parent} ${there.name}`]
    })
    if (slots.some((slot) => this.#taken.has(slot))) return false
    for (const slot of slots) this.#taken.add(slot)
    return true
  }
}

describe('a plan would say the same', () => {
  test('of random trees', async () => {
    let [direct, seenSince] = [0, 0]
    const draws = fc.array(drawn, { minLength: 1, maxLength: 14 })
    await fc.assert(
      fc.asyncProperty(draws, fc.nat(), otherLooks, async (nodes, which, others) => {
        const drawing = new Drawing()
        for (const [at, draw] of nodes.entries()) drawing.add(draw, at + 1)
        const ids = [...drawing.newFiles].filter((_, at) => ((which >> at) & 3) === 0)
        // In any order.
        const ready = (which % 2 === 0 ? ids : ids.toReversed()).map(([id, as], at) =>
          waiting(id, others[at]?.asked ?? as, others[at]?.after ?? as),
        )
        const isSeenSince = ready.some(({ result, asked }) => asked !== drawing.newFiles.get(result.file.id))
        const trees = await treesOf(drawing.rows)
        const fresh = freshCommits(trees, ready)
        if (isSeenSince) {
          seenSince += 1
          expect(fresh).toBeUndefined()
        }
        if (fresh === undefined) return
        if (fresh.length > 0) direct += 1
        expect(await planned(trees, ready, plainTraits)).toEqual(whole(fresh))
        expect(await planned(trees, ready, foldingTraits)).toEqual(whole(fresh))
      }),
      { numRuns: 1500 },
    )
    // The others are for a plan: what is compared must be more than a few.
    expect(direct).toBeGreaterThan(200)
    expect(seenSince).toBeGreaterThan(50)
  })

  test('of all that differs, in random trees that are mostly new', async () => {
    const mostlyNew = fc.record({
      ...others,
      standing: fc.oneof(
        { weight: 30, arbitrary: fc.constantFrom<Drawn['standing'][]>('new', 'new', 'agreed') },
        { weight: 1, arbitrary: fc.constantFrom(...standings) },
      ),
      newValue: fc.constantFrom(unread, unread, file('y'), link),
    })
    let [direct, planned] = [0, 0]
    await fc.assert(
      fc.asyncProperty(
        fc.array(mostlyNew, { minLength: 1, maxLength: 14 }),
        fc.nat(8),
        async (draws, few) => {
          const drawing = new Drawing()
          for (const [at, draw] of draws.entries()) drawing.add(draw, at + 1)
          const trees = await treesOf(drawing.rows)
          // Batches that are cut off anywhere.
          let after: NodeId | undefined
          for (;;) {
            const next = await nextSeeds(trees, { after, seedsMax: few + 1 })
            if (next === undefined) break
            after = next.last
            const fresh = freshPlan(trees, next.seeds)
            if (fresh === undefined) planned += 1
            else {
              direct += 1
              expect(await plannedAll(trees, next.seeds, plainTraits)).toEqual(fresh)
              expect(await plannedAll(trees, next.seeds, foldingTraits)).toEqual(fresh)
            }
          }
        },
      ),
      { numRuns: 1500 },
    )
    expect(Math.min(direct, planned)).toBeGreaterThan(200)
  })

  test('of all that differs, in random trees that are mostly new in the log', async () => {
    const mostlyThere = fc.record({
      ...others,
      standing: fc.oneof(
        { weight: 30, arbitrary: fc.constantFrom<Drawn['standing'][]>('there', 'there', 'agreed') },
        { weight: 1, arbitrary: fc.constantFrom(...standings) },
      ),
      thereValue: fc.constantFrom(file('x'), file('y'), link),
      // Some are older than the directories that they are in.
      age: fc.nat(40),
    })
    let [direct, planned, mixed] = [0, 0, 0]
    await fc.assert(
      fc.asyncProperty(
        fc.array(mostlyThere, { minLength: 1, maxLength: 14 }),
        fc.nat(8),
        async (draws, few) => {
          const drawing = new Drawing()
          for (const [at, draw] of draws.entries()) drawing.add(draw, draw.age * 20 + at + 1)
          const trees = await treesOf(drawing.rows)
          for (const [seeds, traits] of await batchesOf(trees, few + 1)) {
            const arrivals = arrivalsPlan(trees, seeds, traits)
            if (arrivals === undefined) {
              planned += 1
              continue
            }
            direct += 1
            if (arrivals.actions.length > seeds.length) mixed += 1
            expect(await plannedAll(trees, seeds, traits)).toEqual(arrivals)
          }
        },
      ),
      { numRuns: 1500 },
    )
    expect(Math.min(direct, planned)).toBeGreaterThan(200)
    expect(mixed).toBeGreaterThan(50)
  })

  test('of a tree that is new in the log and deeper than is followed', async () => {
    const rows = new Map<NodeId, Columns>()
    for (let depth = 1; depth <= 150; depth += 1) {
      const parent = depth === 1 ? rootId : nodeIdOf(1, depth - 1)
      rows.set(nodeIdOf(1, depth), { remote: row(parent, `d${depth}`, directory()) })
    }
    const trees = await treesOf(rows)
    const seedsOf = (count: number): NodeEntry[] => [...rows].slice(0, count)
    expect(arrivalsPlan(trees, seedsOf(90), plainTraits)).toEqual(
      await plannedAll(trees, seedsOf(90), plainTraits),
    )
    expect(arrivalsPlan(trees, seedsOf(150), plainTraits)).toBeUndefined()
    expect(arrivalsPlan(trees, [...rows].slice(-1), plainTraits)).toBeUndefined()
  })

  test('of a tree that is new in the log, but not of what this disk cannot hold', async () => {
    const [outer, inner, one] = [nodeIdOf(3, 0), nodeIdOf(1, 0), nodeIdOf(2, 0)]
    const named = (name: string): ReadonlyMap<NodeId, Columns> =>
      new Map<NodeId, Columns>([
        [outer, { remote: row(rootId, 'outer', directory()) }],
        [inner, { remote: row(outer, 'inner', directory()) }],
        [one, { remote: row(inner, name, file('x')) }],
      ])
    const planOf = async (name: string): Promise<Plan | undefined> => {
      const trees = await treesOf(named(name))
      const seeds = [...named(name)].filter(([id]) => id === one)
      const arrivals = arrivalsPlan(trees, seeds, plainTraits)
      if (arrivals !== undefined) expect(arrivals).toEqual(await plannedAll(trees, seeds, plainTraits))
      return arrivals
    }
    const held = await planOf('n'.repeat(plainTraits.nameBytesMax))
    expect(held?.actions.map((action) => 'path' in action && action.path.slice(0, 13))).toEqual([
      'outer',
      'outer/inner',
      'outer/inner/n',
    ])
    expect(await planOf('n'.repeat(plainTraits.nameBytesMax + 1))).toBeUndefined()
  })

  test('of a new tree, whose directories come first', async () => {
    const [outer, inner, one, two] = [provisionalId(4), provisionalId(2), provisionalId(1), provisionalId(3)]
    const rows = new Map<NodeId, Columns>([
      [outer, { local: seen(row(rootId, 'outer', directory())) }],
      [inner, { local: seen(row(outer, 'inner', directory())) }],
      [one, { local: seen(row(inner, 'one', unread)) }],
      [two, { local: seen(row(outer, 'two', unread)) }],
    ])
    const trees = await treesOf(rows)
    const ready = [waiting(two), waiting(one)]
    const fresh = freshCommits(trees, ready) ?? []
    expect(fresh.map(({ path }) => path)).toEqual(['outer', 'outer/inner', 'outer/inner/one', 'outer/two'])
    expect(await planned(trees, ready, plainTraits)).toEqual(whole(fresh))
  })
})

describe('only a plan can tell', () => {
  const lone = seen(row(rootId, 'a', unread))
  const cases: [string, [NodeId, Columns][], Stamp?][] = [
    ['when the file was looked at since', [[provisionalId(1), { local: lone }]], { ...stamp, ctimeNs: 5n }],
    ['when the file is gone', []],
    ['when the log has the file', [[provisionalId(1), { local: lone, remote: row(rootId, 'a', file('y')) }]]],
    ['when it was agreed on', [[provisionalId(1), { local: lone, base: row(rootId, 'a', file('y')) }]]],
    [
      'when the log has another one of that name',
      [
        [provisionalId(1), { local: lone }],
        [nodeIdOf(1, 0), { remote: row(rootId, 'a', file('y')) }],
      ],
    ],
    [
      'when another one has a name that some disks take for it',
      [
        [provisionalId(1), { local: lone }],
        [provisionalId(2), { local: seen(row(rootId, 'A', unread)) }],
      ],
    ],
    [
      'when its directory changed',
      [
        [
          nodeIdOf(1, 0),
          {
            base: row(rootId, 'd', directory()),
            local: seen(row(rootId, 'd', directory(0o700))),
            remote: row(rootId, 'd', directory()),
          },
        ],
        [provisionalId(1), { local: seen(row(nodeIdOf(1, 0), 'a', unread)) }],
      ],
    ],
    [
      'when the log has a directory where it is',
      [
        [provisionalId(2), { local: seen(row(rootId, 'd', directory())) }],
        [nodeIdOf(1, 0), { remote: row(rootId, 'd', directory()) }],
        [provisionalId(1), { local: seen(row(provisionalId(2), 'a', unread)) }],
      ],
    ],
    ['when the name is reserved', [[provisionalId(1), { local: seen(row(rootId, '.grenier', unread)) }]]],
  ]

  test.each(cases)('%s', async (_, rows, asked = stamp) => {
    const trees = await treesOf(new Map(rows))
    expect(freshCommits(trees, [waiting(provisionalId(1), asked)])).toBeUndefined()
  })
})
