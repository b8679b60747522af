// What stands where something is to be brought back: whether it is that very thing, with the bits and the time that it would get.
import { isSameContent, type SameOptions } from '../content/same-content.ts'
import { DiskError, type FileSystem, type Look } from '../disk/file-system.ts'
import { sameStamp } from '../disk/stamp.ts'
import type { ProblemCode } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileValue, LinkValue } from '../sync/tree.ts'
import { lackCode } from './damaged-member.ts'

/** `same`; or why what is there stays as it is. @throws ClientError `interrupted`; DiskError; what fetching throws */
export async function thereAlready(
  content: SameOptions,
  files: FileSystem,
  at: {
    readonly path: RelativePath
    readonly there: Look
    readonly value: FileValue | LinkValue
  },
): Promise<'same' | ProblemCode> {
  const { path, there, value } = at
  if (there.kind !== value.kind) return 'not-overwritten'
  try {
    if (value.kind === 'link')
      return Buffer.compare(await files.readLink(path), value.target) === 0 ? 'same' : 'not-overwritten'
    return await comparedFile(content, files, { path, value })
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    // What cannot be read is not known to be the same.
    return 'not-overwritten'
  }
}

async function comparedFile(
  options: SameOptions,
  files: FileSystem,
  { path, value }: { readonly path: RelativePath; readonly value: FileValue },
): Promise<'same' | ProblemCode> {
  const { content, sizeBytes, mode, mtimeNs } = value
  const { timeStepNs } = await files.traits()
  const reader = await files.openForReading(path)
  try {
    const { stamp } = reader
    const apart = stamp.mtimeNs - mtimeNs
    const isLike =
      stamp.sizeBytes === sizeBytes && stamp.mode === mode && apart < timeStepNs && -apart < timeStepNs
    if (!isLike || content === undefined) return 'not-overwritten'
    const same = await isSameContent(options, reader, { content, sizeBytes })
    if (typeof same === 'string') return lackCode(same)
    // Somebody may have written to it while it was read.
    return same && sameStamp(stamp, await reader.stampNow()) ? 'same' : 'not-overwritten'
  } finally {
    await reader.close()
  }
}
