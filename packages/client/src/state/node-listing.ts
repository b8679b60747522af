// Listings of nodes: from the rows of a key space, and two of them as one.
import type { Columns, NodeId } from '../sync/tree.ts'
import { decodeNode } from './node-row.ts'
import { idFromKey, idKey } from './state-keys.ts'

/** A node with its rows. */
export type NodeEntry = readonly [NodeId, Columns]

/** The nodes of rows of one key space. */
export async function* entriesOf(
  rows: AsyncIterable<readonly [string, Uint8Array]>,
  space: string,
): AsyncIterable<NodeEntry> {
  for await (const [key, bytes] of rows) yield [idFromKey(key.slice(space.length)), decodeNode(bytes).columns]
}

/** Two listings as one, by sequence and operation, provisional ones last. Both end with it, wherever that is. */
export async function* mergeById(
  a: AsyncIterator<NodeEntry>,
  b: AsyncIterator<NodeEntry>,
): AsyncIterable<NodeEntry> {
  try {
    let [left, right] = await Promise.all([a.next(), b.next()])
    while (left.done !== true || right.done !== true) {
      const leftFirst =
        right.done === true || (left.done !== true && idKey(left.value[0]) < idKey(right.value[0]))
      if (leftFirst && left.done !== true) {
        yield left.value
        left = await a.next()
      } else if (right.done !== true) {
        yield right.value
        right = await b.next()
      }
    }
  } finally {
    await Promise.all([a.return?.(), b.return?.()])
  }
}
