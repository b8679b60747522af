// The last audit of what the relay holds, for `status`; and when the next small one is due, which is another thing: one that broke off, or that nobody
// made yet, must not be shown as one that was made. Two rows of the state.
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'

/** `atMs`: when, since 1970. `packs` of `of`, of `bytes` in all, were looked at; `hurt` of them were not there or wrong; `files` stay hurt; of `lost` packs something is not to be had. */
export interface Verified {
  readonly atMs: number
  readonly packs: number
  readonly of: number
  readonly bytes: number
  readonly hurt: number
  readonly files: number
  readonly lost: number
}

const key = otherKey('verified')
const dueKey = otherKey('audit-due')
const writer = new ItemWriter(64)

/** The last audit; undefined when there was none, or none that looked at anything. */
export function verifiedIn(rows: StateRows): Verified | undefined {
  const bytes = rows.other(key)
  if (bytes === undefined) return undefined
  const reader = new ItemReader(bytes)
  const [atMs, packs, of] = [reader.uint(), reader.uint(), reader.uint()]
  if (packs === 0) return undefined
  const [sizeBytes, hurt, files] = [reader.uint(), reader.uint(), reader.uint()]
  // A note of before ends here.
  return { atMs, packs, of, bytes: sizeBytes, hurt, files, lost: reader.atEnd ? 0 : reader.uint() }
}

/** When the next small audit is due, ms since 1970; undefined when no day was begun yet. */
export function auditDueIn(rows: StateRows): number | undefined {
  const bytes = rows.other(dueKey)
  return bytes === undefined ? undefined : new ItemReader(bytes).uint()
}

/** Writes down when the next small audit is due. */
export async function noteAuditDue(trees: TreesStore, atMs: number): Promise<void> {
  writer.uint(Math.round(atMs))
  const row = writer.take()
  await trees.write({ flush: false }, (rows) => rows.put(dueKey, row))
}

/** Writes it down. */
export async function noteVerified(trees: TreesStore, verified: Verified): Promise<void> {
  const { atMs, packs, of, bytes, hurt, files, lost } = verified
  for (const value of [Math.round(atMs), packs, of, bytes, hurt, files, lost]) writer.uint(value)
  const row = writer.take()
  await trees.write({ flush: false }, (rows) => rows.put(key, row))
}
