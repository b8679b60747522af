// `.grenier/marker`: binds a folder to a vault and to this device's state of it, so that an unmounted disk, a foreign folder, or one of
// the two restored from a backup without the other, is seen before anything is deleted for it.
import { equal, toHex, fromHex } from '@grenier/crypto'
import { joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import { DiskError, ownDirectory, type FileSystem } from './file-system.ts'

/** What a marker says. */
export interface Marker {
  /** Vault id, 32 bytes. */
  readonly vault: Uint8Array
  /** Random, 16 bytes, drawn when this device added or joined the folder; the state has it too. */
  readonly folder: Uint8Array
  /**
   * Random, 16 bytes, drawn anew at each opening: the state has the current one, and, while it is being renewed, the next one. An
   * older one in either place means that a backup was restored there.
   */
  readonly generation: Uint8Array
}

/** What the state expects of the marker. */
export interface ExpectedMarker {
  readonly vault: Uint8Array
  readonly folder: Uint8Array
  /** One, or while it is renewed two. */
  readonly generations: readonly Uint8Array[]
}

/**
 * `ok`; `missing`: no marker (an unmounted disk, a deleted `.grenier`); `foreign`: of another vault or another device's folder, or not to
 * be read; `restored`: of this folder, but the state or the folder is older than the other.
 */
export type MarkerVerdict = 'ok' | 'missing' | 'foreign' | 'restored'

const markerName = 'marker' as Name
const path = joinPath(ownDirectory, markerName)
const stagedName = 'marker'
const stagingName = 'staging' as Name
/** The name of `.grenier` in any directory. */
const asOwnName = ownDirectory as string as Name
/** A marker has about 180 bytes. */
const markerBytesMax = 4096

/** The marker; undefined when there is none; `foreign` when what is there is none of ours. @throws DiskError */
export async function readMarker(
  files: Pick<FileSystem, 'openForReading'>,
  at: RelativePath = path,
): Promise<Marker | 'foreign' | undefined> {
  try {
    const reader = await files.openForReading(at)
    try {
      return decode(await reader.read(0, markerBytesMax)) ?? 'foreign'
    } finally {
      await reader.close()
    }
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    if (error.code === 'ELOOP' || error.code === 'EINVAL') return 'foreign'
    throw error
  }
}

/** Whether a directory below the root is a synced folder of its own: another one that was moved here, or that another home made here. */
export async function isMarked(
  files: Pick<FileSystem, 'openForReading'>,
  directory: RelativePath,
): Promise<boolean> {
  try {
    const marker = await readMarker(files, joinPath(joinPath(directory, asOwnName), markerName))
    return marker !== undefined && marker !== 'foreign'
  } catch (error) {
    if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
    return false
  }
}

/** Compares the marker with what the state expects. */
export async function checkMarker(files: FileSystem, expected: ExpectedMarker): Promise<MarkerVerdict> {
  const marker = await readMarker(files)
  if (marker === undefined) return 'missing'
  if (marker === 'foreign') return 'foreign'
  if (!equal(marker.vault, expected.vault) || !equal(marker.folder, expected.folder)) return 'foreign'
  return expected.generations.some((generation) => equal(generation, marker.generation)) ? 'ok' : 'restored'
}

/** Writes the marker, durable when it resolves. @throws DiskError */
export async function writeMarker(files: FileSystem, marker: Marker): Promise<void> {
  const writer = await files.openStaged(stagedName)
  await writer.write(0, encode(marker))
  await writer.close()
  await files.flush([])
  await files.change({ do: 'place', name: stagedName, path, replace: true })
  // The first one may have been the first thing in a directory that was made for it.
  await files.flush([rootPath, ownDirectory])
}

/** Takes the marker away, and what is empty then of the directory that is ours. @throws DiskError */
export async function removeMarker(files: FileSystem): Promise<void> {
  await files.change({ do: 'remove-file', path })
  await removeEmpty(files, joinPath(ownDirectory, stagingName))
  await removeEmpty(files, ownDirectory)
}

async function removeEmpty(files: FileSystem, directory: RelativePath): Promise<void> {
  try {
    await files.change({ do: 'remove-directory', path: directory })
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

function encode({ vault, folder, generation }: Marker): Uint8Array {
  const text = JSON.stringify(
    { version: 1, vault: toHex(vault), folder: toHex(folder), generation: toHex(generation) },
    undefined,
    1,
  )
  return new TextEncoder().encode(`${text}\n`)
}

function decode(bytes: Uint8Array): Marker | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1)
      return undefined
    return {
      vault: field(value, 'vault', 32),
      folder: field(value, 'folder', 16),
      generation: field(value, 'generation', 16),
    }
  } catch {
    return undefined
  }
}

function field(value: object, key: string, length: number): Uint8Array {
  const text: unknown = Reflect.get(value, key)
  const bytes = typeof text === 'string' ? fromHex(text) : new Uint8Array(0)
  if (bytes.length !== length) throw new TypeError(`no ${key} of ${length} bytes`)
  return bytes
}
