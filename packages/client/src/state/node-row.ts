// One node of the trees as bytes: its three rows, equal ones stored once; and the children index, one entry a name with three ids,
// equal ones stored once. Local to this device: may change with a new version of the state, which is then built again.
import { nameFromBytes, nameToBytes, type Name } from '../sync/name.ts'
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

/** The columns, in the order in which they are stored. */
export const columnsInOrder: readonly Column[] = ['base', 'local', 'remote']

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
  const distinct: Row[] = []
  let shape = lastInode === undefined ? 0 : lastInodeFlag
  columnsInOrder.forEach((column, position) => {
    const row = columns[column]
    if (row !== undefined) shape |= slotOf(distinct, row) << (position * 2)
  })
  writer.uint(shape)
  for (const row of distinct) encodeRow(row)
  if (columns.local !== undefined) encodeStamp(columns.local)
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
  const slots = columnsInOrder.map((_, position) => (shape >> (position * 2)) & 3)
  const rows = Array.from({ length: Math.max(...slots) }, () => decodeRow(reader))
  const [base, local, remote] = slots.map((slot) => rows[slot - 1])
  const columns: { base?: Row; local?: LocalRow; remote?: Row } = {}
  if (base !== undefined) columns.base = base
  if (local !== undefined) columns.local = { ...local, stamp: decodeStamp(reader, local.value) }
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
  let shape = 0
  columnsInOrder.forEach((column, position) => {
    const id = slots[column]
    if (id === undefined) return
    if (!distinct.includes(id)) distinct.push(id)
    shape |= (distinct.indexOf(id) + 1) << (position * 2)
  })
  writer.uint(shape)
  for (const id of distinct) encodeId(id)
  return writer.take()
}

/** @throws ClientError `state-broken`. */
export function decodeSlots(bytes: Uint8Array): Slots {
  const reader = new ItemReader(bytes)
  const shape = reader.uint()
  const ids: NodeId[] = []
  while (!reader.atEnd) ids.push(decodeId(reader))
  const slots: Partial<Record<Column, NodeId>> = {}
  columnsInOrder.forEach((column, position) => {
    const id = ids[((shape >> (position * 2)) & 3) - 1]
    if (id !== undefined) slots[column] = id
  })
  return slots
}

/** Names as bytes, for the index by likeness. */
export function encodeNames(names: readonly Name[]): Uint8Array {
  for (const name of names) writer.bytes(nameToBytes(name))
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

function slotOf(distinct: Row[], row: Row): number {
  const known = distinct.findIndex((other) => sameRow(other, row))
  return known === -1 ? distinct.push(row) : known + 1
}

function encodeRow(row: Row): void {
  encodeId(row.parent)
  writer.bytes(nameToBytes(row.name))
  encodeValue(row.value)
}

function decodeRow(reader: ItemReader): Row {
  const parent = decodeId(reader)
  return { parent, name: decodeName(reader), value: decodeValue(reader) }
}

function decodeName(reader: ItemReader): Name {
  const name = nameFromBytes(reader.bytes())
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
