// How far each mirror is, as this device last saw it: for `status`, as rows of the state.
import * as v from 'valibot'
import { bodyHashAt } from '../state/entry-keep.ts'
import { claimsInOrder } from '../state/pack-table.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { timeOf } from './moment.ts'
import { sameRelay } from './relay-login.ts'
import type { Vault } from './vault.ts'

/** `through`: the last entry that is there; its packs are, too, but for those of `lackBytes`. `atMs`: when it was last heard, since 1970. */
export interface MirrorNote {
  readonly through: number
  readonly lackPacks: number
  readonly lackBytes: number
  readonly atMs?: number | undefined
  /** Since when it is awaited that others bring there what makes this device known. */
  readonly awaitedMs?: number | undefined
  /** Why it could not be brought up to date, since when. */
  readonly failure?:
    { readonly code: string; readonly reason?: string | undefined; readonly sinceMs: number } | undefined
}

/** How a mirror stands. */
export interface MirrorStanding extends Pick<MirrorNote, 'failure' | 'atMs'> {
  readonly relay: string
  /** What is not there yet: entries of the log, and bytes of packs. */
  readonly entries: number
  readonly bytes: number
  /** Since when: the time of the first entry that is not there, ms since 1970; undefined where nothing is lacking. */
  readonly behindMs?: number | undefined
}

const count = v.pipe(v.number(), v.integer())
const schema = v.object({
  through: count,
  lackPacks: count,
  lackBytes: count,
  atMs: v.optional(v.number()),
  awaitedMs: v.optional(v.number()),
  failure: v.optional(v.object({ code: v.string(), reason: v.optional(v.string()), sinceMs: v.number() })),
})
const nothing: MirrorNote = { through: -1, lackPacks: 0, lackBytes: 0 }

/** What was noted of a mirror last. */
export function mirrorNote(rows: StateRows, relay: string): MirrorNote {
  const bytes = rows.other(keyOf(relay))
  return bytes === undefined ? nothing : v.parse(schema, JSON.parse(new TextDecoder().decode(bytes)))
}

/** Notes it. A failure that goes on began when it began. */
export async function noteMirror({ trees }: Vault, relay: string, note: MirrorNote): Promise<void> {
  const before = mirrorNote(trees, relay).failure
  const { failure } = note
  const goesOn = failure !== undefined && before?.code === failure.code && before.reason === failure.reason
  const kept = goesOn ? { ...note, failure: { ...failure, sinceMs: before.sinceMs } } : note
  const row = new TextEncoder().encode(JSON.stringify(kept))
  await trees.write({ flush: false }, (rows) => rows.put(keyOf(relay), row))
}

/** These mirrors of a vault whose log ends with the entry `last`, by what its state says. The one that it was moved to since, `at`, is none meanwhile. */
export async function mirrorStandings(
  trees: TreesStore,
  { relays, at, last }: { readonly relays: readonly string[]; readonly at: string; readonly last: number },
): Promise<readonly MirrorStanding[]> {
  const standings: MirrorStanding[] = []
  for (const relay of relays) if (!sameRelay(relay, at)) standings.push(await standingOf(trees, relay, last))
  return standings
}

async function standingOf(trees: TreesStore, relay: string, last: number): Promise<MirrorStanding> {
  const { through, lackBytes, atMs, failure } = mirrorNote(trees, relay)
  const entries = Math.max(0, last - through)
  let bytes = lackBytes
  if (entries > 0) for await (const { sizeBytes } of claimsInOrder(trees, through + 1)) bytes += sizeBytes
  const first = bodyHashAt(trees, through + 1) === undefined ? undefined : timeOf(trees, through + 1)
  return { relay, entries, bytes, atMs, failure, behindMs: entries > 0 ? first : undefined }
}

function keyOf(relay: string): string {
  return otherKey(`mirror!${relay}`)
}
