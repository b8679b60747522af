// Whether the remote tree that a checkpoint gave is a tree: names are unique, parents are directories, nothing is below itself.
import { rootId, type NodeId, type Row } from '../sync/tree.ts'
import { BoundedCache } from './bounded-cache.ts'
import { malformed } from './checkpoint-records.ts'
import type { TreesStore } from './trees-store.ts'

const checkedBytes = 8 * 1024 * 1024
const checkedIdBytes = 100

/** Looks at every remote row. @throws CryptoError `malformed` when it is no tree. */
export async function assertTree(trees: TreesStore): Promise<void> {
  const checked = new BoundedCache<NodeId, true>(checkedBytes)
  for await (const [id, { remote }] of trees.all()) {
    if (remote === undefined) continue
    if (trees.child('remote', remote.parent, remote.name) !== id) throw malformed('two nodes of one name')
    assertReachesRoot(trees, remote, checked)
  }
}

/** Walks up twice, at one and two steps: in a circle they meet. */
function assertReachesRoot(trees: TreesStore, row: Row, checked: BoundedCache<NodeId, true>): void {
  const passed: NodeId[] = []
  let slow = row.parent
  for (let at = row.parent; at !== rootId && checked.get(at) === undefined;) {
    const above = trees.get(at)?.remote
    if (above?.value.kind !== 'directory') throw malformed('a node whose parent is no directory')
    passed.push(at)
    at = above.parent
    if (passed.length % 2 === 0) slow = trees.get(slow)?.remote?.parent ?? rootId
    if (at === slow && at !== rootId && passed.length > 1) throw malformed('a directory below itself')
  }
  for (const id of passed) checked.set(id, true, checkedIdBytes)
}
