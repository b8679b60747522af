// How a folder becomes this device's: its state, its marker, its record in the home, in that order.
import { fromHex } from '@grenier/crypto'
import { onFolder } from '../disk/folder-fault.ts'
import type { FolderRecord } from '../home/home.ts'
import { keepAnchor, type LogAnchor } from '../log/log-anchor.ts'
import { TreesStore } from '../state/trees-store.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { EngineContext } from './api.ts'
import { markFolder } from './folder-place.ts'

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
