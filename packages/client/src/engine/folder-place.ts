// Where a folder may be synced: not twice, not inside another, not around one; and whether it still is the folder of this state.
import { concat, type Random } from '@grenier/crypto'
import { ownDirectory, type FileSystem } from '../disk/file-system.ts'
import { onFolder } from '../disk/folder-fault.ts'
import {
  checkMarker,
  readMarker,
  writeMarker,
  type ExpectedMarker,
  type MarkerVerdict,
} from '../disk/marker.ts'
import { ClientError } from '../errors.ts'
import type { Home } from '../home/home.ts'
import { otherKey } from '../state/state-keys.ts'
import type { TreesStore } from '../state/trees-store.ts'

const markerKey = otherKey('marker')
const idBytes = 16

/** @throws ClientError `folder-taken` */
export function refuseTaken(home: Home, path: string): void {
  const nested = (outer: string, inner: string): boolean =>
    inner === outer || inner.startsWith(`${outer.replace(/\/$/, '')}/`)
  const taken = home.folders.some((folder) => nested(folder.path, path) || nested(path, folder.path))
  if (taken)
    throw new ClientError('folder-taken', 'already synced, inside a synced folder, or around one', {
      data: { path },
    })
}

/** A device has one state of a vault, hence one folder. @throws ClientError `folder-taken` with that folder's path */
export function refuseSecond(home: Home, vault: string): void {
  const taken = home.folders.find((folder) => folder.vault === vault)
  if (taken !== undefined)
    throw new ClientError('folder-taken', 'this device has a folder of this vault', {
      data: { path: taken.path },
    })
}

/** Marks a folder as that of a vault: the state first, so that a crash between leaves a marker that is missing, not foreign. */
export async function markFolder(
  on: { files: FileSystem; trees: TreesStore; random: Random },
  vault: Uint8Array,
): Promise<void> {
  const folder = on.random.bytes(idBytes)
  const generation = on.random.bytes(idBytes)
  await keepExpected(on.trees, { vault, folder, generations: [generation] })
  await writeMarker(on.files, { vault, folder, generation })
}

/**
 * Whether the folder is the one that the state knows.
 * @throws ClientError `folder-unmarked`, `state-foreign`; `folder-unusable`, `disk-failed` where that cannot be found out
 */
export async function checkFolder(on: { files: FileSystem; trees: TreesStore }, path: string): Promise<void> {
  const expected = keptExpected(on.trees)
  if (expected === undefined)
    throw new ClientError('state-foreign', 'the state knows no marker', { data: { path, what: 'lost' } })
  const verdict = await onFolder(path, () => checkMarker(on.files, expected))
  if (verdict === 'ok') return
  if (verdict === 'missing')
    throw new ClientError('folder-unmarked', 'the marker is gone', { data: { path } })
  throw new ClientError('state-foreign', `the marker is ${verdict}`, { data: { path, what: verdict } })
}

/** How the marker is to what the state expects; undefined where it expects none. @throws DiskError */
export async function markerVerdict(on: {
  files: FileSystem
  trees: TreesStore
}): Promise<MarkerVerdict | undefined> {
  const expected = keptExpected(on.trees)
  return expected && (await checkMarker(on.files, expected))
}

/** As `markFolder`, where that has not been done, or not to its end: whatever is cut off is done again, and comes to the same. */
export async function markOnce(
  on: { files: FileSystem; trees: TreesStore; random: Random },
  vault: Uint8Array,
): Promise<void> {
  const expected = keptExpected(on.trees)
  const verdict = await markerVerdict(on)
  if (verdict === 'ok') return
  const generation = expected?.generations.at(-1)
  if (expected === undefined || generation === undefined || verdict !== 'missing') await markFolder(on, vault)
  else await writeMarker(on.files, { ...expected, generation })
}

/**
 * A person said that this is the folder: where its marker is gone, it gets a new one. Says whether it did.
 * @throws ClientError `state-foreign` where another marker stands: then it is another folder, whatever anybody says
 */
export async function remarkFolder(
  on: { files: FileSystem; trees: TreesStore; random: Random },
  { path, vault }: { path: string; vault: Uint8Array },
): Promise<boolean> {
  try {
    await checkFolder(on, path)
    return false
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'folder-unmarked') throw error
    await markFolder(on, vault)
    return true
  }
}

/**
 * Draws a new generation for this opening, in state and folder: one of them restored from a backup then shows.
 * @throws ClientError as `checkFolder`, and `disk-full`
 */
export async function renewMarker(
  on: { files: FileSystem; trees: TreesStore; random: Random },
  path: string,
): Promise<void> {
  await checkFolder(on, path)
  const expected = keptExpected(on.trees)
  if (expected === undefined) return
  const { vault, folder } = expected
  const generation = on.random.bytes(idBytes)
  await onFolder(path, async () => {
    const before = await standingGeneration(on.files, expected)
    await keepExpected(on.trees, { ...expected, generations: [before, generation] })
    await writeMarker(on.files, { vault, folder, generation })
  })
  await keepExpected(on.trees, { vault, folder, generations: [generation] })
}

/** The generation that the folder surely has. After a renewal that was cut off, that may be the older one of two. */
async function standingGeneration(files: FileSystem, { generations }: ExpectedMarker): Promise<Uint8Array> {
  const [only] = generations
  if (only !== undefined && generations.length === 1) return only
  const marker = await readMarker(files)
  if (marker === undefined || marker === 'foreign')
    throw new ClientError('folder-unmarked', 'the marker is gone')
  // Seen, but perhaps not durable yet: what is built on it must not be surer than it is.
  await files.flush([ownDirectory])
  return marker.generation
}

/** vault (32) ‖ folder (16) ‖ one or two generations (16 each). */
function keptExpected(trees: TreesStore): ExpectedMarker | undefined {
  const bytes = trees.other(markerKey)
  if (bytes === undefined) return undefined
  const generations: Uint8Array[] = []
  for (let at = 48; at < bytes.length; at += idBytes) generations.push(bytes.slice(at, at + idBytes))
  return { vault: bytes.slice(0, 32), folder: bytes.slice(32, 48), generations }
}

async function keepExpected(trees: TreesStore, expected: ExpectedMarker): Promise<void> {
  const bytes = concat([expected.vault, expected.folder, ...expected.generations])
  await trees.write({ flush: true }, (transaction) => {
    transaction.put(markerKey, bytes)
  })
}
