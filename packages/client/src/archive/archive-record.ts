// The bytes of a sealed export (docs/FORMAT.md §24): its front, the heads of its records, the rows of its index, its end. Pure; knows nothing
// of files, and nothing of what the records hold.
import { createHash } from 'node:crypto'
import { equal, packBytesMax } from '@grenier/crypto'

/** What a record holds. */
export type RecordType = 'entry' | 'retired' | 'pack' | 'index' | 'end'

/** The head of a record. `check`: SHA-256 of its body, 32 bytes: of a pack, its name. */
export interface RecordHead {
  readonly type: RecordType
  /** Of an entry its sequence; of a part of the index its number, from 0; else 0. */
  readonly number: number
  readonly bodyBytes: number
  readonly check: Uint8Array
}

/** A row of the index: where a record lies. Offset 0: the log claims the pack, and the relay did not have it. */
export interface IndexRow {
  readonly type: 'entry' | 'retired' | 'pack'
  readonly number: number
  readonly offset: number
  readonly bodyBytes: number
  /** Of a pack its name; else the body hash of the entry. 32 bytes. */
  readonly hash: Uint8Array
}

/** What the last record says. */
export interface ArchiveEnd {
  /** The last entry, and its hash. */
  readonly sequence: number
  readonly hash: Uint8Array
  /** Where the first part of the index lies, and how many rows there are. */
  readonly indexOffset: number
  readonly rowCount: number
}

/** Bytes of the front of the file. */
export const frontBytes = 56
/** Bytes of the head of a record. */
export const headBytes = 64
/** Bytes of a row of the index. */
export const rowBytes = 56
/** Rows in one part of the index: 3.5 MiB. */
export const rowsInPartMax = 65_536
/** Bytes of the end, with its head: the last ones of a whole file. */
export const endRecordBytes = headBytes + 56
/** The largest body: a pack. */
export const bodyBytesMax = packBytesMax

const magic = Uint8Array.of(0x47, 0x52, 0x45, 0x4e, 0x49, 0x45, 0x52, 0x0a)
const version = 1

/** The bytes that each record begins with: no text, and changed by whatever takes line ends for its own. */
export const recordMark: Uint8Array = Uint8Array.of(0xf7, 0x47, 0x72, 0x6e, 0x72, 0x0d, 0x0a, 0x1a)

const types: readonly (RecordType | undefined)[] = [undefined, 'entry', 'retired', 'pack', 'index', 'end']

/** SHA-256, 32 bytes. */
export function checkOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

/** The front. `vault`: 32 bytes. */
export function encodeFront(vault: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frontBytes)
  bytes.set(magic)
  bytes[8] = version
  bytes.set(vault, 16)
  bytes.set(shortCheck(bytes.subarray(0, 48)), 48)
  return bytes
}

/** The vault that a front names; `newer` for a version that is not known; undefined for what is no front. */
export function decodeFront(bytes: Uint8Array): Uint8Array | 'newer' | undefined {
  if (bytes.length < frontBytes || !equal(bytes.subarray(0, 8), magic)) return undefined
  if (!equal(bytes.subarray(48, 56), shortCheck(bytes.subarray(0, 48)))) return undefined
  if (bytes[8] !== version) return 'newer'
  return bytes.subarray(9, 16).every((byte) => byte === 0) ? bytes.slice(16, 48) : undefined
}

/** The head of a record. */
export function encodeHead({ type, number, bodyBytes, check }: RecordHead): Uint8Array {
  const bytes = Buffer.alloc(headBytes)
  bytes.set(recordMark)
  bytes[8] = types.indexOf(type)
  bytes.writeUInt32BE(bodyBytes, 12)
  bytes.writeBigUInt64BE(BigInt(number), 16)
  bytes.set(check, 24)
  bytes.set(shortCheck(bytes.subarray(0, 56)), 56)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A head; undefined for bytes that are none. */
export function decodeHead(bytes: Uint8Array): RecordHead | undefined {
  if (bytes.length < headBytes || !equal(bytes.subarray(0, 8), recordMark)) return undefined
  const view = viewOf(bytes)
  const type = types[view.getUint8(8)]
  const bodyBytes = view.getUint32(12)
  const number = Number(view.getBigUint64(16))
  const sum = shortCheck(bytes.subarray(0, 56))
  const isWhole = equal(bytes.subarray(56, 64), sum) && bytes.subarray(9, 12).every((byte) => byte === 0)
  if (!isWhole || type === undefined || bodyBytes > bodyBytesMax || !Number.isSafeInteger(number))
    return undefined
  return { type, number, bodyBytes, check: bytes.slice(24, 56) }
}

/** Writes a row at an offset. */
export function putRow(bytes: Uint8Array, at: number, row: IndexRow): void {
  const view = viewOf(bytes)
  view.setUint8(at, types.indexOf(row.type))
  view.setUint32(at + 4, row.bodyBytes)
  view.setBigUint64(at + 8, BigInt(row.number))
  view.setBigUint64(at + 16, BigInt(row.offset))
  bytes.set(row.hash, at + 24)
}

/** The row at an offset; undefined for bytes that are none. */
export function rowAt(bytes: Uint8Array, at: number): IndexRow | undefined {
  const view = viewOf(bytes)
  const type = types[view.getUint8(at)]
  const [number, offset] = [Number(view.getBigUint64(at + 8)), Number(view.getBigUint64(at + 16))]
  if (type === undefined || type === 'index' || type === 'end') return undefined
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(offset)) return undefined
  const bodyBytes = view.getUint32(at + 4)
  if (bodyBytes > bodyBytesMax) return undefined
  return { type, number, offset, bodyBytes, hash: bytes.slice(at + 24, at + 56) }
}

/** The body of the end. */
export function encodeEnd({ sequence, hash, indexOffset, rowCount }: ArchiveEnd): Uint8Array {
  const bytes = new Uint8Array(endRecordBytes - headBytes)
  const view = viewOf(bytes)
  view.setBigUint64(0, BigInt(sequence))
  bytes.set(hash, 8)
  view.setBigUint64(40, BigInt(indexOffset))
  view.setBigUint64(48, BigInt(rowCount))
  return bytes
}

/** What an end says; undefined for bytes that are none. */
export function decodeEnd(bytes: Uint8Array): ArchiveEnd | undefined {
  if (bytes.length !== endRecordBytes - headBytes) return undefined
  const view = viewOf(bytes)
  const [sequence, indexOffset, rowCount] = [0, 40, 48].map((at) => Number(view.getBigUint64(at)))
  if (![sequence, indexOffset, rowCount].every(Number.isSafeInteger)) return undefined
  if (sequence === undefined || indexOffset === undefined || rowCount === undefined) return undefined
  return { sequence, hash: bytes.slice(8, 40), indexOffset, rowCount }
}

/** Of what is short itself: the first 8 bytes of its SHA-256. */
function shortCheck(bytes: Uint8Array): Uint8Array {
  return checkOf(bytes).subarray(0, 8)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
