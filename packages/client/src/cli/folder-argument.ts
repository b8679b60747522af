// Which folder is meant: by its path, by the name of its vault, or by the vault's id.
import { accessSync, constants, existsSync, mkdirSync, realpathSync, rmdirSync, statSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { toHex } from '@grenier/crypto'
import { DiskError } from '../disk/file-system.ts'
import { readMarker } from '../disk/marker.ts'
import { refuseTaken } from '../engine/folder-place.ts'
import type { Platform } from '../engine/platform.ts'
import { isUnbegun } from '../engine/settling.ts'
import { ClientError } from '../errors.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { isCalled, isSameName } from './called.ts'
import { usageError } from './usage-error.ts'

/** The folder as it really lies, with no link in its path; as given when it is not there now. Absolute. */
export function realFolder(text: string): string {
  const path = resolve(text)
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** A folder of this home. @throws ClientError `folder-unknown`, `name-ambiguous` with the ids */
export function knownFolder(home: Home, text: string): FolderRecord {
  const path = realFolder(text)
  const byPath = home.folders.find((folder) => folder.path === path || folder.path === resolve(text))
  if (byPath !== undefined) return byPath
  const byName = home.folders.filter((folder) => isCalled(folder, text))
  const [first] = byName
  if (first === undefined)
    throw new ClientError('folder-unknown', 'not a synced folder', { data: { path, ...around(home, path) } })
  if (byName.length === 1) return first
  const ids = byName.map((folder) => folder.vault).join(', ')
  throw new ClientError('name-ambiguous', 'a name that several share', { data: { ids } })
}

/** The folder in which a path lies, and where: it was to be named apart. */
function around(home: Home, path: string): { readonly folder: string; readonly inside: string } | undefined {
  const folder = home.folders.find((one) => isWithin(path, one.path))
  return folder && { folder: folder.path, inside: relative(folder.path, path).replaceAll(sep, '/') }
}

/** A backup of this home, by the name of its vault or by its id. @throws ClientError `folder-unknown` */
export function knownBackup(home: Home, text: string): FolderRecord {
  const found = home.backups.find((backup) => isCalled(backup, text))
  if (found !== undefined) return found
  throw new ClientError('folder-unknown', 'no backup of this device', { data: { path: text } })
}

/** A folder of this home, or a backup by its name; never a guess which of the two. @throws ClientError as `knownFolder` */
export function knownVault(home: Home, text: string): FolderRecord {
  const backup = home.backups.find((backup) => isCalled(backup, text))
  if (backup === undefined) return knownFolder(home, text)
  const path = realFolder(text)
  const folders = home.folders.filter(
    (folder) => isSameName(folder.name, text) || folder.path === path || folder.path === resolve(text),
  )
  if (folders.length === 0 || backup.vault === text) return backup
  const ids = [...folders, backup].map(({ vault }) => vault).join(', ')
  throw new ClientError('name-ambiguous', 'a name that a folder and a backup share', { data: { ids } })
}

/** A folder to be synced, which is there. @throws ClientError `folder-unusable`, `usage` */
export function existingFolder(home: string, text: string): string {
  const path = realFolder(text)
  if (!isFolder(path)) throw new ClientError('folder-unusable', 'not a folder', { data: { path } })
  refuseClosed(path)
  refuseHome(home, path)
  return path
}

/**
 * Refuses a folder that is synced already: by this home, or, as its marker says, by another one or another vault.
 * @throws ClientError `folder-taken`, `state-foreign`
 */
export async function refuseSynced(platform: Platform, home: Home, path: string): Promise<void> {
  refuseTaken(home, path)
  await refuseInside(platform, path)
  const marker = await readMarker(await platform.fileSystem(path))
  if (marker === undefined) return
  throw new ClientError('state-foreign', 'the folder is marked as that of a vault', { data: { path } })
}

/** Whether a join, or a recovery, of this home was cut off here before the folder was recorded: said again, it goes on. @throws ClientError */
export async function isCutOff(platform: Platform, home: Home, path: string): Promise<boolean> {
  const marker = await readMarker(await platform.fileSystem(path))
  if (marker === undefined || marker === 'foreign') return false
  const vault = toHex(marker.vault)
  const isRecorded = home.folders.some((folder) => folder.path === path || folder.vault === vault)
  if (isRecorded || !existsSync(home.stateDirectory(vault))) return false
  return await isUnbegun({ home, platform }, { path, vault })
}

/** A folder that lies in one which another home syncs, or which is not where it was recorded. @throws ClientError `folder-taken` */
async function refuseInside(platform: Platform, path: string): Promise<void> {
  for (let above = dirname(path); above !== dirname(above); above = dirname(above)) {
    const marker = await markerAt(platform, above)
    if (marker !== undefined && marker !== 'foreign')
      throw new ClientError('folder-taken', 'inside a synced folder', { data: { path } })
  }
}

/** What lies above a folder may not be ours to read: then it is not ours to sync, either. */
async function markerAt(platform: Platform, path: string): ReturnType<typeof readMarker> {
  try {
    return await readMarker(await platform.fileSystem(path))
  } catch (error) {
    if (error instanceof ClientError || error instanceof DiskError) return undefined
    throw error
  }
}

/** Seen before anything is made at the relay. @throws ClientError `folder-unusable` */
function refuseClosed(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new ClientError('folder-unusable', 'may not be read and written', { cause, data: { path } })
  }
}

/** A folder to be synced, made if it is not there; `unmake` takes it away again while nothing is in it. */
export function madeFolder(home: string, text: string): { path: string; unmake: () => void } {
  const wanted = resolve(text)
  const isNew = !existsSync(wanted)
  try {
    if (isNew) mkdirSync(wanted, { recursive: true })
  } catch (cause) {
    throw new ClientError('folder-unusable', 'cannot be made', { cause, data: { path: wanted } })
  }
  const unmake = (): void => (isNew ? removeEmpty(wanted) : undefined)
  try {
    return { path: existingFolder(home, text), unmake }
  } catch (error) {
    unmake()
    throw error
  }
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Something is in it by now: it is not ours to remove.
  }
}

/** The keys and the state of a device must never be content of a vault: no folder around the home, none in it. */
export function refuseHome(home: string, path: string): void {
  const keys = realFolderOfNearest(home)
  if (isWithin(keys, path) || isWithin(path, keys)) throw usageError('home-inside', path)
}

function isWithin(path: string, around: string): boolean {
  return path === around || path.startsWith(around.endsWith(sep) ? around : around + sep)
}

/** The home may not be made yet: its nearest ancestor that is there counts. */
function realFolderOfNearest(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const parent = dirname(path)
  return parent === path
    ? path
    : resolve(realFolderOfNearest(parent), path.slice(parent.length).replace(/^[/\\]+/, ''))
}

/** Whether a directory is there now. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
