// The least that this device knows of a log before it has read it: the genesis, which the vault id names; after a join, the entry that took this
// device in. A relay that shows a newcomer less, or something else, is caught by it.
import { entryHash, type EntryHash, type VaultId } from '@grenier/crypto'
import { numberFromKey, numberKey, otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'

/** An entry that must be in the log. */
export interface LogAnchor {
  readonly sequence: number
  readonly hash: EntryHash
}

const anchorKey = otherKey('anchor')

/** Keeps what a join proved. */
export function keepAnchor(rows: StateRowsWriter, { sequence, hash }: LogAnchor): void {
  rows.put(anchorKey, Buffer.concat([hash, Buffer.from(numberKey(sequence), 'latin1')]))
}

/** What was kept; else the genesis. */
export function anchorOf(rows: StateRows, vault: VaultId): LogAnchor {
  const bytes = rows.other(anchorKey)
  if (bytes === undefined) return { sequence: 0, hash: entryHash(vault) }
  const sequence = numberFromKey(Buffer.from(bytes.subarray(32)).toString('latin1')).value
  return { sequence, hash: entryHash(bytes.slice(0, 32)) }
}
