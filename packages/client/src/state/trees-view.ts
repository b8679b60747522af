// What reading the trees means, above whatever layers hold the nodes: the store with its cache, or a transaction on top of it.
import { asName, joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import { likenessOf } from '../sync/likeness.ts'
import { rootId, type Column, type Columns, type NodeId } from '../sync/tree.ts'
import { decodeNames, isFree, type Slots, type StoredNode } from './node-row.ts'
import { inodeKey, likeKey } from './state-keys.ts'
import type { Child, TreesReader } from './trees.ts'

/** A name in a directory, and who has it in each tree; a name that nobody has may occur. */
export type NamedSlots = readonly [Name, Slots]

/** No tree has the name. */
export const noSlots: Slots = {}

/** Reads over a layer. Synchronous, but for listings. */
export abstract class TreesView implements TreesReader {
  /** The stored form of a node; undefined when no tree has it. */
  abstract node(id: NodeId): StoredNode | undefined
  /** Who has this name in this directory. */
  abstract slots(parent: NodeId, name: Name): Slots
  /** The node of an inode, by its key. */
  abstract inode(key: string): NodeId | undefined
  /** All names of a directory in any tree, ordered by code unit, as they were when the listing began. */
  abstract slotsUnder(parent: NodeId): AsyncIterable<NamedSlots>
  /** Any other row of the state. */
  abstract other(key: string): Uint8Array | undefined

  get(id: NodeId): Columns | undefined {
    return this.node(id)?.columns
  }

  child(column: Column, parent: NodeId, name: Name): NodeId | undefined {
    return this.slots(parent, name)[column]
  }

  async *children(column: Column, parent: NodeId): AsyncIterable<Child> {
    for await (const [name, slots] of this.slotsUnder(parent)) {
      const id = slots[column]
      if (id !== undefined) yield { name, id }
    }
  }

  pathOf(column: Column, id: NodeId): RelativePath | undefined {
    const names: Name[] = []
    let at = id
    while (at !== rootId) {
      const row = this.node(at)?.columns[column]
      if (row === undefined) return undefined
      names.push(row.name)
      at = row.parent
    }
    return names.reverse().reduce<RelativePath>(joinPath, rootPath)
  }

  find(column: Column, path: RelativePath): NodeId | undefined {
    if (path === rootPath) return rootId
    let at: NodeId | undefined = rootId
    for (const part of path.split('/')) {
      const name = asName(part)
      at = at === undefined || name === undefined ? undefined : this.child(column, at, name)
    }
    return at
  }

  /** The names in a directory, in any tree, that some file system may take for this one; itself too, when it is there. */
  namesLike(parent: NodeId, name: Name): readonly Name[] {
    const likeness = likenessOf(name)
    const names = this.namesOfLikeness(parent, likeness)
    const plain = asName(likeness)
    if (plain === undefined || likenessOf(plain) !== plain || isFree(this.slots(parent, plain))) return names
    return [plain, ...names]
  }

  /** The names that have the likeness without being it. */
  protected namesOfLikeness(parent: NodeId, likeness: string): readonly Name[] {
    const bytes = this.other(likeKey(parent, likeness))
    return bytes === undefined ? [] : decodeNames(bytes)
  }

  byInode(dev: bigint, ino: bigint): NodeId | undefined {
    return this.inode(inodeKey(dev, ino))
  }
}

/** Merges a listing with the changes of a layer above it: a changed name replaces, an added one comes in its place in the order. */
export async function* mergeNames(
  below: AsyncIterable<NamedSlots>,
  changes: ReadonlyMap<Name, Slots>,
): AsyncIterable<NamedSlots> {
  const changed = [...changes].sort(([a], [b]) => (a < b ? -1 : 1))
  let next = 0
  for await (const entry of below) {
    for (let change = changed[next]; change !== undefined && change[0] < entry[0]; change = changed[next]) {
      next += 1
      yield change
    }
    if (!changes.has(entry[0])) yield entry
  }
  yield* changed.slice(next)
}
