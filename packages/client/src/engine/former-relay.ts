// Relays where a vault was until an owner went on at a mirror without them. One may come back, and devices with it that heard of nothing: it is given
// the entries up to the owner's word, which closes its log and tells everybody. Where others wrote on there meanwhile, that is told to a person.
import { CryptoError, decodeEntry, equal } from '@grenier/crypto'
import * as v from 'valibot'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { bodyHashAt, entriesFrom } from '../state/entry-keep.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'
import { briefly } from './brief-session.ts'
import { moveIn } from './going-on.ts'
import { bodyHashGiven } from './promotion.ts'
import { sameRelay } from './relay-login.ts'
import { mayWrite, type Vault } from './vault.ts'

/** It is dialled again after this long at first; then after an eighth of the time since it was left. */
const againMs = 5 * 60_000
const sinceShare = 1 / 8

/**
 * `after`: an entry behind which the owner's word stands that took the vault from there; later ones are not for this relay. `triedMs`: when it was
 * last dialled. Times are since 1970.
 */
interface Former {
  readonly relay: string
  readonly after: number
  readonly sinceMs: number
  readonly triedMs: number
}

const key = otherKey('former-relay')
const one = v.object({
  relay: v.string(),
  after: v.optional(v.number(), -1),
  sinceMs: v.number(),
  triedMs: v.number(),
})
/** A row of before is of one alone. */
const schema = v.union([v.array(one), one])

/** It is to hear where the vault goes on, as an owner says it, or will, behind the entry `after`. */
export async function noteFormer(vault: Vault, relay: string, after: number): Promise<void> {
  const nowMs = vault.platform.clock.now()
  await keep(vault, { relay, after, sinceMs: nowMs, triedMs: 0 })
}

/** Tells those that are due and can be reached. Never rejects for what a relay does. `signal`: besides the vault's own. */
export async function tellFormer(vault: Vault, signal = vault.signal): Promise<void> {
  // Who only reads may not give entries back.
  if (vault.log.isEmpty || !mayWrite(vault)) return
  for (const former of formersIn(vault.trees))
    if (!signal.aborted) await tellOne({ ...vault, signal }, former)
}

async function tellOne(vault: Vault, former: Former): Promise<void> {
  const { record, platform, report } = vault
  const nowMs = platform.clock.now()
  const waitMs = Math.max(againMs, (nowMs - former.sinceMs) * sinceShare)
  if (Math.abs(nowMs - former.triedMs) < waitMs) return
  const until = await wordIn(vault, former)
  // The owner's word is still to come from the relay where the vault is now.
  if (until === undefined) return
  await keep(vault, { ...former, triedMs: nowMs })
  const heard = sameRelay(former.relay, record.relay) ? 'closed' : await told(vault, former.relay, until)
  if (heard === undefined) return
  await forget(vault, former)
  if (heard === 'parted') report({ event: 'parted', relay: former.relay })
}

/**
 * The entry that took the vault from there: the first one behind `after` that leads anywhere else. A later move, or what an adoption says of where
 * the log goes on, stands behind it, where the log of that relay has ended.
 */
async function wordIn({ trees }: Vault, { relay, after }: Former): Promise<number | undefined> {
  for await (const { sequence, entry } of entriesFrom(trees, after + 1)) {
    const to = entry === undefined ? undefined : moveIn(decodeEntry(entry))
    if (to !== undefined && !sameRelay(to, relay)) return sequence
  }
  return undefined
}

/** Whether it has the word now, or never will; undefined: not yet. */
async function told(vault: Vault, relay: string, until: number): Promise<'closed' | 'parted' | undefined> {
  try {
    // What was put when the time is over stands there, and the next try goes on behind it.
    return await briefly(vault, relay, (session) => putUpTo(vault, session, until))
  } catch (error) {
    if (error instanceof ClientError || error instanceof CryptoError) return undefined
    throw error
  }
}

async function putUpTo(
  { log, trees }: Vault,
  session: RelaySession,
  until: number,
): Promise<'closed' | 'parted' | undefined> {
  const head = await session.head(log.vault)
  if (head === undefined) return undefined
  const last = Math.min(head.sequence, until)
  const known = bodyHashAt(trees, last)
  for await (const given of session.entries(log.vault, last)) {
    if (known === undefined || !equal(bodyHashGiven(given), known)) return 'parted'
    break
  }
  for await (const { sequence, entry } of entriesFrom(trees, last + 1)) {
    if (sequence > until) break
    // A prune retired it meanwhile: then it is for others to be told by the mirrors.
    if (entry === undefined) return undefined
    if ((await session.putBack(log.vault, entry)) === 'moved') return undefined
  }
  return 'closed'
}

function formersIn(rows: StateRows): readonly Former[] {
  const bytes = rows.other(key)
  const kept = bytes === undefined ? [] : v.parse(schema, JSON.parse(new TextDecoder().decode(bytes)))
  return Array.isArray(kept) ? kept : [kept]
}

/** The others, without this one. */
function othersIn(rows: StateRows, { relay }: Former): readonly Former[] {
  return formersIn(rows).filter((former) => !sameRelay(former.relay, relay))
}

async function keep({ trees }: Vault, former: Former): Promise<void> {
  await trees.write({ flush: false }, (rows) => put(rows, [...othersIn(rows, former), former]))
}

async function forget({ trees }: Vault, former: Former): Promise<void> {
  await trees.write({ flush: false }, (rows) => put(rows, othersIn(rows, former)))
}

function put(rows: StateRowsWriter, formers: readonly Former[]): void {
  if (formers.length === 0) rows.del(key)
  else rows.put(key, new TextEncoder().encode(JSON.stringify(formers)))
}
