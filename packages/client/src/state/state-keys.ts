// Which keys of the state store belong to whom, and how ids and names stand in them. All keys are ASCII and order as the thing does:
// node ids by sequence and operation, names by code unit, claims by place in the log.
import type { ChunkId, PackId } from '@grenier/crypto'
import { rootId, type NodeId } from '../sync/tree.ts'

/** First characters of each kind of key. `x` is for those who use the trees: `otherKey`. */
export const keySpace = {
  /** Nodes whose three rows are the same. */
  agreeing: 'a!',
  /** Nodes that differ: the derived set, and their rows at once. */
  differing: 'd!',
  child: 'c!',
  /** Names that are not their own likeness, by likeness. */
  like: 'f!',
  inode: 'i!',
  chunk: 'k!',
  claim: 'p!',
  /** Chunks of a claim. */
  list: 'r!',
  pack: 'q!',
  /** What the last `put` of a node said in keys that this program does not know. */
  kept: 'u!',
  entry: 'e!',
  /** Packs of an entry's payload. */
  payload: 'y!',
  bodyHash: 'b!',
  meta: 'm!',
  other: 'x!',
} as const

/** The end of a key space or other prefix that ends in `!`: the first key after it. */
export function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}"`
}

/** A key for rows that are not the state's own: cursors, receipts. `name`: ASCII. */
export function otherKey(name: string): string {
  return keySpace.other + name
}

/** A number so that text order is number order: its count of base-36 digits, then the digits. */
export function numberKey(value: number): string {
  const digits = value.toString(36)
  return digits.length.toString(36) + digits
}

/** The number at the front of `text`, and how many characters it took. */
export function numberFromKey(text: string, at = 0): { readonly value: number; readonly end: number } {
  const length = Number.parseInt(text.charAt(at), 36)
  const end = at + 1 + length
  return { value: Number.parseInt(text.slice(at + 1, end), 36), end }
}

/** An id in a key: the root first, then by sequence and operation, provisional ones last. */
export function idKey(id: NodeId): string {
  if (id === rootId) return '0'
  if (id.startsWith('~')) return `~${numberKey(Number(id.slice(1)))}`
  const dot = id.indexOf('.')
  return numberKey(Number(id.slice(0, dot))) + numberKey(Number(id.slice(dot + 1)))
}

/** The id that `idKey` wrote. */
export function idFromKey(key: string): NodeId {
  if (key === '0') return rootId
  if (key.startsWith('~')) return `~${numberFromKey(key, 1).value}` as NodeId
  const sequence = numberFromKey(key)
  return `${sequence.value}.${numberFromKey(key, sequence.end).value}` as NodeId
}

/** A name in a key: code units from U+007F on as DEL and four hex digits, so that text order is code unit order. */
export function nameKey(name: string): string {
  return /^[\0-\x7e]*$/.test(name)
    ? name
    : name.replace(/[\x7f-\uffff]/g, (unit) => `\x7f${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The name that `nameKey` wrote. */
export function nameFromKey(key: string): string {
  return key.includes('\x7f')
    ? key.replace(/\x7f([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : key
}

/** Prefix of the keys of a directory's children. */
export function childrenKey(parent: NodeId): string {
  return `${keySpace.child}${idKey(parent)}!`
}

/** Key of the names in a directory that have this likeness without being it. */
export function likeKey(parent: NodeId, likeness: string): string {
  return `${keySpace.like}${idKey(parent)}!${nameKey(likeness)}`
}

/** Key of an inode. */
export function inodeKey(dev: bigint, ino: bigint): string {
  return `${keySpace.inode}${dev.toString(36)}.${ino.toString(36)}`
}

/** Key of a chunk's places. */
export function chunkKey(id: ChunkId): string {
  return keySpace.chunk + base64Of(id)
}

/** Key of the claims of a pack. */
export function packKey(id: PackId): string {
  return keySpace.pack + base64Of(id)
}

/** Key of a claim: by entry, then by position in its header's added and restored packs. */
export function claimKey(sequence: number, position: number): string {
  return keySpace.claim + numberKey(sequence) + numberKey(position)
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}
