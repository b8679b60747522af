// A file of which nothing is known gets its row at once; what is identified and observed of it is the measure.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { TreesStore } from '../state/trees-store.ts'
import { rootId, type LocalRow, type NodeId, type Stamp } from '../sync/tree.ts'
import type { EntryKind } from './file-system.ts'
import { identify } from './look-identify.ts'
import { at, memoryGround, named } from './look.contract.ts'
import { newFileRow, observedRow } from './look-value.ts'

const stampOf = (ino: bigint): Stamp => ({
  dev: 1n,
  ino,
  ctimeNs: 3n,
  mtimeNs: 2n,
  sizeBytes: 4,
  mode: 0o640,
})
const rowOf = (name: string, ino: bigint): LocalRow => ({
  parent: rootId,
  name: named(name),
  value: { kind: 'file', mode: 0o600, mtimeNs: 2n, sizeBytes: 4, content: undefined },
  stamp: stampOf(ino),
})
const known = fc.record({
  column: fc.constantFrom('base' as const, 'local' as const, 'remote' as const),
  name: fc.constantFrom('seen', 'Seen', 'other'),
  ino: fc.bigInt(1n, 3n),
})

it('is the row that would be observed of a new node, and of nothing else', async () => {
  let [asked, given] = [0, 0]
  const { files, clock } = memoryGround()
  const traits = await files.traits()
  const cases = fc.tuple(
    fc.uniqueArray(known, { maxLength: 2, selector: ({ name }) => name }),
    fc.constantFrom<EntryKind>('file', 'file', 'file', 'directory', 'other'),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ([nodes, kind]) => {
      const trees = TreesStore.open(new MemoryDisk().open())
      await trees.write({ flush: false }, (transaction) => {
        for (const [index, { column, name, ino }] of nodes.entries())
          if (column === 'local') transaction.set('local', `1.${index}` as NodeId, rowOf(name, ino))
          else transaction.set(column, `1.${index}` as NodeId, rowOf(name, ino))
      })
      const tree = await trees.begin()
      const seen = {
        parent: rootId,
        name: named('seen'),
        path: at('seen'),
        look: { kind, stamp: stampOf(1n) },
      }
      const row = newFileRow(tree, seen)
      const mayBeNew = nodes.every(
        ({ column, name, ino }) => name !== 'seen' && (column !== 'local' || ino !== 1n),
      )
      expect(row !== undefined).toBe(kind === 'file' && mayBeNew)
      asked += 1
      if (row !== undefined) {
        given += 1
        const identity = await identify({ tree, files, traits, isMissing: () => false }, seen)
        expect(identity).toEqual({ id: undefined, displaced: undefined })
        expect(row).toEqual(await observedRow({ tree, files, traits, nowMs: clock.now() }, seen, undefined))
      }
      tree.abandon()
    }),
    { numRuns: 500 },
  )
  expect(given).toBeGreaterThan(50)
  expect(given).toBeLessThan(asked)
})
