// What a transaction changed and nobody else sees yet, and the writes that make it so. Maps are gone through by `forEach`, which makes no pair for
// each of thousands of rows.
import type { Name } from '../sync/name.ts'
import { doubtsOf, noDoubts, type Doubts } from '../sync/brake.ts'
import { isProvisional, logPlaceOf, type NodeId } from '../sync/tree.ts'
import {
  differs,
  encodeIdRow,
  encodeNode,
  encodeSlots,
  isFree,
  type Slots,
  type StoredNode,
} from './node-row.ts'
import { childrenKey, idKey, keySpace, nameKey } from './state-keys.ts'
import type { StateWrite } from './state-store.ts'

/** Where a node's row lies in the store. */
type Standing = 'absent' | 'agreeing' | 'differing'

/** Changes over what lies below, by thing; undefined means taken away. */
export class Overlay {
  readonly nodes = new Map<NodeId, StoredNode | undefined>()
  /** The nodes of `nodes`, as they are below. */
  readonly below = new Map<NodeId, StoredNode | undefined>()
  readonly children = new Map<NodeId, Map<Name, Slots>>()
  readonly inodes = new Map<string, NodeId | undefined>()
  readonly others = new Map<string, Uint8Array | undefined>()

  /** Directories in which a name that is not its own likeness came or went. Not kept when overlays are added up. */
  readonly spelt = new Set<NodeId>()

  setNode(id: NodeId, node: StoredNode | undefined, below: () => StoredNode | undefined): void {
    if (!this.below.has(id)) this.below.set(id, below())
    this.nodes.set(id, node)
  }

  setSlots(parent: NodeId, name: Name, slots: Slots): void {
    const names = this.children.get(parent)
    if (names === undefined) this.children.set(parent, new Map([[name, slots]]))
    else names.set(name, slots)
  }

  /** How much it holds, in rows of the store. */
  get size(): number {
    return this.nodes.size + this.inodes.size + this.others.size
  }

  /** Bytes of the rows beside the trees, about: what came twice counts twice. */
  otherBytes = 0

  /** Itself, to be added to: whoever made it changes it no more. */
  whole(): this {
    this.otherBytes = 0
    for (const value of this.others.values()) this.otherBytes += value?.length ?? 0
    return this
  }

  /** Takes in what a later one changed on top of this one. */
  add(later: Overlay): void {
    later.nodes.forEach((node, id) => {
      if (!this.below.has(id)) this.below.set(id, later.below.get(id))
      this.nodes.set(id, node)
    })
    later.children.forEach((names, parent) => {
      const own = this.children.get(parent)
      if (own === undefined) this.children.set(parent, new Map(names))
      else names.forEach((slots, name) => own.set(name, slots))
    })
    later.inodes.forEach((id, key) => this.inodes.set(key, id))
    later.others.forEach((value, key) => {
      this.others.set(key, value)
      this.otherBytes += value?.length ?? 0
    })
  }
}

/** How much the remote tree holds: files and links, and the bytes of files. */
export interface Held {
  readonly files: number
  /** Exact, whatever a member claims of its files: sums of doubles would drift. */
  readonly bytes: bigint
}

/** What an overlay adds to what is counted of all nodes. */
export interface Growth extends Doubts {
  readonly differing: number
  readonly held: Held
  /** The highest numbers of nodes in it, -1 without one. */
  readonly sequenceMax: number
  readonly provisionalMax: number
}

/** By how much what is counted grows with an overlay. */
export function growthOf(overlay: Overlay): Growth {
  const growth = { differing: 0, files: 0, here: 0, there: 0, sequenceMax: -1, provisionalMax: -1 }
  const held = { files: 0, bytes: 0n }
  const count = (id: NodeId): void => {
    if (isProvisional(id)) growth.provisionalMax = Math.max(growth.provisionalMax, Number(id.slice(1)))
    else growth.sequenceMax = Math.max(growth.sequenceMax, logPlaceOf(id)?.sequence ?? -1)
  }
  overlay.nodes.forEach((node, id) => {
    count(id)
    const below = overlay.below.get(id)
    growth.differing += Number(standingOf(node) === 'differing') - Number(standingOf(below) === 'differing')
    const was = countsOf(below)
    const is = countsOf(node)
    growth.files += is.files - was.files
    growth.here += is.here - was.here
    growth.there += is.there - was.there
    // Most rows change without what the log says of them.
    if (below?.columns.remote?.value === node?.columns.remote?.value) return
    hold(held, below, -1)
    hold(held, node, 1)
  })
  overlay.children.forEach((_, id) => {
    count(id)
  })
  return { ...growth, held }
}

function hold(held: { files: number; bytes: bigint }, node: StoredNode | undefined, times: 1 | -1): void {
  const value = node?.columns.remote?.value
  if (value === undefined || value.kind === 'directory') return
  held.files += times
  if (value.kind === 'file') held.bytes += BigInt(times * value.sizeBytes)
}

/** The writes of an overlay. */
export function writesOf(overlay: Overlay): StateWrite[] {
  const writes: StateWrite[] = []
  writeNodes(overlay, writes)
  overlay.children.forEach((names, parent) => {
    writeNames(parent, names, writes)
  })
  overlay.inodes.forEach((id, key) => {
    write(writes, key, id === undefined ? undefined : encodeIdRow(id))
  })
  overlay.others.forEach((value, key) => {
    write(writes, key, value)
  })
  return writes
}

function writeNodes(overlay: Overlay, writes: StateWrite[]): void {
  overlay.nodes.forEach((node, id) => {
    const before = standingOf(overlay.below.get(id))
    const after = standingOf(node)
    const key = idKey(id)
    if (before !== 'absent' && before !== after) write(writes, keySpace[before] + key, undefined)
    if (node !== undefined && after !== 'absent') write(writes, keySpace[after] + key, encodeNode(node))
  })
}

function countsOf(node: StoredNode | undefined): Doubts {
  return node === undefined ? noDoubts : doubtsOf(node.columns)
}

function writeNames(parent: NodeId, names: ReadonlyMap<Name, Slots>, writes: StateWrite[]): void {
  const prefix = childrenKey(parent)
  names.forEach((slots, name) => {
    write(writes, prefix + nameKey(name), isFree(slots) ? undefined : encodeSlots(slots))
  })
}

function standingOf(node: StoredNode | undefined): Standing {
  if (node === undefined) return 'absent'
  return differs(node.columns) ? 'differing' : 'agreeing'
}

function write(writes: StateWrite[], key: string, value: Uint8Array | undefined): void {
  writes.push(value === undefined ? { type: 'del', key } : { type: 'put', key, value })
}
