// `grenier forget`: a folder is not synced here any more, or not backed up. Its record, its state and the `.grenier` of a synced one go; its files stay, and
// so does the vault. The source of a backup is not looked at.
import { existsSync, lstatSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@grenier/crypto'
import { ownDirectory } from '../disk/file-system.ts'
import { readMarker } from '../disk/marker.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { openingKey, type FolderRecord, type Home } from '../home/home.ts'
import { holderOf } from './control-client.ts'
import { knownVault } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { forgetLastBackup } from './last-backup.ts'
import { forgetLastRun } from './last-run.ts'
import { printable } from './printable.ts'

/** @throws ClientError `folder-unknown`, `home-locked` */
export async function forget(invocation: Invocation, folder: string): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const home = openHome(homeDirectory)
  const record = knownVault(home, folder)
  output.concern({ folder: record.path, vault: record.vault })
  const key = openingKey(record)
  const holder = await holderOf(home.directory, key)
  await holder?.release({ path: key })
  await refuseLocked(invocation, home, record)
  await home.removeFolder(key)
  forgetLastRun(home, record.vault)
  forgetLastBackup(home, record.vault)
  if (record.backup === undefined) await removeOwnDirectory(invocation, record)
  output.line({ event: 'forget', folder: record.path, vault: record.vault })
  const { words } = output
  output.result(
    record.backup === undefined
      ? words.forgetDone({ folder: printable(record.path) })
      : words.backupForgotten({ name: printable(record.name) }),
  )
  return 0
}

/** A state that somebody has open is not pulled from under them. @throws ClientError `home-locked` */
async function refuseLocked({ platform }: Invocation, home: Home, record: FolderRecord): Promise<void> {
  const directory = home.stateDirectory(record.vault)
  if (!existsSync(directory)) return
  try {
    const store = await platform().state(directory)
    await store.close()
  } catch (error) {
    // A state that cannot be read is one more reason to forget it.
    if (isLocked(error)) throw error
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'home-locked'
}

/** Only where the marker is that of this vault: a folder that was copied here, or a disk mounted in its place, keeps its own. */
async function removeOwnDirectory({ platform }: Invocation, { path, vault }: FolderRecord): Promise<void> {
  const own = join(path, ownDirectory)
  if (lstatSync(own, { throwIfNoEntry: false })?.isDirectory() !== true) return
  const marker = await readMarker(await platform().fileSystem(path))
  if (marker === undefined || marker === 'foreign' || toHex(marker.vault) !== vault) return
  rmSync(own, { recursive: true, force: true })
}
