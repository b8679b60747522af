// Operations on the tree: put, remove, move. A name is bytes in memory; on the wire a text where it is UTF-8, else a byte string, so
// that one name has one encoding. Map keys that are not known are kept.
import { isUtf8 } from 'node:buffer'
import { CborText } from './cbor-writer.ts'
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import { asBytesUpTo, asTuple, asUint, Fields, malformed } from './fields.ts'
import { nameBytesMax, operationsMax, payloadPlainBytesMax, targetBytesMax } from './limits.ts'
import { checkContent, decodeContent, refsValue, type ContentRefs, type PackIndex } from './payload-index.ts'

/**
 * A node: the root, or the one that operation `index` of entry `sequence` created. `this` is the entry that the operation stands in:
 * on the wire a bare index, so that signing at another sequence encodes nothing anew.
 */
export type NodeRef = 'root' | { readonly sequence: number | 'this'; readonly index: number }

/** A regular file. `mode`: 9 permission bits. `mtimeNs`: signed, since 1970, in 64 bits. */
export interface FileNode extends ContentRefs {
  readonly kind: 'file'
  readonly mode: number
  readonly mtimeNs: bigint
  readonly sizeBytes: number
}

/** A directory; its time is not kept. */
export interface DirectoryNode {
  readonly kind: 'directory'
  readonly mode: number
}

/** A symbolic link. `target`: 1 to 4,096 bytes, no NUL. */
export interface LinkNode {
  readonly kind: 'link'
  readonly mtimeNs: bigint
  readonly target: Uint8Array
}

export type PutNode = FileNode | DirectoryNode | LinkNode

/** `unknown`: the keys of an operation that this program does not know, kept as the CBOR of a map of them. */
interface Kept {
  readonly unknown?: Uint8Array | undefined
}

/** A name, as the disk has it: 1 to 255 bytes, UTF-8 or not. */
export interface OperationName {
  readonly bytes: Uint8Array
}

/**
 * Creates a node, or gives the child of that name a new value: one of the same kind keeps its id, one of another must be named by
 * `replaces`.
 */
export interface PutOperation extends Kept {
  readonly op: 'put'
  readonly parent: NodeRef
  readonly name: OperationName
  readonly node: PutNode
  readonly replaces?: NodeRef | undefined
}

/** Removes a node, a directory with everything below it. */
export interface RemoveOperation extends Kept {
  readonly op: 'remove'
  readonly node: NodeRef
}

/** Moves or renames a node; a node that has the place must be named by `replaces`. */
export interface MoveOperation extends Kept {
  readonly op: 'move'
  readonly node: NodeRef
  readonly parent: NodeRef
  readonly name: OperationName
  readonly replaces?: NodeRef | undefined
}

export type Operation = PutOperation | RemoveOperation | MoveOperation

/** Where an operation stands. */
export interface OperationPlace {
  readonly position: number
  readonly index: readonly PackIndex[]
}

const reserved = Buffer.from('.grenier')
const dot = 0x2e

function refValue(ref: NodeRef): CborValue {
  if (ref === 'root') return null
  return ref.sequence === 'this' ? ref.index : [ref.sequence, ref.index]
}

/** Keys in the order of their encodings, as far as they are told here: then none has to be sorted. */
function nodeValue(node: PutNode): Record<string, CborValue> {
  switch (node.kind) {
    case 'file': {
      const { kind, mode, mtimeNs, sizeBytes, depth, chunks } = node
      return { kind, mode, size: sizeBytes, depth, mtime: mtimeNs, chunks: refsValue(chunks) }
    }
    case 'directory':
      return { kind: node.kind, mode: node.mode }
    case 'link':
      return { kind: node.kind, mtime: node.mtimeNs, target: node.target }
  }
}

function keptValues(unknown: Uint8Array | undefined): Readonly<Record<string, CborValue>> | undefined {
  if (unknown === undefined) return undefined
  return new Fields(
    decodeCbor(unknown, { maxBytes: payloadPlainBytesMax }),
    'unknown keys of an operation',
  ).others([])
}

/** An operation as CBOR. @throws CryptoError `malformed` if `unknown` is no map */
export function operationValue(operation: Operation): CborValue {
  const { op, unknown } = operation
  const kept = keptValues(unknown)
  if (op === 'remove') return { ...kept, op, node: refValue(operation.node) }
  const replaces = operation.replaces === undefined ? undefined : refValue(operation.replaces)
  const name = isUtf8(operation.name.bytes) ? new CborText(operation.name.bytes) : operation.name.bytes
  const parent = refValue(operation.parent)
  if (op === 'move') return { ...kept, op, name, node: refValue(operation.node), parent, replaces }
  return { ...kept, op, name, ...nodeValue(operation.node), parent, replaces }
}

function checkThis(index: number, position: number): NodeRef {
  if (asUint(index, operationsMax - 1, 'a node of this entry') >= position)
    malformed('a node of an operation that comes later')
  return { sequence: 'this', index }
}

function checkPlace(sequence: unknown, index: unknown): NodeRef {
  return {
    sequence: asUint(sequence, Number.MAX_SAFE_INTEGER, 'entry of a node'),
    index: asUint(index, operationsMax - 1, 'operation of a node'),
  }
}

function decodeRef(value: unknown, position: number): NodeRef {
  if (value === null) return 'root'
  if (typeof value === 'number') return checkThis(value, position)
  const [sequence, index] = asTuple(value, 2, 'a node')
  return checkPlace(sequence, index)
}

function notRoot(ref: NodeRef): NodeRef {
  return ref === 'root' ? malformed('the root is not put, removed, moved or replaced') : ref
}

/** A node other than the root. */
function decodeOwnRef(value: unknown, position: number): NodeRef {
  return notRoot(decodeRef(value, position))
}

function decodeName(value: unknown, parent: NodeRef): OperationName {
  const name = typeof value === 'string' ? new TextEncoder().encode(value) : value
  if (!(name instanceof Uint8Array)) malformed('a name is no text and no byte string')
  if (value === name && isUtf8(name)) malformed('a name in UTF-8 that is given as raw bytes')
  checkName(name, parent)
  return { bytes: name }
}

function checkName(name: Uint8Array, parent: NodeRef): void {
  if (name.length < 1 || name.length > nameBytesMax) malformed(`a name has not 1 to ${nameBytesMax} bytes`)
  if (name.includes(0) || name.includes(0x2f)) malformed('a name with a slash or a NUL')
  if (name.length <= 2 && name.every((byte) => byte === dot)) malformed('a name that stands for a directory')
  if (parent === 'root' && name.length === reserved.length && Buffer.compare(name, reserved) === 0)
    malformed('a name that is reserved at the root')
}

function decodeTime(value: unknown): bigint {
  const isInteger = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
  if (!isInteger) malformed('a time is no integer')
  return checkTime(BigInt(value))
}

function checkTime(time: bigint): bigint {
  return BigInt.asIntN(64, time) === time ? time : malformed('a time beyond 64 bits')
}

function decodeTarget(fields: Fields): Uint8Array {
  return checkTarget(fields.get('target'))
}

function checkTarget(value: unknown): Uint8Array {
  const target = asBytesUpTo(value, targetBytesMax, 'target of an operation')
  if (target.length === 0 || target.includes(0)) malformed('a link to nothing, or with a NUL')
  return target
}

const putKeys = ['op', 'parent', 'name', 'replaces', 'kind']
const nodeKeys = {
  file: ['mode', 'mtime', 'size', 'depth', 'chunks'],
  directory: ['mode'],
  link: ['mtime', 'target'],
} as const satisfies Record<PutNode['kind'], readonly string[]>

function checkSize(sizeBytes: number, { chunks }: ContentRefs): void {
  if ((sizeBytes === 0) !== (chunks.length === 0)) malformed('a file whose size and chunks differ')
}

function decodeFile(fields: Fields, index: readonly PackIndex[]): FileNode {
  const sizeBytes = fields.uint('size')
  const content = decodeContent(fields, index)
  checkSize(sizeBytes, content)
  const mtimeNs = decodeTime(fields.get('mtime'))
  return { kind: 'file', mode: fields.uint('mode', 0o777), mtimeNs, sizeBytes, ...content }
}

function decodeNode(fields: Fields, index: readonly PackIndex[]): PutNode {
  const kind = fields.get('kind')
  switch (kind) {
    case 'file':
      return decodeFile(fields, index)
    case 'directory':
      return { kind, mode: fields.uint('mode', 0o777) }
    case 'link':
      return { kind, mtimeNs: decodeTime(fields.get('mtime')), target: decodeTarget(fields) }
    default:
      return malformed('a node of a kind that is not known')
  }
}

function withKept<T extends Operation>(operation: T, fields: Fields, known: readonly string[]): T {
  const kept = fields.others(known)
  return kept === undefined ? operation : { ...operation, unknown: encodeCbor(kept) }
}

function replacesOf(fields: Fields, position: number): { replaces?: NodeRef } {
  return fields.has('replaces') ? { replaces: decodeOwnRef(fields.get('replaces'), position) } : {}
}

/** An operation. @throws CryptoError `malformed`, `limit` */
export function decodeOperation(value: unknown, { position, index }: OperationPlace): Operation {
  const fields = new Fields(value, 'an operation')
  const op = fields.get('op')
  if (op === 'remove') {
    const node = decodeOwnRef(fields.get('node'), position)
    return withKept({ op, node }, fields, ['op', 'node'])
  }
  if (op !== 'put' && op !== 'move') malformed('an operation that is not known')
  const parent = decodeRef(fields.get('parent'), position)
  const place = { parent, name: decodeName(fields.get('name'), parent), ...replacesOf(fields, position) }
  if (op === 'put') {
    const node = decodeNode(fields, index)
    return withKept({ op, ...place, node }, fields, [...putKeys, ...nodeKeys[node.kind]])
  }
  const node = decodeOwnRef(fields.get('node'), position)
  return withKept({ op, node, ...place }, fields, ['op', 'node', 'parent', 'name', 'replaces'])
}

/** Refuses what `decodeOperation` would refuse of its encoding. Of one without unknown keys. @throws CryptoError `malformed`, `limit` */
export function checkOperation(operation: Operation, { position, index }: OperationPlace): void {
  if (operation.op === 'remove') {
    checkRef(notRoot(operation.node), position)
    return
  }
  const { parent, name, replaces } = operation
  checkRef(parent, position)
  checkName(name.bytes, parent)
  if (replaces !== undefined) checkRef(notRoot(replaces), position)
  if (operation.op === 'put') checkNode(operation.node, index)
  else checkRef(notRoot(operation.node), position)
}

function checkRef(ref: NodeRef, position: number): void {
  if (ref === 'root') return
  if (ref.sequence === 'this') checkThis(ref.index, position)
  else checkPlace(ref.sequence, ref.index)
}

function checkNode(node: PutNode, index: readonly PackIndex[]): void {
  if (node.kind === 'link') {
    checkTime(node.mtimeNs)
    checkTarget(node.target)
    return
  }
  if (node.kind === 'file') {
    asUint(node.sizeBytes, Number.MAX_SAFE_INTEGER, 'size of an operation')
    checkContent(node, index)
    checkSize(node.sizeBytes, node)
    checkTime(node.mtimeNs)
  }
  asUint(node.mode, 0o777, 'mode of an operation')
}
