// How a folder becomes this device's: its state, its marker, its record in the home, in that order; and how that is taken back, or taken up again.
import { fromHex, toHex } from '@grenier/crypto'
import { onFolder } from '../disk/folder-fault.ts'
import { readMarker, removeMarker } from '../disk/marker.ts'
import { ClientError } from '../errors.ts'
import type { FolderRecord } from '../home/home.ts'
import { keepAnchor, type LogAnchor } from '../log/log-anchor.ts'
import { keptLogState } from '../state/log-cache.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { EngineContext } from './api.ts'
import { markFolder, mayBeOf } from './folder-place.ts'

/** What a joiner has proved of the log is written into the state. */
export function anchored(anchor: LogAnchor): (transaction: Transaction) => void {
  return (transaction) => keepAnchor(transaction, anchor)
}

/** Records and marks the folder. `also` joins what is written into its state. Durable when it resolves. */
export async function settleFolder(
  { home, platform }: EngineContext,
  record: FolderRecord,
  also: (transaction: Transaction) => void,
): Promise<void> {
  const files = await platform.fileSystem(record.path)
  const store = await platform.state(home.stateDirectory(record.vault))
  try {
    const trees = TreesStore.open(store)
    await trees.write({ flush: true }, also)
    const on = { files, trees, random: platform.random }
    await onFolder(record.path, () => markFolder(on, fromHex(record.vault)))
  } finally {
    await store.close()
  }
  await home.addFolder(record)
}

/** What a join, or a recovery, that came to nothing had settled: neither marker nor record nor state is left. */
export async function unsettleFolder(
  { home, platform }: EngineContext,
  { path, vault }: FolderRecord,
): Promise<void> {
  if (!home.folders.some((folder) => folder.path === path)) return
  const files = await platform.fileSystem(path)
  const marker = await readMarker(files)
  if (marker !== undefined && marker !== 'foreign' && toHex(marker.vault) === vault) await removeMarker(files)
  await home.removeFolder(path)
}

/**
 * Whether a folder was settled, and nothing came of it yet: whoever did it was cut off before a word of the log was read. Asked of a vault of
 * which this home has a state. @throws ClientError as `platform.state`, but `home-locked`: what somebody works with has begun
 */
export async function isUnbegun(
  { home, platform }: Pick<EngineContext, 'home' | 'platform'>,
  { path, vault }: { path: string; vault: string },
): Promise<boolean> {
  const files = await platform.fileSystem(path)
  try {
    const store = await platform.state(home.stateDirectory(vault))
    try {
      const trees = TreesStore.open(store)
      return keptLogState(trees) === undefined && (await mayBeOf({ files, trees }))
    } finally {
      await store.close()
    }
  } catch (error) {
    if (error instanceof ClientError && error.code === 'home-locked') return false
    throw error
  }
}
