// What this device last gave back to a relay that had lost it: for `status`, as a row of the state.
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'

/** `atMs`: when, since 1970. `entries`: of the log, put back as they were; `packs` of `bytes`: content sent anew. */
export interface Healed {
  readonly atMs: number
  readonly entries: number
  readonly packs: number
  readonly bytes: number
}

const key = otherKey('healed')
/** What is given back within this time is one healing. */
const oneHealingMs = 24 * 3_600_000
const writer = new ItemWriter(64)

/** The last healing; undefined when there was none. */
export function healedIn(rows: StateRows): Healed | undefined {
  const bytes = rows.other(key)
  if (bytes === undefined) return undefined
  const reader = new ItemReader(bytes)
  return { atMs: reader.uint(), entries: reader.uint(), packs: reader.uint(), bytes: reader.uint() }
}

/** Adds to the last healing, if it is the same one. */
export async function noteHealed(trees: TreesStore, more: Healed): Promise<void> {
  const before = healedIn(trees)
  const same = before !== undefined && more.atMs - before.atMs < oneHealingMs ? before : undefined
  writer.uint(Math.round(more.atMs))
  writer.uint((same?.entries ?? 0) + more.entries)
  writer.uint((same?.packs ?? 0) + more.packs)
  writer.uint((same?.bytes ?? 0) + more.bytes)
  const row = writer.take()
  await trees.write({ flush: false }, (rows) => rows.put(key, row))
}
