// The remote tree with the rows that one entry changes laid over it, while its operations apply one after the other.
import type { ChunkId } from '@grenier/crypto'
import type { Name } from './name.ts'
import { rootId, type NodeId, type Row } from './tree.ts'

/** Directories above a node, at most: twice what a path of PATH_MAX can hold, so that walking up is bounded. */
export const depthMax = 4096

/** The remote tree before the entry. */
export interface RemoteView {
  row(id: NodeId): Row | undefined
  child(parent: NodeId, name: Name): NodeId | undefined
  children(parent: NodeId): AsyncIterable<{ readonly name: Name; readonly id: NodeId }>
  /** Whether the log claims a place for the chunk, before this entry or in it. */
  hasPlace(chunk: ChunkId): boolean
}

/** Sees its own changes; the view below stays as it is. */
export class RemoteDraft {
  /** The rows that changed; undefined for nodes that went. */
  readonly rows = new Map<NodeId, Row | undefined>()
  readonly #children = new Map<NodeId, Map<Name, NodeId | undefined>>()
  readonly #view: RemoteView
  /** Directories above each directory, as far as they were counted since the last move. */
  readonly #depths = new Map<NodeId, number>()

  constructor(view: RemoteView) {
    this.#view = view
  }

  row(id: NodeId): Row | undefined {
    return this.rows.has(id) ? this.rows.get(id) : this.#view.row(id)
  }

  child(parent: NodeId, name: Name): NodeId | undefined {
    const names = this.#children.get(parent)
    if (names?.has(name) === true) return names.get(name)
    return this.#view.child(parent, name)
  }

  isDirectory(id: NodeId): boolean {
    return id === rootId || this.row(id)?.value.kind === 'directory'
  }

  /** Whether a node is another one, or below it. */
  isWithin(id: NodeId, ancestor: NodeId): boolean {
    for (let at: NodeId | undefined = id; at !== undefined && at !== rootId; at = this.row(at)?.parent)
      if (at === ancestor) return true
    return ancestor === rootId
  }

  /** Whether a child of this directory would have more than `depthMax` directories above it. */
  isTooDeep(directory: NodeId): boolean {
    const passed: NodeId[] = []
    let at: NodeId | undefined = directory
    let counted = this.#depths.get(directory)
    while (counted === undefined && at !== undefined && at !== rootId && passed.length <= depthMax) {
      passed.push(at)
      at = this.row(at)?.parent
      counted = at === undefined ? undefined : this.#depths.get(at)
    }
    let depth = counted ?? 0
    for (const id of passed.reverse()) this.#depths.set(id, (depth += 1))
    return depth > depthMax
  }

  /** Puts a row in its place, and takes it from where it was. */
  set(id: NodeId, row: Row): void {
    const before = this.row(id)
    if (before !== undefined && (before.parent !== row.parent || before.name !== row.name)) {
      this.#place(before, undefined)
      this.#depths.clear()
    }
    this.rows.set(id, row)
    this.#place(row, id)
  }

  /** Takes away a node with all that is below it. */
  async removeTree(id: NodeId): Promise<void> {
    const going = [id]
    for (let at = going.pop(); at !== undefined; at = going.pop()) {
      const row = this.row(at)
      if (row?.value.kind === 'directory') for await (const child of this.#childrenOf(at)) going.push(child)
      if (row !== undefined) this.#place(row, undefined)
      this.rows.set(at, undefined)
    }
    this.#depths.clear()
  }

  async *#childrenOf(parent: NodeId): AsyncIterable<NodeId> {
    const changed = new Map(this.#children.get(parent))
    for (const id of changed.values()) if (id !== undefined) yield id
    for await (const { name, id } of this.#view.children(parent)) if (!changed.has(name)) yield id
  }

  #place(row: Row, id: NodeId | undefined): void {
    const names = this.#children.get(row.parent)
    if (names === undefined) this.#children.set(row.parent, new Map([[row.name, id]]))
    else names.set(row.name, id)
  }
}
