import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Name, RelativePath } from '../sync/name.ts'
import { contentOf, directory } from '../sync/plan-model.contract.ts'
import {
  provisionalId,
  rootId,
  type LocalRow,
  type NodeId,
  type NodeValue,
  type Stamp,
} from '../sync/tree.ts'
import { knownOf, noteKnown, writeDown, type WaitingFile } from './waiting-files.ts'

const stamp: Stamp = { dev: 1n, ino: 1n, ctimeNs: 0n, mtimeNs: 1n, sizeBytes: 1, mode: 0o100644 }
const others: readonly Partial<Stamp>[] = [
  { dev: 2n },
  { ino: 2n },
  { ctimeNs: 2n },
  { mtimeNs: 2n },
  { sizeBytes: 2 },
  { mode: 0o100600 },
]
const stamps: readonly Stamp[] = [stamp, ...others.map((other) => ({ ...stamp, ...other }))]
const unread: NodeValue = { kind: 'file', mode: 0o644, mtimeNs: 1n, sizeBytes: 1, content: undefined }

const id = provisionalId(1)
const local = (value: NodeValue = unread, as = stamp, node = id): LocalRow => ({
  ...{ parent: rootId, name: `n${node}` as Name, value },
  stamp: as,
})

function waiting(asked: Stamp | undefined, { after = stamp, node = id } = {}): WaitingFile {
  const file = { id: node, path: `n${node}` as RelativePath, expected: undefined }
  const read = { outcome: 'read', content: contentOf(`of ${node}`), sizeBytes: 7, readyAfter: 0 } as const
  return { result: { file, stamp: after, ...read }, asked }
}

async function storeOf(rows: readonly (readonly [NodeId, LocalRow])[]): Promise<TreesStore> {
  const trees = TreesStore.open(new MemoryDisk().open())
  await trees.write({ flush: false }, (transaction) => {
    for (const [node, row] of rows) transaction.set('local', node, row)
  })
  return trees
}

describe('what is known of a file that was read', () => {
  test('is what it holds, and how it was at the end', () => {
    const after = { ...stamp, mtimeNs: 5n, mode: 0o100600 }
    const row = knownOf([waiting(stamp, { after })])(id, local())
    const value = { kind: 'file', mode: 0o600, mtimeNs: 5n, sizeBytes: 7, content: contentOf(`of ${id}`) }
    expect(row).toEqual({ ...local(), value, stamp: after })
  })

  test.each(others)('is nothing where a look has seen another one since: %o', (other) => {
    expect(knownOf([waiting(stamp)])(id, local(unread, { ...stamp, ...other }))).toBeUndefined()
  })

  test('is nothing of a file that nobody read, or that nobody looked at before', () => {
    expect(knownOf([waiting(stamp)])(provisionalId(2), local())).toBeUndefined()
    expect(knownOf([waiting(undefined)])(id, local())).toBeUndefined()
  })

  test('is noted of the nodes that are named, and of no others', async () => {
    const [one, two, three] = [provisionalId(1), provisionalId(2), provisionalId(3)]
    const trees = await storeOf([one, two].map((node) => [node, local(unread, stamp, node)] as const))
    const files = [one, two, three].map((node) => waiting(stamp, { node }))
    await trees.write({ flush: false }, (transaction) =>
      noteKnown(transaction, [{ id: one }, { id: three }], knownOf(files)),
    )
    const contents = [one, two, three].map((node) => trees.get(node)?.local?.value)
    expect(contents).toEqual([
      expect.objectContaining({ content: contentOf(`of ${one}`) }),
      unread,
      undefined,
    ])
  })

  test('is what is written down of files that are not committed', async () => {
    const look = fc.constantFrom(...stamps)
    const kinds: readonly NodeValue[] = [
      unread,
      unread,
      unread,
      directory(),
      { ...unread, content: contentOf('y') },
    ]
    const drawn = fc.record({
      seen: look,
      asked: fc.option(look, { nil: undefined }),
      after: look,
      value: fc.constantFrom(...kinds),
    })
    let known = 0
    await fc.assert(
      fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 5 }), async (draws) => {
        const nodes = draws.map((_, at) => provisionalId(at + 1))
        const rows = draws.map(
          ({ seen, value }, at) => [nodes[at] ?? id, local(value, seen, nodes[at])] as const,
        )
        const files = draws.map(({ asked, after }, at) => waiting(asked, { after, node: nodes[at] ?? id }))
        const [noted, written] = [await storeOf(rows), await storeOf(rows)]
        await noted.write({ flush: false }, (transaction) =>
          noteKnown(
            transaction,
            nodes.map((node) => ({ id: node })),
            knownOf(files),
          ),
        )
        await writeDown(written, files)
        for (const [node, before] of rows) {
          const after = noted.get(node)?.local
          expect(after).toEqual(written.get(node)?.local)
          if (!isDeepStrictEqual(after, before)) known += 1
        }
      }),
      { numRuns: 300 },
    )
    expect(known).toBeGreaterThan(50)
  })
})
