// The last audit of what the relay holds, for `status` and for when the next one is due: a row of the state.
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'

/** `atMs`: when, since 1970. `packs` of `of`, of `bytes` in all, were looked at; `hurt` of them were not there or wrong; `files` stay hurt. */
export interface Verified {
  readonly atMs: number
  readonly packs: number
  readonly of: number
  readonly bytes: number
  readonly hurt: number
  readonly files: number
}

const key = otherKey('verified')
const writer = new ItemWriter(64)

/** The last audit; undefined when there was none. */
export function verifiedIn(rows: StateRows): Verified | undefined {
  const bytes = rows.other(key)
  if (bytes === undefined) return undefined
  const reader = new ItemReader(bytes)
  const [atMs, packs, of] = [reader.uint(), reader.uint(), reader.uint()]
  return { atMs, packs, of, bytes: reader.uint(), hurt: reader.uint(), files: reader.uint() }
}

/** Writes it down. */
export async function noteVerified(trees: TreesStore, verified: Verified): Promise<void> {
  const { atMs, packs, of, bytes, hurt, files } = verified
  for (const value of [Math.round(atMs), packs, of, bytes, hurt, files]) writer.uint(value)
  const row = writer.take()
  await trees.write({ flush: false }, (rows) => rows.put(key, row))
}
