// What is new here becomes what the log has in one step; the way over single rows is the measure of it.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { asName, type Name } from '../sync/name.ts'
import { rootId, type Content, type LocalRow, type NodeId, type NodeValue, type Row } from '../sync/tree.ts'
import { MemoryDisk } from './state-store-memory.ts'
import type { StateStore } from './state-store.ts'
import { TreesStore } from './trees-store.ts'
import type { Transaction } from './trees-transaction.ts'

const from = '~0' as NodeId
const to = '7.0' as NodeId
const other = '3.0' as NodeId
const names = ['f', 'F', 'É'].map((text) => asName(text)).filter((name): name is Name => name !== undefined)
const contentOf = (seed: number): Content => new Uint8Array(33).fill(seed, 1) as Content
const unread: NodeValue = { kind: 'file', mode: 0o644, mtimeNs: 5n, sizeBytes: 1, content: undefined }
const values: readonly NodeValue[] = [
  { kind: 'file', mode: 0o644, mtimeNs: 5n, sizeBytes: 1, content: contentOf(1) },
  { kind: 'file', mode: 0o600, mtimeNs: 6n, sizeBytes: 1, content: contentOf(2) },
  { kind: 'link', mtimeNs: 5n, target: Uint8Array.of(1) },
  { kind: 'directory', mode: 0o755 },
]

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constant(names[0]!) },
  { weight: 1, arbitrary: fc.constantFrom(...names) },
)
const parent = fc.oneof(
  { weight: 6, arbitrary: fc.constant(rootId) },
  { weight: 1, arbitrary: fc.constant(other) },
)
const row: fc.Arbitrary<Row> = fc.record({ parent, name, value: fc.constantFrom(...values) })
const local: fc.Arbitrary<LocalRow> = fc
  .tuple(row, fc.bigInt(1n, 2n), fc.boolean())
  .map(([at, ino, isUnread]) => ({
    ...at,
    value: isUnread ? unread : at.value,
    stamp: { dev: 1n, ino, ctimeNs: 1n, mtimeNs: 5n, sizeBytes: 1, mode: 0o644 },
  }))
interface Rows {
  readonly base?: Row | undefined
  readonly local?: LocalRow | undefined
  readonly remote?: Row | undefined
}
const seldom = { freq: 6, nil: undefined }
const often = { freq: 1, nil: undefined }
/** `most`: the one row that a node mostly has. */
const node = (most: 'local' | 'remote'): fc.Arbitrary<Rows> =>
  fc
    .record({
      base: fc.option(row, often),
      local: fc.option(local, most === 'local' ? seldom : often),
      remote: fc.option(row, most === 'remote' ? seldom : often),
      bare: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ bare, ...columns }) => (bare === 0 ? columns : { [most]: columns[most] }))

/** A store of one node that the log is about to name, and another one that may stand in its way. */
async function storeOf(
  here: Rows,
  there: Rows,
  besides: Rows,
): Promise<{ store: StateStore; trees: TreesStore }> {
  const store = new MemoryDisk().open()
  const trees = TreesStore.open(store)
  await trees.write({ flush: false }, (transaction) => {
    transaction.provisional()
    for (const [id, columns] of [
      [other, besides],
      [from, here],
    ] as const)
      write(transaction, id, columns)
  })
  await trees.settled()
  await trees.write({ flush: false }, (transaction) => {
    write(transaction, to, there)
  })
  return { store, trees }
}

function write(transaction: Transaction, id: NodeId, columns: Rows): void {
  if (columns.base !== undefined) transaction.set('base', id, columns.base)
  if (columns.local !== undefined) transaction.set('local', id, columns.local)
  if (columns.remote !== undefined) transaction.set('remote', id, columns.remote)
}

async function rowsOf({ store, trees }: { store: StateStore; trees: TreesStore }): Promise<string[]> {
  await trees.settled()
  const rows: string[] = []
  for await (const [key, value] of store.range({ from: '', to: '\x7f' }))
    rows.push(`${key} ${Buffer.from(value).toString('hex')}`)
  return rows
}

it('is what renaming and base come to, wherever it says that it was done; else nothing is', async () => {
  let done = 0
  const cases = fc.tuple(node('local'), node('remote'), node('remote'))
  await fc.assert(
    fc.asyncProperty(cases, async ([here, there, besides]) => {
      const one = await storeOf(here, there, besides)
      const same = await storeOf(here, there, besides)
      const became = await one.trees.write({ flush: false }, (transaction) => transaction.becomes(from, to))
      if (became) done += 1
      if (became)
        await same.trees.write({ flush: false }, async (transaction) => {
          await transaction.rename(from, to)
          transaction.set('base', to, transaction.get(to)?.remote)
        })
      expect(await rowsOf(one)).toEqual(await rowsOf(same))
      expect([...one.trees.namesLike(rootId, names[0]!)].sort()).toEqual(
        [...same.trees.namesLike(rootId, names[0]!)].sort(),
      )
    }),
    { numRuns: 1_000 },
  )
  expect(done).toBeGreaterThan(50)
})
