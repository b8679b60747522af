// How often contents were sent anew because the relay said that it had lost them: a relay that says so of the same contents again and again is
// given them a few times a day, and no more. A row for each pack that went out for that reason.
import { toHex, type ChunkId, type PackId } from '@grenier/crypto'
import { placesOf } from '../state/chunk-index.ts'
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { chunksIn } from '../state/lost-packs.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'

const prefix = otherKey('resent!')
const dayMs = 24 * 3_600_000
/** How often a day the same contents are sent anew. */
const timesMax = 4
const writer = new ItemWriter(16)

/** How often what lies in a pack went out anew within a day, `nowMs` (since 1970) being the end of it. */
function timesOf(rows: StateRows, pack: PackId, nowMs: number): number {
  const bytes = rows.other(prefix + toHex(pack))
  if (bytes === undefined) return 0
  const { atMs, times } = decoded(bytes)
  return isSameDay(atMs, nowMs) ? times : 0
}

function decoded(bytes: Uint8Array): { atMs: number; times: number } {
  const reader = new ItemReader(bytes)
  return { atMs: reader.uint(), times: reader.uint() }
}

/** A clock that was set back a long way counts as another day as well. */
function isSameDay(atMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) < dayMs
}

/** Packs in which the log says that one of these chunks lies. */
function packsWith(rows: StateRows, chunks: readonly ChunkId[]): PackId[] {
  return chunks.flatMap((id) => placesOf(rows, id).map(({ pack }) => pack))
}

/** Of these packs, those of which nothing is sent anew any more today. */
export function spentAmong(rows: StateRows, packs: readonly PackId[], nowMs: number): PackId[] {
  return packs.filter((pack) =>
    [pack, ...packsWith(rows, chunksIn(rows, pack))].some((one) => timesOf(rows, one, nowMs) >= timesMax),
  )
}

/** This one was sent anew, with these chunks: once more than what was sent most often of them. */
export function noteResent(
  rows: StateRowsWriter,
  { id, chunks }: { readonly id: PackId; readonly chunks: readonly { readonly id: ChunkId }[] },
  nowMs: number,
): void {
  const ids = chunks.map((chunk) => chunk.id)
  const times = [id, ...packsWith(rows, ids)].map((pack) => timesOf(rows, pack, nowMs))
  writer.uint(Math.max(0, Math.round(nowMs)))
  writer.uint(times.reduce((most, one) => Math.max(most, one), 0) + 1)
  rows.put(prefix + toHex(id), writer.take())
}

/** Forgets what was another day; without `nowMs`, all. */
export async function forgetResent(trees: TreesStore, nowMs?: number): Promise<void> {
  const old: string[] = []
  for await (const [key, bytes] of trees.others(prefix))
    if (nowMs === undefined || !isSameDay(decoded(bytes).atMs, nowMs)) old.push(key)
  if (old.length === 0) return
  await trees.write({ flush: false }, (rows) => {
    for (const key of old) rows.del(key)
  })
}
