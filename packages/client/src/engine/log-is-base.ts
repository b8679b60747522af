// The policy of a backup: whatever the log says, the source wins. Base is what the log has, so that all that differs is a change of this device's,
// and the planner, which knows nothing of backups, only ever commits.
import { samePlace } from '../sync/agreed.ts'
import { sameValue, type Columns, type NodeId, type Stamp } from '../sync/tree.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Transaction } from '../state/trees-transaction.ts'

/** Rows written at once. */
const stepRows = 2_000
/** Of what is on no disk. */
const nowhere: Stamp = { dev: 0n, ino: 0n, ctimeNs: 0n, mtimeNs: 0n, sizeBytes: 0, mode: 0 }

export interface LogIsBaseOptions {
  readonly trees: TreesStore
  /** How many entries came so far. */
  readonly count: () => number
  /** There is no folder to be looked at: what is not being sent is here as the log has it. */
  readonly isStream: boolean
}

/** Makes base follow the log before a plan, whenever entries came. */
export function logIsBase({ trees, count, isStream }: LogIsBaseOptions): () => Promise<void> {
  let seen: number | undefined
  return async () => {
    const now = count()
    if (now === seen) return
    const isFirst = seen === undefined
    const behind: [NodeId, Columns][] = []
    for await (const [id, columns] of trees.differing())
      if (columns.base !== columns.remote || (isStream && isFirst)) behind.push([id, columns])
    for (let at = 0; at < behind.length; at += stepRows)
      await trees.write({ flush: false }, (transaction) => {
        for (const [id, columns] of behind.slice(at, at + stepRows)) {
          if (isStream && (isFirst || isUntouched(columns))) localFollows(transaction, id, columns)
          transaction.set('base', id, columns.remote)
        }
      })
    seen = now
  }
}

/** What a run that was cut off left here is nothing: it is not to be had any more. */
function localFollows(transaction: Transaction, id: NodeId, { remote }: Columns): void {
  transaction.set('local', id, remote === undefined ? undefined : { ...remote, stamp: nowhere })
}

function isUntouched({ base, local }: Columns): boolean {
  if (base === undefined || local === undefined) return base === local
  return samePlace(base, local) && sameValue(base.value, local.value)
}
