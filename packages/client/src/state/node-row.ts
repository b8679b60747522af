// One node of the trees as bytes: its three rows, equal ones stored once; and the children index, one entry a name with three ids,
// equal ones stored once. Local to this device: may change with a new version of the state, which is then built again.
import { isPlain, nameFromLatin1, nameToBytes, type Name } from '../sync/name.ts'
import {
  rootId,
  sameRow,
  type Column,
  type Columns,
  type Content,
  type LocalRow,
  type NodeId,
  type NodeValue,
  type Row,
  type Stamp,
} from '../sync/tree.ts'
import { broken, ItemReader, ItemWriter } from './item-codec.ts'

/** An inode, as the index by inode has it. */
export interface Inode {
  readonly dev: bigint
  readonly ino: bigint
}

/** A node as it is stored. */
export interface StoredNode {
  readonly columns: Columns
  /** The inode that the local tree last saw, while the node has no local row but has a base row. */
  readonly lastInode: Inode | undefined
}

/** Who has a name, in each tree. */
export type Slots = Readonly<Partial<Record<Column, NodeId>>>

const lastInodeFlag = 0x40
const writer = new ItemWriter(1024)

/** Whether local, base and remote are not all the same row. */
export function differs(columns: Columns): boolean {
  const { base, local, remote } = columns
  if (base === undefined || local === undefined || remote === undefined) return true
  return !(sameRow(base, remote) && sameRow(base, local))
}

/** Encodes a node that has at least one row. */
export function encodeNode(node: StoredNode): Uint8Array {
  const { columns, lastInode } = node
  const { base, local, remote } = columns
  const distinct: Row[] = []
  const shape = slotOf(distinct, base) | (slotOf(distinct, local) << 2) | (slotOf(distinct, remote) << 4)
  writer.uint(lastInode === undefined ? shape : shape | lastInodeFlag)
  for (const row of distinct) encodeRow(row)
  if (local !== undefined) encodeStamp(local)
  if (lastInode !== undefined) {
    writer.wide(lastInode.dev)
    writer.wide(lastInode.ino)
  }
  return writer.take()
}

/** @throws ClientError `state-broken`. */
export function decodeNode(bytes: Uint8Array): StoredNode {
  const reader = new ItemReader(bytes)
  const shape = reader.uint()
  const [baseSlot, localSlot, remoteSlot] = [shape & 3, (shape >> 2) & 3, (shape >> 4) & 3]
  const rows: Row[] = []
  for (let count = Math.max(baseSlot, localSlot, remoteSlot); count > 0; count -= 1)
    rows.push(decodeRow(reader))
  const [base, local, remote] = [rows[baseSlot - 1], rows[localSlot - 1], rows[remoteSlot - 1]]
  const columns: { base?: Row; local?: LocalRow; remote?: Row } = {}
  if (base !== undefined) columns.base = base
  if (local !== undefined) {
    const { parent, name, value } = local
    columns.local = { parent, name, value, stamp: decodeStamp(reader, value) }
  }
  if (remote !== undefined) columns.remote = remote
  const lastInode = (shape & lastInodeFlag) === 0 ? undefined : { dev: reader.wide(), ino: reader.wide() }
  if (!reader.atEnd) throw broken('a node with bytes behind it')
  return { columns, lastInode }
}

/** Whether no tree has the name. */
export function isFree(slots: Slots): boolean {
  return slots.base === undefined && slots.local === undefined && slots.remote === undefined
}

/** Encodes who has a name; at least one tree has it. */
export function encodeSlots(slots: Slots): Uint8Array {
  const distinct: NodeId[] = []
  const place = (id: NodeId | undefined): number => {
    if (id === undefined) return 0
    const known = distinct.indexOf(id) + 1
    return known > 0 ? known : distinct.push(id)
  }
  writer.uint(place(slots.base) | (place(slots.local) << 2) | (place(slots.remote) << 4))
  for (const id of distinct) encodeId(id)
  return writer.take()
}

/** @throws ClientError `state-broken`. */
export function decodeSlots(bytes: Uint8Array): Slots {
  const reader = new ItemReader(bytes)
  const shape = reader.uint()
  const ids: NodeId[] = []
  while (!reader.atEnd) ids.push(decodeId(reader))
  const [base, local, remote] = [
    ids[(shape & 3) - 1],
    ids[((shape >> 2) & 3) - 1],
    ids[((shape >> 4) & 3) - 1],
  ]
  const slots: Partial<Record<Column, NodeId>> = {}
  if (base !== undefined) slots.base = base
  if (local !== undefined) slots.local = local
  if (remote !== undefined) slots.remote = remote
  return slots
}

/** Names as bytes, for the index by likeness. */
export function encodeNames(names: readonly Name[]): Uint8Array {
  for (const name of names) encodeName(name)
  return writer.take()
}

/** @throws ClientError `state-broken`. */
export function decodeNames(bytes: Uint8Array): readonly Name[] {
  const reader = new ItemReader(bytes)
  const names: Name[] = []
  while (!reader.atEnd) names.push(decodeName(reader))
  return names
}

/** An id as bytes, for the index by inode. */
export function encodeIdRow(id: NodeId): Uint8Array {
  encodeId(id)
  return writer.take()
}

/** @throws ClientError `state-broken`. */
export function decodeIdRow(bytes: Uint8Array): NodeId {
  return decodeId(new ItemReader(bytes))
}

/** About what a decoded node costs in memory, bytes. */
export function nodeCostBytes(encodedBytes: number): number {
  return 500 + 3 * encodedBytes
}

/** Where the row stands among those that differ, from 1 on; 0 without a row. */
function slotOf(distinct: Row[], row: Row | undefined): number {
  if (row === undefined) return 0
  for (let at = 0; at < distinct.length; at += 1) {
    const other = distinct[at]
    if (other !== undefined && (other === row || sameRow(other, row))) return at + 1
  }
  return distinct.push(row)
}

function encodeRow(row: Row): void {
  encodeId(row.parent)
  encodeName(row.name)
  encodeValue(row.value)
}

function decodeRow(reader: ItemReader): Row {
  const parent = decodeId(reader)
  return { parent, name: decodeName(reader), value: decodeValue(reader) }
}

function encodeName(name: Name): void {
  if (isPlain(name)) writer.latin1(name)
  else writer.bytes(nameToBytes(name))
}

function decodeName(reader: ItemReader): Name {
  const name = nameFromLatin1(reader.latin1())
  if (name === undefined) throw broken('a name that is none')
  return name
}

function encodeId(id: NodeId): void {
  if (id === rootId) {
    writer.uint(0)
    return
  }
  if (id.startsWith('~')) {
    writer.uint(1)
    writer.uint(Number(id.slice(1)))
    return
  }
  const dot = id.indexOf('.')
  writer.uint(2)
  writer.uint(Number(id.slice(0, dot)))
  writer.uint(Number(id.slice(dot + 1)))
}

function decodeId(reader: ItemReader): NodeId {
  const kind = reader.uint()
  if (kind === 0) return rootId
  if (kind === 1) return `~${reader.uint()}` as NodeId
  const sequence = reader.uint()
  return `${sequence}.${reader.uint()}` as NodeId
}

const unreadFile = 3

function encodeValue(value: NodeValue): void {
  if (value.kind === 'directory') {
    writer.uint(1)
    writer.uint(value.mode)
    return
  }
  if (value.kind === 'link') {
    writer.uint(2)
    writer.wide(value.mtimeNs)
    writer.bytes(value.target)
    return
  }
  writer.uint(value.content === undefined ? unreadFile : 0)
  writer.uint(value.mode)
  writer.wide(value.mtimeNs)
  writer.uint(value.sizeBytes)
  if (value.content !== undefined) writer.bytes(value.content)
}

function decodeValue(reader: ItemReader): NodeValue {
  const kind = reader.uint()
  if (kind === 1) return { kind: 'directory', mode: reader.uint() }
  if (kind === 2) return { kind: 'link', mtimeNs: reader.wide(), target: reader.bytes() }
  const mode = reader.uint()
  const mtimeNs = reader.wide()
  const sizeBytes = reader.uint()
  const content = kind === unreadFile ? undefined : (reader.bytes() as Content)
  return { kind: 'file', mode, mtimeNs, sizeBytes, content }
}

const sameTime = 1
const sameSize = 2

/** A stamp mostly repeats the value's time and size: those are then left out. */
function encodeStamp(row: LocalRow): void {
  const { stamp, value } = row
  const timeToo = value.kind !== 'directory' && value.mtimeNs === stamp.mtimeNs
  const sizeToo = value.kind === 'file' && value.sizeBytes === stamp.sizeBytes
  writer.uint((timeToo ? sameTime : 0) | (sizeToo ? sameSize : 0))
  writer.wide(stamp.dev)
  writer.wide(stamp.ino)
  writer.wide(stamp.ctimeNs)
  writer.uint(stamp.mode)
  if (!timeToo) writer.wide(stamp.mtimeNs)
  if (!sizeToo) writer.uint(stamp.sizeBytes)
}

function decodeStamp(reader: ItemReader, value: NodeValue): Stamp {
  const flags = reader.uint()
  const dev = reader.wide()
  const ino = reader.wide()
  const ctimeNs = reader.wide()
  const mode = reader.uint()
  const valueTime = value.kind === 'directory' ? 0n : value.mtimeNs
  const valueSize = value.kind === 'file' ? value.sizeBytes : 0
  const mtimeNs = (flags & sameTime) === 0 ? reader.wide() : valueTime
  const sizeBytes = (flags & sameSize) === 0 ? reader.uint() : valueSize
  return { dev, ino, ctimeNs, mtimeNs, sizeBytes, mode }
}
