// What the judge of the log knew after the last entry that was folded, so that opening a vault does not judge the whole log again. Written
// in the same batch as the fold, so that the two never part.
import { keySpace, numberFromKey, numberKey } from './state-keys.ts'
import type { StateRows, StateRowsWriter } from './state-rows.ts'

const stateKey = `${keySpace.meta}log`
const foldedKey = `${keySpace.meta}folded`
const droppedKey = `${keySpace.meta}dropped`

/** Keeps the encoded `LogState`. */
export function keepLogState(rows: StateRowsWriter, encoded: Uint8Array): void {
  rows.put(stateKey, encoded)
}

/** The encoded `LogState` as last kept; undefined on a new vault. */
export function keptLogState(rows: StateRows): Uint8Array | undefined {
  return rows.other(stateKey)
}

/** Notes up to which entry the remote tree, the chunk index and the pack table are folded. */
export function noteFolded(rows: StateRowsWriter, sequence: number): void {
  rows.put(foldedKey, Buffer.from(numberKey(sequence), 'latin1'))
}

/** Notes an entry that took places of chunks away. */
export function noteDropped(rows: StateRowsWriter, sequence: number): void {
  rows.put(droppedKey, Buffer.from(numberKey(sequence), 'latin1'))
}

/** The last entry that took places of chunks away; -1 when none did. */
export function droppedThrough(rows: StateRows): number {
  const bytes = rows.other(droppedKey)
  return bytes === undefined ? -1 : numberFromKey(Buffer.from(bytes).toString('latin1')).value
}

/** The last entry that is folded; -1 when none is. */
export function foldedSequence(rows: StateRows): number {
  const bytes = rows.other(foldedKey)
  return bytes === undefined ? -1 : numberFromKey(Buffer.from(bytes).toString('latin1')).value
}
