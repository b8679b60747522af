// The three trees of one vault, node-keyed in the state store: reads, and a transaction that reads its own writes.
import type { Name, RelativePath } from '../sync/name.ts'
import type { Column, Columns, LocalRow, NodeId, Row } from '../sync/tree.ts'

/** One child of a directory in one tree. */
export interface Child {
  readonly name: Name
  readonly id: NodeId
}

/** Reads of the three trees. `get` and `child` are synchronous; listings are not. */
export interface TreesReader {
  get(id: NodeId): Columns | undefined
  child(column: Column, parent: NodeId, name: Name): NodeId | undefined
  /** Ordered by name (code units). Paged inside; never all nodes at once. */
  children(column: Column, parent: NodeId): AsyncIterable<Child>
  /** The path of a node in one tree; undefined when it is not in it. */
  pathOf(column: Column, id: NodeId): RelativePath | undefined
  /** The node at a path in one tree. */
  find(column: Column, path: RelativePath): NodeId | undefined
  /** The node that base or local last saw as this inode. */
  byInode(dev: bigint, ino: bigint): NodeId | undefined
}

/** Writes that become visible to others, and durable, together. Reads see the transaction's own writes. */
export interface TreesTransaction extends TreesReader {
  set(column: 'base' | 'remote', id: NodeId, row: Row | undefined): void
  set(column: 'local', id: NodeId, row: LocalRow | undefined): void
  /** A provisional node got its id from the log: its local and base rows, and its children's, go over to `to`. */
  rename(from: NodeId, to: NodeId): Promise<void>
  /** A fresh provisional id. */
  provisional(): NodeId
  /** Any other row of the state, written with the same batch. */
  put(key: string, value: Uint8Array): void
  del(key: string): void
  commit(options: { flush: boolean }): Promise<void>
}
