// Checks a backup: restores a sample of its files from the relay, and compares them with the source where that has not changed since.
import { createHash } from 'node:crypto'
import type { Fetch } from '../content/fetch.ts'
import { DiskError, type FileReader, type FileSystem } from '../disk/file-system.ts'
import { ClientError } from '../errors.ts'
import type { ProblemCode } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileValue } from '../sync/tree.ts'
import { rootId } from '../sync/tree.ts'
import { contentBytes } from './content-stream.ts'
import { below, type HistoryTree } from './history-tree.ts'

/** Bytes of the source that are read at once. */
const readBytes = 1 << 20

/** What was found. `compared`: of these, files that the source has unchanged; `different`: and with other bytes. */
export interface Checked {
  readonly files: number
  readonly bytes: number
  readonly compared: number
  readonly problems: readonly { readonly path: RelativePath; readonly code: ProblemCode }[]
}

export interface CheckOptions {
  readonly tree: HistoryTree
  /** Of the source; undefined where there is none to compare with. */
  readonly files: FileSystem | undefined
  /** Which files: 0 to 1 of a file that may be in the sample. */
  readonly isIn: () => boolean
}

/** Every file of the sample is fetched whole: what is not what was signed is told, as is what differs from the source. */
export async function checkBackup({ tree, files, isIn }: CheckOptions): Promise<Checked> {
  const problems: { path: RelativePath; code: ProblemCode }[] = []
  const sum = { files: 0, bytes: 0, compared: 0 }
  for await (const { path, row } of below(tree, { id: rootId, path: '' as RelativePath }, true)) {
    const { value } = row
    if (value.kind !== 'file' || !isIn()) continue
    const restored = await restoredHash(tree.fetch, value, path)
    sum.files += 1
    sum.bytes += value.sizeBytes
    if (typeof restored !== 'string') problems.push({ path, code: restored.code })
    else {
      const there = files === undefined ? undefined : await unchangedHash(files, path, value)
      if (there === undefined) continue
      sum.compared += 1
      if (there !== restored) problems.push({ path, code: 'content-differs' })
    }
  }
  return { ...sum, problems }
}

async function restoredHash(
  fetch: Fetch,
  value: FileValue,
  path: RelativePath,
): Promise<string | { readonly code: ProblemCode }> {
  const hash = createHash('sha256')
  try {
    for await (const bytes of contentBytes(fetch, value, path)) hash.update(bytes)
    return hash.digest('hex')
  } catch (error) {
    const code = error instanceof ClientError ? error.code : undefined
    if (code !== 'pack-unavailable' && code !== 'relay-corrupt') throw error
    return { code }
  }
}

/** Of a file that has the size and the time that the backup has, before it was read and after; else undefined. */
async function unchangedHash(
  files: FileSystem,
  path: RelativePath,
  value: FileValue,
): Promise<string | undefined> {
  try {
    const reader = await files.openForReading(path)
    try {
      const isSame = ({ sizeBytes, mtimeNs }: { sizeBytes: number; mtimeNs: bigint }): boolean =>
        sizeBytes === value.sizeBytes && mtimeNs === value.mtimeNs
      if (!isSame(reader.stamp)) return undefined
      const hash = await hashOf(reader, value.sizeBytes)
      return isSame(await reader.stampNow()) ? hash : undefined
    } finally {
      await reader.close()
    }
  } catch (error) {
    if (error instanceof DiskError) return undefined
    throw error
  }
}

async function hashOf(reader: FileReader, sizeBytes: number): Promise<string | undefined> {
  const hash = createHash('sha256')
  for (let at = 0; at < sizeBytes;) {
    const bytes = await reader.read(at, Math.min(readBytes, sizeBytes - at))
    if (bytes.length === 0) return undefined
    hash.update(bytes)
    at += bytes.length
  }
  return hash.digest('hex')
}
