// What a device keeps of states that it made again for a relay that had lost them: since when one is lacking, and how often it did so. A relay that says
// again and again that it lost the same is given it a few times a day: each time a prune lets go of one entry more.
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'

const dayMs = 24 * 3_600_000
/** How often a day a state is made again. */
const timesMax = 4
const sinceKey = otherKey('state-lost')
const remadeKey = otherKey('state-remade')

/** For how long it is known that the relay lacks one, from now on if it was not yet; ms. */
export async function lackingMs(trees: TreesStore, nowMs: number): Promise<number> {
  const [sinceMs] = numbersAt(trees, sinceKey)
  // A clock that was ahead and is right again: what it noted says nothing.
  if (sinceMs !== undefined && sinceMs <= nowMs) return nowMs - sinceMs
  await keep(trees, sinceKey, [nowMs])
  return 0
}

/** The relay has what it needs. */
export async function forgetLacking(trees: TreesStore): Promise<void> {
  if (trees.other(sinceKey) !== undefined) await trees.write({ flush: false }, (rows) => rows.del(sinceKey))
}

/** Whether that is enough for today. */
export function isRemadeOften(rows: StateRows, nowMs: number): boolean {
  const [atMs, times] = numbersAt(rows, remadeKey)
  return atMs !== undefined && isSameDay(atMs, nowMs) && (times ?? 0) >= timesMax
}

/** One was made again. */
export async function noteRemade(trees: TreesStore, nowMs: number): Promise<void> {
  const [atMs = 0, times = 0] = numbersAt(trees, remadeKey)
  await keep(trees, remadeKey, isSameDay(atMs, nowMs) ? [atMs, times + 1] : [nowMs, 1])
}

/** A clock that was set back a long way counts as another day as well. */
function isSameDay(atMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) < dayMs
}

function numbersAt(rows: StateRows, key: string): number[] {
  const row = rows.other(key)
  if (row === undefined) return []
  const reader = new ItemReader(row)
  const numbers: number[] = []
  for (let count = reader.uint(); count > 0; count -= 1) numbers.push(reader.uint())
  return numbers
}

async function keep(trees: TreesStore, key: string, numbers: readonly number[]): Promise<void> {
  const writer = new ItemWriter(64)
  for (const number of [numbers.length, ...numbers]) writer.uint(Math.max(0, Math.round(number)))
  const row = writer.take()
  await trees.write({ flush: true }, (rows) => rows.put(key, row))
}
