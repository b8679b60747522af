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
const provedKey = otherKey('proved')

/** Keeps what a join, or what is like it, proved: with the entry that takes this device in. */
export function keepAnchor(rows: StateRowsWriter, anchor: LogAnchor): void {
  rows.put(anchorKey, encode(anchor))
}

/** Keeps what a join saw before it sent its entry. */
export function keepProved(rows: StateRowsWriter, proved: LogAnchor): void {
  rows.put(provedKey, encode(proved))
}

/** What was kept; else the genesis. */
export function anchorOf(rows: StateRows, vault: VaultId): LogAnchor {
  const bytes = rows.other(anchorKey)
  return bytes === undefined ? { sequence: 0, hash: entryHash(vault) } : decode(bytes)
}

/** All that a join may count on which does not know whether its own entry came to the log; undefined where no join was here. */
export function provedOf(rows: StateRows): LogAnchor | undefined {
  const bytes = rows.other(provedKey)
  return bytes && decode(bytes)
}

function encode({ sequence, hash }: LogAnchor): Uint8Array {
  return Buffer.concat([hash, Buffer.from(numberKey(sequence), 'latin1')])
}

function decode(bytes: Uint8Array): LogAnchor {
  const sequence = numberFromKey(Buffer.from(bytes.subarray(32)).toString('latin1')).value
  return { sequence, hash: entryHash(bytes.slice(0, 32)) }
}
