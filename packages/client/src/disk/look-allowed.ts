// Looks where some of it may be forbidden: a directory that was closed, by its own bits or by whoever has it, holds up nothing else.
import type { RelativePath } from '../sync/name.ts'
import { DiskError, type FileSystem, type Look } from './file-system.ts'

/** What is there, or why that may not be seen. @throws DiskError ESTALE */
export async function lookAllowed(
  files: Pick<FileSystem, 'look'>,
  paths: readonly RelativePath[],
): Promise<readonly (Look | DiskError | undefined)[]> {
  try {
    return await files.look(paths)
  } catch (error) {
    if (!isDenied(error)) throw error
  }
  const out: (Look | DiskError | undefined)[] = []
  for (const path of paths) {
    try {
      out.push(...(await files.look([path])))
    } catch (error) {
      if (!isDenied(error)) throw error
      out.push(error)
    }
  }
  return out
}

/** The same, where it makes no difference whether something is there that may not be seen. */
export async function lookOrNothing(
  files: Pick<FileSystem, 'look'>,
  paths: readonly RelativePath[],
): Promise<readonly (Look | undefined)[]> {
  const looks = await lookAllowed(files, paths)
  return looks.map((look) => (look instanceof DiskError ? undefined : look))
}

function isDenied(error: unknown): error is DiskError {
  return error instanceof DiskError && error.code !== 'ESTALE'
}
