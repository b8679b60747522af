// Whether this device may prune a vault without being asked: it began the vault as a synced folder, or set how long versions stay. A vault that it
// joined or recovered may be somebody's backup, whose rules only the home of the device that backs up knows.
import { otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'

const key = otherKey('prunes-unasked')

/** From here on, it may. */
export function notePrunesUnasked(rows: StateRowsWriter): void {
  rows.put(key, Uint8Array.of(1))
}

/** Whether it may. */
export function prunesUnasked(rows: StateRows): boolean {
  return rows.other(key) !== undefined
}
