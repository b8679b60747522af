// Which checkpoints of the log hold what this device folded itself, or took over: where a `prune` names one of them, there is nothing to do.
import { numberKey, otherKey } from '../state/state-keys.ts'
import type { StateListing, StateRows, StateRowsWriter } from '../state/state-rows.ts'

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

/** All that is noted: of a state that is about to be another one, it says nothing. `forget` joins the transaction that makes it so. */
export async function notedSoFar(rows: StateListing): Promise<{ forget: (rows: StateRowsWriter) => void }> {
  const keys: string[] = []
  for await (const [key] of rows.others(prefix)) keys.push(key)
  return {
    forget: (writer) => {
      for (const key of keys) writer.del(key)
    },
  }
}

const prefix = otherKey('agreed/')

function keyOf(sequence: number): string {
  return prefix + numberKey(sequence)
}
