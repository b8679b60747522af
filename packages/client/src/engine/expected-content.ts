// What the log has of a node whose local file is about to be read: bytes that turn out to be just that are not packed, since base follows what both
// sides have. Of a node of its own alone: decision 067 says why.
import { readContent } from '../content/content-list.ts'
import { placesOf } from '../state/chunk-index.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Content, NodeId } from '../sync/tree.ts'

/** The content that the log has of this node; undefined where there is none to count on. */
export function expectedContent(trees: TreesStore, id: NodeId): Content | undefined {
  const there = trees.get(id)?.remote?.value
  const content = there?.kind === 'file' ? there.content : undefined
  if (content === undefined) return undefined
  // What is not where the log says, as this device found out, is no reason to keep the same bytes back.
  const isGood = readContent(content).ids.every((chunk) => placesOf(trees, chunk)[0]?.known !== 'bad')
  return isGood ? content : undefined
}
