// What a look records of a node: its value and stamp. What is unchanged keeps its content; what changed is unread until somebody reads it.
import type { TreesTransaction } from '../state/trees.ts'
import type { FileValue, LinkValue, LocalRow, NodeId, NodeValue, Row, Stamp } from '../sync/tree.ts'
import type { DiskTraits, FileSystem, Look } from './file-system.ts'
import type { Seen } from './look-identify.ts'
import { inodeNow, isNear, isUnsettled, sameBytesLikely, sameStamp, settled } from './stamp.ts'

const allColumns = ['local', 'base', 'remote'] as const

export interface ValueOptions {
  readonly tree: TreesTransaction
  readonly files: FileSystem
  readonly traits: DiskTraits
  /** When it was looked at, ms, taken before. */
  readonly nowMs: number
}

/** The row of a node as it was just seen; the very row it has when nothing changed. */
export async function observedRow(
  options: ValueOptions,
  seen: Seen,
  id: NodeId | undefined,
): Promise<LocalRow> {
  const previous = id === undefined ? undefined : options.tree.get(id)?.local
  const { parent, name, look } = seen
  const { stamp } = look
  if (look.kind === 'directory') return directoryRow(seen, previous)
  const moved = previous !== undefined && (previous.parent !== parent || previous.name !== name)
  const unchanged = previous?.value.kind === look.kind && sameStamp(previous.stamp, stamp)
  if (previous !== undefined && unchanged)
    return moved || previous.stamp.dev !== stamp.dev
      ? { parent, name, value: previous.value, stamp }
      : previous
  const mtimeNs = timeOf(options, { seen, id, previous })
  if (look.kind === 'link') {
    const target = await options.files.readLink(seen.path)
    return { parent, name, value: { kind: 'link', mtimeNs, target }, stamp: settled(stamp, options.nowMs) }
  }
  const content = keptContent(options.traits, previous, { look, moved })
  const value: FileValue = {
    kind: 'file',
    mode: modeOf(stamp, previous),
    mtimeNs,
    sizeBytes: stamp.sizeBytes,
    content,
  }
  if (previous !== undefined && content === undefined && isSameUnread({ previous, moved }, value, stamp))
    return previous
  return { parent, name, value, stamp: content === undefined ? stamp : settled(stamp, options.nowMs) }
}

/** The row of a file of which no tree knows anything, neither by its name nor by its inode; undefined of all else. What `observedRow` would say. */
export function newFileRow(tree: TreesTransaction, seen: Omit<Seen, 'path'>): LocalRow | undefined {
  const { parent, name, look } = seen
  const { kind, stamp } = look
  if (kind !== 'file' || tree.byInode(stamp.dev, stamp.ino) !== undefined) return undefined
  if (allColumns.some((column) => tree.child(column, parent, name) !== undefined)) return undefined
  const { mode, mtimeNs, sizeBytes } = stamp
  return { parent, name, value: { kind, mode, mtimeNs, sizeBytes, content: undefined }, stamp }
}

/** Times of directories are not kept: they change with each entry. */
function directoryRow(seen: Seen, previous: LocalRow | undefined): LocalRow {
  const { parent, name, look } = seen
  const same =
    previous?.value.kind === 'directory' &&
    previous.parent === parent &&
    previous.name === name &&
    previous.stamp.mode === look.stamp.mode &&
    previous.stamp.ino === look.stamp.ino &&
    previous.stamp.dev === look.stamp.dev
  if (same) return previous
  return { parent, name, value: { kind: 'directory', mode: modeOf(look.stamp, previous) }, stamp: look.stamp }
}

/** The bits to record. A disk may hold others than the log has (FAT knows one bit): unchanged there, they are still those of the log. */
function modeOf(stamp: Stamp, previous: LocalRow | undefined): number {
  const known = previous?.value.kind === 'link' ? undefined : previous?.value.mode
  return known !== undefined && previous?.stamp.mode === stamp.mode ? known : stamp.mode
}

/**
 * The content, where a changed stamp is explained by a rename or by new permission bits, which set the time of change and nothing else.
 * Anything else may have changed the bytes. So may a new file that got the number of a removed one, with the size and the time that an archive gave both:
 * when its inode was made tells the two apart. Where no file system says so, or numbers are given out anew with each mount, the file is read.
 */
function keptContent(
  traits: DiskTraits,
  previous: LocalRow | undefined,
  { look, moved }: { readonly look: Look; readonly moved: boolean },
): FileValue['content'] {
  if (previous?.value.kind !== 'file' || isUnsettled(previous.stamp)) return undefined
  const isExplained = moved || previous.stamp.mode !== look.stamp.mode
  const isSameInode = inodeNow(previous.stamp, look, traits) === 'same'
  return isExplained && isSameInode && sameBytesLikely(previous.stamp, look.stamp)
    ? previous.value.content
    : undefined
}

function isSameUnread(
  { previous, moved }: { readonly previous: LocalRow; readonly moved: boolean },
  value: FileValue,
  stamp: Stamp,
): boolean {
  const old = previous.value
  if (moved || old.kind !== 'file' || old.content !== undefined) return false
  return (
    old.mode === value.mode &&
    old.mtimeNs === value.mtimeNs &&
    sameBytesLikely(previous.stamp, stamp) &&
    previous.stamp.ctimeNs === stamp.ctimeNs &&
    previous.stamp.dev === stamp.dev
  )
}

/**
 * The time to record. A disk keeps times coarser than the log, and Node sets them coarser still: where the disk has what a time of the
 * log becomes on it, the log's is meant. Else each file that was applied would come back as an edit.
 */
function timeOf(
  options: ValueOptions,
  about: { readonly seen: Seen; readonly id: NodeId | undefined; readonly previous: LocalRow | undefined },
): bigint {
  const { seen, id, previous } = about
  const { mtimeNs } = seen.look.stamp
  const known = previous === undefined ? undefined : timed(previous.value)
  if (previous !== undefined && known !== undefined && previous.stamp.mtimeNs === mtimeNs)
    return known.mtimeNs
  const { tree, traits } = options
  const columns = id === undefined ? undefined : tree.get(id)
  const byPath = tree.child('remote', seen.parent, seen.name)
  const meant: (Row | undefined)[] = [columns?.remote, columns?.base]
  if (byPath !== undefined) meant.push(tree.get(byPath)?.remote)
  for (const row of meant) {
    const value = row === undefined ? undefined : timed(row.value)
    if (value !== undefined && isNear(value.mtimeNs, mtimeNs, traits.timeStepNs)) return value.mtimeNs
  }
  return mtimeNs
}

function timed(value: NodeValue): FileValue | LinkValue | undefined {
  return value.kind === 'directory' ? undefined : value
}
