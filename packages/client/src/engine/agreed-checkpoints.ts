// Which checkpoints of the log hold what this device folded itself, or took over: where a `prune` names one of them, there is nothing to do.
import { numberKey, otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'

/** The checkpoint of this sequence holds this device's very state. */
export function noteAgreed(rows: StateRowsWriter, sequence: number): void {
  rows.put(keyOf(sequence), new Uint8Array(0))
}

/** Whether it is known to. */
export function isAgreed(rows: StateRows, sequence: number): boolean {
  return rows.other(keyOf(sequence))?.length === 0
}

/** A checkpoint that a `prune` names and that is no state: what this device folded itself stands. */
export function noteRefused(rows: StateRowsWriter, sequence: number): void {
  rows.put(keyOf(sequence), Uint8Array.of(1))
}

/** Whether there is nothing to do where a `prune` names it. */
export function isSettled(rows: StateRows, sequence: number): boolean {
  return rows.other(keyOf(sequence)) !== undefined
}

function keyOf(sequence: number): string {
  return otherKey(`agreed/${numberKey(sequence)}`)
}
