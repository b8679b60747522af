// A transaction on the trees: sees its own writes, keeps child, inode and differing indexes in step with each row that changes.
import { ClientError } from '../errors.ts'
import { likenessOf } from '../sync/likeness.ts'
import type { Name } from '../sync/name.ts'
import { rootId, type Column, type Columns, type LocalRow, type NodeId, type Row } from '../sync/tree.ts'
import { encodeNames, isFree, type Inode, type Slots, type StoredNode } from './node-row.ts'
import { inodeKey, likeKey } from './state-keys.ts'
import { Overlay } from './trees-overlay.ts'
import { mergeNames, TreesView, type NamedSlots } from './trees-view.ts'
import type { TreesTransaction } from './trees.ts'

/** What a transaction needs of the store below it. */
export interface TransactionGround {
  readonly view: TreesView
  /** Whether the store cannot have anything about this node, so that looking is not worth it. */
  isNew(id: NodeId): boolean
  provisional(): NodeId
  /** Writes the overlay and ends the transaction. */
  commit(overlay: Overlay, options: { flush: boolean }): Promise<void>
  /** Ends the transaction and forgets it. */
  abandon(): void
}

/**
 * The one open transaction of a `TreesStore`. It ends with `commit` or `abandon`, once. Within one tree a name of a directory
 * belongs to one node: rows may change in any order on the way, but at `commit` it must be so.
 */
export class Transaction extends TreesView implements TreesTransaction {
  readonly #ground: TransactionGround
  readonly #overlay = new Overlay()
  #ended = false

  constructor(ground: TransactionGround) {
    super()
    this.#ground = ground
  }

  node(id: NodeId): StoredNode | undefined {
    const { nodes } = this.#overlay
    if (nodes.has(id)) return nodes.get(id)
    return this.#nodeBelow(id)
  }

  slots(parent: NodeId, name: Name): Slots {
    const own = this.#overlay.children.get(parent)?.get(name)
    if (own !== undefined) return own
    return this.#ground.isNew(parent) ? {} : this.#ground.view.slots(parent, name)
  }

  inode(key: string): NodeId | undefined {
    const { inodes } = this.#overlay
    return inodes.has(key) ? inodes.get(key) : this.#ground.view.inode(key)
  }

  slotsUnder(parent: NodeId): AsyncIterable<NamedSlots> {
    const own = new Map(this.#overlay.children.get(parent))
    return mergeNames(this.#ground.isNew(parent) ? nothing() : this.#ground.view.slotsUnder(parent), own)
  }

  other(key: string): Uint8Array | undefined {
    const { others } = this.#overlay
    return others.has(key) ? others.get(key) : this.#ground.view.other(key)
  }

  set(column: 'base' | 'remote', id: NodeId, row: Row | undefined): void
  set(column: 'local', id: NodeId, row: LocalRow | undefined): void
  set(column: Column, id: NodeId, row: Row | LocalRow | undefined): void {
    this.#assertOpen()
    if (id === rootId) throw new TypeError('the root has no row')
    const before = this.node(id)
    const old = before?.columns[column]
    const stays = old !== undefined && row !== undefined && old.parent === row.parent && old.name === row.name
    if (old !== undefined && !stays) this.#freeName(column, id, old)
    if (row !== undefined && !stays) this.#takeName(column, id, row)
    const columns = withRow(before?.columns ?? {}, column, row)
    const lastInode = this.#followInode(id, before, columns)
    const gone = columns.base === undefined && columns.local === undefined && columns.remote === undefined
    this.#overlay.setNode(id, gone ? undefined : { columns, lastInode }, () => this.#nodeBelow(id))
  }

  async rename(from: NodeId, to: NodeId): Promise<void> {
    this.#assertOpen()
    const columns = this.node(from)?.columns
    if (columns === undefined) return
    const { base, local } = columns
    const held = [base, local].some((row) => row?.value.kind === 'directory')
    if (local !== undefined) {
      this.set('local', to, local)
      this.set('local', from, undefined)
    }
    if (base !== undefined) {
      this.set('base', to, base)
      this.set('base', from, undefined)
    }
    if (held) await this.#adoptChildren(from, to)
  }

  /**
   * What `rename` and then setting base to what the log says come to, at once, where a file or link of this folder alone becomes one that the log
   * alone has, at the same place. False, and nothing done, of all else.
   */
  becomes(from: NodeId, to: NodeId): boolean {
    this.#assertOpen()
    const local = onlyRow(this.node(from), 'local')
    const remote = onlyRow(this.node(to), 'remote')
    if (local === undefined || remote === undefined || local.value.kind === 'directory') return false
    const { parent, name, stamp } = local
    if (remote.parent !== parent || remote.name !== name) return false
    const slots = this.slots(parent, name)
    if (slots.local !== from || slots.base !== undefined || slots.remote !== to) return false
    this.#overlay.setSlots(parent, name, { base: to, local: to, remote: to })
    this.#overlay.inodes.set(inodeKey(stamp.dev, stamp.ino), to)
    const node = { columns: { base: remote, local, remote }, lastInode: undefined }
    this.#overlay.setNode(to, node, () => this.#nodeBelow(to))
    this.#overlay.setNode(from, undefined, () => this.#nodeBelow(from))
    return true
  }

  provisional(): NodeId {
    this.#assertOpen()
    return this.#ground.provisional()
  }

  put(key: string, value: Uint8Array): void {
    this.#assertOpen()
    this.#overlay.others.set(key, value)
  }

  del(key: string): void {
    this.#assertOpen()
    this.#overlay.others.set(key, undefined)
  }

  /** How many nodes it changed so far: those who write in bulk commit and begin again. */
  get changedNodes(): number {
    return this.#overlay.nodes.size
  }

  async commit(options: { flush: boolean }): Promise<void> {
    this.#assertOpen()
    this.#ended = true
    await this.#ground.commit(this.#overlay, options)
  }

  /** Forgets everything, and lets the next transaction begin. Does nothing after `commit`. */
  abandon(): void {
    if (this.#ended) return
    this.#ended = true
    this.#ground.abandon()
  }

  #nodeBelow(id: NodeId): StoredNode | undefined {
    return this.#ground.isNew(id) ? undefined : this.#ground.view.node(id)
  }

  async #adoptChildren(from: NodeId, to: NodeId): Promise<void> {
    for await (const [, { base, local }] of this.slotsUnder(from)) {
      const baseRow = base === undefined ? undefined : this.node(base)?.columns.base
      if (base !== undefined && baseRow !== undefined) this.set('base', base, { ...baseRow, parent: to })
      const localRow = local === undefined ? undefined : this.node(local)?.columns.local
      if (local !== undefined && localRow !== undefined) this.set('local', local, { ...localRow, parent: to })
    }
  }

  /** A name is freed only by who has it: in a swap of two names it may have a new owner already. */
  #freeName(column: Column, id: NodeId, row: Row): void {
    const slots = this.slots(row.parent, row.name)
    if (slots[column] !== id) return
    const left = withSlot(slots, column, undefined)
    this.#overlay.setSlots(row.parent, row.name, left)
    if (isFree(left)) this.#noteLikeness(row, (names) => names.filter((name) => name !== row.name))
  }

  #takeName(column: Column, id: NodeId, row: Row): void {
    const slots = this.slots(row.parent, row.name)
    if (slots[column] === id) return
    this.#overlay.setSlots(row.parent, row.name, withSlot(slots, column, id))
    if (isFree(slots)) this.#noteLikeness(row, (names) => [...names, row.name])
  }

  /** A name that is its own likeness needs no row: most names cost nothing. */
  #noteLikeness(row: Row, change: (names: readonly Name[]) => readonly Name[]): void {
    const likeness = likenessOf(row.name)
    if (likeness === row.name) return
    const names = change(this.namesOfLikeness(row.parent, likeness))
    const key = likeKey(row.parent, likeness)
    this.#overlay.spelt.add(row.parent)
    this.#overlay.others.set(key, names.length === 0 ? undefined : encodeNames(names))
  }

  /**
   * Keeps the index by inode: it names the node while the node has a local row, and after that while it has a base row, so that
   * a file that vanished here and turned up there is known again. Returns the inode to remember without a local row.
   */
  #followInode(id: NodeId, before: StoredNode | undefined, columns: Columns): Inode | undefined {
    const old = before?.columns.local?.stamp ?? before?.lastInode
    const now = columns.local?.stamp ?? (columns.base === undefined ? undefined : old)
    if (old !== undefined && !sameInode(old, now)) {
      const key = inodeKey(old.dev, old.ino)
      if (this.inode(key) === id) this.#overlay.inodes.set(key, undefined)
    }
    if (columns.local !== undefined && !sameInode(columns.local.stamp, before?.columns.local?.stamp)) {
      this.#overlay.inodes.set(inodeKey(columns.local.stamp.dev, columns.local.stamp.ino), id)
    }
    return columns.local !== undefined || now === undefined ? undefined : { dev: now.dev, ino: now.ino }
  }

  #assertOpen(): void {
    if (this.#ended) throw new ClientError('interrupted', 'this transaction has ended')
  }
}

function withRow(columns: Columns, column: Column, row: Row | LocalRow | undefined): Columns {
  const next: { base?: Row; local?: LocalRow; remote?: Row } = { ...columns }
  if (column === 'local') {
    if (row !== undefined && 'stamp' in row) next.local = row
    else delete next.local
  } else if (row === undefined) {
    if (column === 'base') delete next.base
    else delete next.remote
  } else {
    next[column] = { parent: row.parent, name: row.name, value: row.value }
  }
  return next
}

/** The row that a node has in this tree, if no other tree has it. */
function onlyRow<C extends Column>(node: StoredNode | undefined, column: C): Columns[C] | undefined {
  const { columns } = node ?? {}
  if (columns === undefined) return undefined
  const { base, local, remote } = columns
  const held = Number(base !== undefined) + Number(local !== undefined) + Number(remote !== undefined)
  return held === 1 ? columns[column] : undefined
}

function withSlot(slots: Slots, column: Column, id: NodeId | undefined): Slots {
  const next: Partial<Record<Column, NodeId>> = {}
  if (slots.base !== undefined) next.base = slots.base
  if (slots.local !== undefined) next.local = slots.local
  if (slots.remote !== undefined) next.remote = slots.remote
  if (id !== undefined) next[column] = id
  else if (column === 'base') delete next.base
  else if (column === 'local') delete next.local
  else delete next.remote
  return next
}

function sameInode(a: Inode, b: Inode | undefined): boolean {
  return b !== undefined && a.ino === b.ino && a.dev === b.dev
}

async function* nothing(): AsyncIterable<never> {}
