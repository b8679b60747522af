// Backups: how a source comes to have a vault on this device, without a marker and without anything else in it; and opening one for a run.
import { fromHex, vaultId } from '@grenier/crypto'
import type { FolderRecord, BackupSettings } from '../home/home.ts'
import { keptState } from '../log/vault-log.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { EngineContext } from './api.ts'
import type { BackupSource } from './backup-source.ts'
import { versionsIn, type BackupVersion } from './backup-versions.ts'
import type { Report, Summary } from './events.ts'
import { OpenFolderEngine } from './folder-engine.ts'
import { makeVault } from './make-vault.ts'
import { folderRecord } from './open-vault.ts'

/** What a new backup is called, and where it goes. `path`: of the source; empty for streams. */
export interface NewBackup {
  readonly path: string
  readonly name: string
  readonly relay: string
  readonly settings: BackupSettings
}

/** What a run came to. `sockets`: and other things that are no files, which were left out. */
export interface BackedUp {
  readonly summary: Summary
  readonly version: BackupVersion
  /** Paths that were put, moved and removed. */
  readonly changes: { readonly put: number; readonly move: number; readonly remove: number }
  readonly others: number
}

/**
 * Makes the vault of a backup; durable at the relay and in the home when it resolves.
 * @throws ClientError `home-missing` without an identity; as the relay refuses
 */
export async function startBackup(context: EngineContext, start: NewBackup): Promise<FolderRecord> {
  const { path, name, relay, settings } = start
  const { vault, url, listed } = await makeVault(context, { name, relay })
  const record = { path, vault, relay: url, name, backup: settings }
  const store = await context.platform.state(context.home.stateDirectory(vault))
  try {
    await TreesStore.open(store).write({ flush: true }, listed)
  } finally {
    await store.close()
  }
  await context.home.addFolder(record)
  return record
}

/** Runs a backup once: everything that differs is in the vault when it resolves, but for what is told as a problem. @throws ClientError */
export async function backUp(given: EngineContext, vault: string, source: BackupSource): Promise<BackedUp> {
  const changes = { put: 0, move: 0, remove: 0 }
  const report: Report = (event) => {
    if (event.event === 'change') changes[event.action] += 1
    given.report(event)
  }
  const context = { ...given, report }
  const engine = await OpenFolderEngine.openBackup(context, folderRecord(context, vault), source)
  try {
    const summary = await engine.run({ once: true })
    const version = await engine.noteVersion(summary)
    return { summary, version, changes, others: source.from === 'folder' ? source.files.others : 0 }
  } finally {
    await engine.close()
  }
}

/** The versions that there are, as far as this device knows, the oldest first. @throws ClientError `home-locked` while the vault is at work */
export async function backupVersions(
  context: Pick<EngineContext, 'home' | 'platform'>,
  vault: string,
): Promise<readonly BackupVersion[]> {
  const store = await context.platform.state(context.home.stateDirectory(vault))
  try {
    const trees = TreesStore.open(store)
    const known = keptState(trees, vaultId(fromHex(vault)))
    return await versionsIn(trees, known === undefined ? 0 : known.spine.prune?.through)
  } finally {
    await store.close()
  }
}
