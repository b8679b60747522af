// What reading a file says about its row: the row knows the content then, unless the file has been looked at since, or is another one.
import type { IngestResult } from '../content/ingest.ts'
import type { LocalRow, Stamp } from '../sync/tree.ts'

/** A file that was read to its end. */
export type ReadResult = Extract<IngestResult, { outcome: 'read' }>

/** Another file has the name than the one that was to be read: what it holds says nothing about that one. */
export function isAnother(stamp: Stamp, asked: Stamp | undefined): boolean {
  return asked !== undefined && stamp.ino !== asked.ino
}

/** Nobody has looked at the file since it was to be read. */
export function isUnseen({ stamp }: LocalRow, asked: Stamp | undefined): boolean {
  return (
    asked !== undefined &&
    stamp.dev === asked.dev &&
    stamp.ino === asked.ino &&
    stamp.ctimeNs === asked.ctimeNs &&
    stamp.mtimeNs === asked.mtimeNs &&
    stamp.sizeBytes === asked.sizeBytes &&
    stamp.mode === asked.mode
  )
}

/** The row, knowing what the file holds. */
export function withContent(local: LocalRow, { content, sizeBytes, stamp }: ReadResult): LocalRow {
  if (local.value.kind !== 'file') return local
  // What the look saw stands where the stamp is the same: it knows what this file system rounds.
  const mtimeNs = stamp.mtimeNs === local.stamp.mtimeNs ? local.value.mtimeNs : stamp.mtimeNs
  const mode = stamp.mode === local.stamp.mode ? local.value.mode : stamp.mode & 0o777
  return { ...local, value: { ...local.value, mode, mtimeNs, sizeBytes, content }, stamp }
}
