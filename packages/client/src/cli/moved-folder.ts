// A folder that was moved while nobody looked, or whose disk is mounted elsewhere: known again by its marker, and recorded where it is now.
import { toHex } from '@grenier/crypto'
import { readMarker } from '../disk/marker.ts'
import { ClientError } from '../errors.ts'
import type { Platform } from '../engine/platform.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { isFolder, realFolder } from './folder-argument.ts'

/** Where a folder was. */
export interface Moved {
  readonly from: string
  readonly folder: string
}

/**
 * Records the folder at this path, when it is one of this home's and not where it was any more; undefined when it is none, or nothing moved.
 * Whether it is the very folder that the state knows is asked when it is opened.
 */
export async function followMoved(platform: Platform, home: Home, text: string): Promise<Moved | undefined> {
  const folder = realFolder(text)
  if (home.folders.some(({ path }) => path === folder) || !isFolder(folder)) return undefined
  const vault = await vaultAt(platform, folder)
  const record = home.folders.find((one) => one.vault === vault)
  // Where the old one still is, this is a copy.
  if (record === undefined || (await vaultAt(platform, record.path)) === vault) return undefined
  if (home.folders.some((one) => one !== record && isNested(one, folder)))
    throw new ClientError('folder-taken', 'moved into, or around, another synced folder', {
      data: { path: folder },
    })
  await home.addFolder({ ...record, path: folder })
  return { from: record.path, folder }
}

/** The vault that the marker of a folder names, hex. */
async function vaultAt(platform: Platform, path: string): Promise<string | undefined> {
  if (!isFolder(path)) return undefined
  const marker = await readMarker(await platform.fileSystem(path))
  return marker === undefined || marker === 'foreign' ? undefined : toHex(marker.vault)
}

function isNested({ path }: FolderRecord, folder: string): boolean {
  return `${path}/`.startsWith(`${folder}/`) || `${folder}/`.startsWith(`${path}/`)
}
