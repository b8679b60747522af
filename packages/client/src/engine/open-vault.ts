// Opens what this device keeps of one vault: its state database, its log, its folder; and closes it all.
import { fromHex, vaultId } from '@grenier/crypto'
import type { FileSystem } from '../disk/file-system.ts'
import { onFolder } from '../disk/folder-fault.ts'
import { ClientError } from '../errors.ts'
import { openingKey, type FolderRecord } from '../home/home.ts'
import { VaultLog } from '../log/vault-log.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { EngineContext } from './api.ts'
import type { Vault } from './vault.ts'

/** An open vault with its folder. */
export interface OpenVault {
  readonly vault: Vault
  readonly files: FileSystem
  close(): Promise<void>
}

/** The record of a folder of this home, or of a backup. `key`: as of `openingKey`. @throws ClientError `folder-unknown` */
export function folderRecord({ home }: Pick<EngineContext, 'home'>, key: string): FolderRecord {
  const record = [...home.folders, ...home.backups].find((folder) => openingKey(folder) === key)
  if (record !== undefined) return record
  throw new ClientError('folder-unknown', 'not a synced folder', { data: { path: key } })
}

/** Opens state and folder. `given`: a file system other than that of the record's path. @throws ClientError `home-locked`, `state-broken`, `state-foreign`, `folder-unusable` */
export async function openVault(
  context: EngineContext,
  record: FolderRecord,
  given?: FileSystem,
): Promise<OpenVault> {
  const { home, platform, report, signal } = context
  const files = given ?? (await onFolder(record.path, () => platform.fileSystem(record.path)))
  const store = await platform.state(home.stateDirectory(record.vault))
  try {
    const trees = TreesStore.open(store)
    const log = VaultLog.open(trees, vaultId(fromHex(record.vault)), home.device)
    const vault: Vault = { record, home, platform, store, trees, log, report, signal }
    const close = async (): Promise<void> => {
      // What cannot be kept was never promised to be: it is looked at again.
      await trees.settled().catch(() => undefined)
      await store.close()
    }
    return { vault, files, close }
  } catch (error) {
    await store.close()
    throw error
  }
}
