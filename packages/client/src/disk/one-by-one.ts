// Making and placing many small files: on a real disk in bulk, anywhere else one by one.
import type { Stamp } from '../sync/tree.ts'
import { DiskError, type FileSystem, type NewPlace, type WholeFile } from './file-system.ts'

/** What `stageWhole` does, by opening each file. */
export async function stageOneByOne(
  files: Pick<FileSystem, 'openStaged'>,
  wanted: readonly WholeFile[],
): Promise<readonly (Stamp | DiskError)[]> {
  const out: (Stamp | DiskError)[] = []
  for (const each of wanted) out.push(await orRefusal(() => stageOne(files, each)))
  return out
}

/** What `placeNew` does, by a change for each file. */
export async function placeOneByOne(
  files: Pick<FileSystem, 'change'>,
  places: readonly NewPlace[],
): Promise<readonly (DiskError | undefined)[]> {
  const out: (DiskError | undefined)[] = []
  for (const { name, path } of places) out.push(await orRefusal(() => placeOne(files, { name, path })))
  return out
}

async function stageOne(
  files: Pick<FileSystem, 'openStaged'>,
  { name, bytes, bits }: WholeFile,
): Promise<Stamp> {
  const writer = await files.openStaged(name)
  try {
    if (bytes.length > 0) await writer.write(0, bytes)
  } catch (error) {
    await writer.close()
    throw error
  }
  return await writer.finish(bits)
}

async function placeOne(files: Pick<FileSystem, 'change'>, { name, path }: NewPlace): Promise<undefined> {
  await files.change({ do: 'place', name, path, replace: false })
}

async function orRefusal<T>(work: () => Promise<T>): Promise<T | DiskError> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DiskError) return error
    throw error
  }
}
