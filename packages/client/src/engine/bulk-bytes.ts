// T of the size rule: what this device's bulk packs since its last short one sum up to, as its own entries in the log tell, and whoever sent the
// last of a run. Kept with the fold, so that a crash in the middle of a large commit does not make the size of its last pack tell more than it should.
import { packBytesMax, type ChangePayload, type PackClaim } from '@grenier/crypto'
import { numberFromKey, numberKey, otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'

const key = otherKey('bulk')

/** Bytes stored in full packs since the last short one; 0 when no large commit is under way. */
export function bulkBytes(rows: StateRows): number {
  const bytes = rows.other(key)
  return bytes === undefined ? 0 : numberFromKey(Buffer.from(bytes).toString('latin1')).value
}

/** Counts the content packs of an own change; those of its payload do not count. */
export function noteBulk(
  rows: StateRowsWriter,
  added: readonly PackClaim[],
  change: ChangePayload | undefined,
): void {
  let total = bulkBytes(rows)
  for (const { pack } of change?.index ?? []) {
    const sizeBytes = added[pack]?.sizeBytes ?? 0
    total = sizeBytes === packBytesMax ? total + sizeBytes : 0
  }
  rows.put(key, Buffer.from(numberKey(total), 'latin1'))
}

/** The pack that ends the run, and all before it, is committed. The log does not always tell: from 128 MiB on that pack is as large as a full one. */
export async function endBulk(trees: TreesStore): Promise<void> {
  if (bulkBytes(trees) === 0) return
  await trees.write({ flush: false }, (transaction) =>
    transaction.put(key, Buffer.from(numberKey(0), 'latin1')),
  )
}
