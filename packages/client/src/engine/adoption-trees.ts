// The trees of a device that goes back to an earlier entry of the log: remote is what the log had there; base what this device had agreed on, as it was
// there; local what the last look at the folder saw. What differs between base and local is then just what changed since, whoever changed it.
import type { TreesStore } from '../state/trees-store.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import { rootId, sameRow, type Columns, type NodeId, type Row } from '../sync/tree.ts'

/** Nodes that one transaction sets. */
const nodesAtOnce = 2000

/** `to` has the remote tree of the earlier entry, and nothing else: it gets base and local rows from what `from` knows. */
export async function rebase({ from, to }: { from: TreesStore; to: TreesStore }): Promise<void> {
  await inBatches(to, nodesOf(to), (transaction, [id, { remote }]) => {
    const base = remote && baseThere(from.get(id) ?? {}, remote)
    if (base !== undefined) transaction.set('base', id, base)
  })
  await inBatches(to, localNodesOf(from, to), (transaction, id) => {
    const local = from.get(id)?.local
    if (local !== undefined) transaction.set('local', id, local)
  })
}

/**
 * Whether this device agreed with the log on a node. It surely did where it agreed later on, or has the row of then still; also where it
 * followed a later removal. Where that cannot be told, it has no base there: what differs then is kept on both sides.
 */
function baseThere({ base, local, remote }: Columns, then: Row): Row | undefined {
  if (base === undefined) return remote === undefined && local === undefined ? then : undefined
  const agreed = remote !== undefined && sameRow(base, remote)
  return agreed || sameRow(base, then) ? then : undefined
}

async function* nodesOf(trees: TreesStore): AsyncIterable<readonly [NodeId, Columns]> {
  const all: [NodeId, Columns][] = []
  for await (const [id, columns] of trees.all()) all.push([id, columns])
  yield* all
}

/** Nodes of this disk that the log knew then, each after the directory that it is in; one in a directory that it did not know is seen anew. */
async function* localNodesOf(from: TreesStore, to: TreesStore): AsyncIterable<NodeId> {
  const directories: NodeId[] = [rootId]
  for (let next = directories.pop(); next !== undefined; next = directories.pop()) {
    const children: NodeId[] = []
    for await (const { id } of from.children('local', next)) children.push(id)
    for (const id of children) {
      const there = to.get(id)?.remote
      const here = from.get(id)?.local
      if (there === undefined || here?.value.kind !== there.value.kind) continue
      yield id
      if (here.value.kind === 'directory') directories.push(id)
    }
  }
}

async function inBatches<T>(
  trees: TreesStore,
  items: AsyncIterable<T>,
  work: (transaction: Transaction, item: T) => void,
): Promise<void> {
  let batch: T[] = []
  const write = async (): Promise<void> => {
    await trees.write({ flush: false }, (transaction) => {
      for (const item of batch) work(transaction, item)
    })
    batch = []
  }
  for await (const item of items) {
    batch.push(item)
    if (batch.length >= nodesAtOnce) await write()
  }
  if (batch.length > 0) await write()
}
