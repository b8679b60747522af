// How far this device knows the log of a folder: what the running sync says, or the state on the disk. A relay that shows less is caught by it.
import { existsSync } from 'node:fs'
import { entryHash, fromHex, vaultId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { openingKey, type FolderRecord, type Home } from '../home/home.ts'
import type { LogAnchor } from '../log/log-anchor.ts'
import { keptState } from '../log/vault-log.ts'
import { TreesStore } from '../state/trees-store.ts'
import { holderOf } from './control-client.ts'
import type { Invocation } from './invocation.ts'

/** undefined where nothing is known yet, or whoever has the state does not answer. @throws ClientError `state-broken`, `state-foreign` */
export async function knownHead(
  { platform }: Invocation,
  home: Home,
  record: FolderRecord,
): Promise<LogAnchor | undefined> {
  const holder = await holderOf(home.directory, openingKey(record))
  const held = holder?.folders.find((folder) => folder.record.vault === record.vault)
  if (held !== undefined) {
    const { head } = held.status
    return head && { sequence: head.seq, hash: entryHash(fromHex(head.hash)) }
  }
  const directory = home.stateDirectory(record.vault)
  if (!existsSync(directory)) return undefined
  try {
    const store = await platform().state(directory)
    try {
      return keptState(TreesStore.open(store), vaultId(fromHex(record.vault)))?.head
    } finally {
      await store.close()
    }
  } catch (error) {
    if (error instanceof ClientError && error.code === 'home-locked') return undefined
    throw error
  }
}
