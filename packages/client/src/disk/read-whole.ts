// Reading many small files: on a real disk in bulk, anywhere else one by one.
import type { Stamp } from '../sync/tree.ts'
import { DiskError, type ExpectedFile, type FileSystem } from './file-system.ts'
import { sameStamp } from './stamp.ts'

/** Whether a file is certainly the one that was expected: only a settled stamp says so, and on the same device. */
export function isExpected(expected: Stamp, seen: Stamp): boolean {
  return sameStamp(expected, seen) && expected.dev === seen.dev
}

/** What `readWhole` gives, by opening each file. */
export async function readOneByOne(
  files: Pick<FileSystem, 'openForReading'>,
  wanted: readonly ExpectedFile[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const out: (Uint8Array | undefined)[] = []
  for (const each of wanted) out.push(await readOne(files, each))
  return out
}

async function readOne(
  files: Pick<FileSystem, 'openForReading'>,
  { path, stamp }: ExpectedFile,
): Promise<Uint8Array | undefined> {
  try {
    const reader = await files.openForReading(path)
    try {
      const bytes = await reader.read(0, stamp.sizeBytes)
      return bytes.length === stamp.sizeBytes && isExpected(stamp, await reader.stampNow())
        ? bytes
        : undefined
    } finally {
      await reader.close()
    }
  } catch (error) {
    if (error instanceof DiskError) return undefined
    throw error
  }
}
