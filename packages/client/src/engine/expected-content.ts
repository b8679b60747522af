// What the log has where a local file is about to be read: bytes that turn out to be just that are not packed, since base follows what both sides
// have. Who joins with the files of before, or without a state, reads them and sends nothing.
import { readContent } from '../content/content-list.ts'
import { placesOf } from '../state/chunk-index.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Content, NodeId, NodeValue } from '../sync/tree.ts'

/** The content that the log has of this node, or of the one that it would pair with; undefined where there is none to count on. */
export function expectedContent(trees: TreesStore, id: NodeId): Content | undefined {
  const there = trees.get(id)?.remote?.value ?? counterpart(trees, id)
  const content = there?.kind === 'file' ? there.content : undefined
  if (content === undefined) return undefined
  // What is not where the log says, as this device found out, is no reason to keep the same bytes back.
  const isGood = readContent(content).ids.every((chunk) => placesOf(trees, chunk)[0]?.known !== 'bad')
  return isGood ? content : undefined
}

/** A file of the log at the place of a local one, both new to the other side: if they are the same, the planner makes them one. */
function counterpart(trees: TreesStore, id: NodeId): NodeValue | undefined {
  const { local, base } = trees.get(id) ?? {}
  if (local === undefined || base !== undefined) return undefined
  const other = trees.child('remote', local.parent, local.name)
  const columns = other === undefined ? undefined : trees.get(other)
  const isFree = columns?.local === undefined && columns?.base === undefined
  return isFree ? columns?.remote?.value : undefined
}
