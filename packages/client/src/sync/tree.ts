// What the three trees are made of. A node has an id for life; a row says where it is and what it is, in one tree.
import type { Branded } from '@grenier/crypto'
import type { Name } from './name.ts'

/**
 * `root`; `S.I` for the node that operation I of entry S created; or `~N`, provisional: seen on this disk, not yet in the log.
 */
export type NodeId = Branded<string, 'NodeId'>

/** The synced folder itself: in all trees, never changed. */
export const rootId = 'root' as NodeId

/** The id that the log implies. */
export function nodeIdOf(sequence: number, operation: number): NodeId {
  return `${sequence}.${operation}` as NodeId
}

/** A provisional id. */
export function provisionalId(counter: number): NodeId {
  return `~${counter}` as NodeId
}

/** Whether the log does not know the node yet. */
export function isProvisional(id: NodeId): boolean {
  return id.startsWith('~')
}

/** Sequence and operation index of a node that the log knows; undefined for the root and provisional ids. */
export function logPlaceOf(id: NodeId): { sequence: number; index: number } | undefined {
  const first = id.charCodeAt(0)
  // Asked of every node of every plan: what begins with no digit needs no closer look.
  if (!(first >= 0x30 && first <= 0x39)) return undefined
  const dot = id.indexOf('.')
  const sequence = Number(id.slice(0, dot))
  const index = Number(id.slice(dot + 1))
  return dot > 0 && Number.isSafeInteger(sequence) && Number.isSafeInteger(index)
    ? { sequence, index }
    : undefined
}

/**
 * What a file holds: one byte depth, then 32 bytes for each chunk id, at most 64. Depth 0: the file's chunks in order. Depth n: the
 * chunks of a list of ids, of depth n-1, cut by the list chunker. Equal bytes, equal content, within one vault.
 */
export type Content = Branded<Uint8Array, 'Content'>

/** A regular file. `content` is undefined in the local tree alone: its bytes changed and have not been read yet. */
export interface FileValue {
  readonly kind: 'file'
  /** 9 permission bits. */
  readonly mode: number
  /** Signed nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly sizeBytes: number
  readonly content: Content | undefined
}

/** A directory. Its time is not kept. */
export interface DirectoryValue {
  readonly kind: 'directory'
  readonly mode: number
}

/** A symbolic link, kept as it is and never followed. */
export interface LinkValue {
  readonly kind: 'link'
  readonly mtimeNs: bigint
  /** Bytes of the target. */
  readonly target: Uint8Array
}

export type NodeValue = FileValue | DirectoryValue | LinkValue
export type NodeKind = NodeValue['kind']

/** A node's place and value in one tree. */
export interface Row {
  readonly parent: NodeId
  readonly name: Name
  readonly value: NodeValue
}

/** What the last look saw of a file, so that an unchanged one is not read again, and a changed one not overwritten. */
export interface Stamp {
  readonly dev: bigint
  readonly ino: bigint
  readonly ctimeNs: bigint
  readonly mtimeNs: bigint
  readonly sizeBytes: number
  readonly mode: number
}

/** A row of the local tree. */
export interface LocalRow extends Row {
  readonly stamp: Stamp
}

/** One node, in the three trees. */
export interface Columns {
  readonly base?: Row
  readonly local?: LocalRow
  readonly remote?: Row
}

export type Column = keyof Columns

/** Whether two values are the same for the user: kind, bits, time, size, bytes. Unread content equals nothing. */
export function sameValue(a: NodeValue, b: NodeValue): boolean {
  if (a.kind === 'directory') return b.kind === 'directory' && a.mode === b.mode
  if (a.kind === 'link') return b.kind === 'link' && a.mtimeNs === b.mtimeNs && sameBytes(a.target, b.target)
  return b.kind === 'file' && a.mode === b.mode && a.mtimeNs === b.mtimeNs && sameContent(a, b)
}

/** Whether two files hold the same bytes. */
export function sameContent(a: FileValue, b: FileValue): boolean {
  if (a.sizeBytes !== b.sizeBytes || a.content === undefined || b.content === undefined) return false
  return sameBytes(a.content, b.content)
}

/** Whether two rows are the same place and value. */
export function sameRow(a: Row, b: Row): boolean {
  return a === b || (a.parent === b.parent && a.name === b.name && sameValue(a.value, b.value))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && Buffer.compare(a, b) === 0)
}
