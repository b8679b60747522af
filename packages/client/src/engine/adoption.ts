// Going on after a fork, when a person says so: this device leaves the branch that it knew, from the last entry that both have, and takes the relay's.
// Local files stay as they are; what this device had agreed on at that entry is the base, so that all that differs is planned and committed like any
// other change. Nothing is forgotten before what was left is kept as evidence.
import { bodyHash, decodeEntry, entryHashOf, equal, toHex, type EntryHash } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { keepAnchor } from '../log/log-anchor.ts'
import type { RelayEntry, RelaySession } from '../relay/relay-session.ts'
import { bodyHashAt, entriesFrom } from '../state/entry-keep.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateWrite } from '../state/state-store.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { adoptionIn, keepAdoption, noteOf } from './adoption-note.ts'
import { stateAt, type AdoptedPlace } from './adoption-state.ts'
import { rebase } from './adoption-trees.ts'
import type { Vault } from './vault.ts'

/** What was adopted. `base`: the last entry that both had; `left`: where the branch ended that this device left; `evidence`: a file. */
export interface Adopted {
  readonly base: AdoptedPlace
  readonly left: AdoptedPlace
  readonly evidence: string
}

/** Rows beside the log and the trees that are not about a branch. */
const keptRows = ['marker', 'listed', 'healed', 'verified', 'deletion', 'told-relay', 'former-relay'].map(
  otherKey,
)
/** Every key of the state lies between. */
const wholeState = { from: '', to: '\x7f' }

/**
 * Takes the relay's branch. The state is another one afterwards: it has to be opened anew. undefined when there is nothing to adopt: the relay's
 * log goes on from what this device knows. In memory is what the log holds up to the fork; nothing but a fork needs it.
 * `refused`: what speaks against leaving all behind an entry (-1: all there is), where it is done unasked; it is thrown, and nothing changes.
 * @throws ClientError `relay-contradicts` when the relay's branch does not hold either, or has another beginning; `relay-refused`
 */
export async function adopt(
  vault: Vault,
  session: RelaySession,
  refused?: (base: number) => ClientError | undefined,
): Promise<Adopted | undefined> {
  const { log, trees, home, platform, record } = vault
  const head = await session.head(log.vault)
  if (head === undefined || log.isEmpty) throw refused?.(-1) ?? log.judgeMissing()
  const base = await lastCommon(vault, session, head.sequence)
  if (base === log.state.head.sequence) return undefined
  const refusal = refused?.(base)
  if (refusal !== undefined) throw refusal
  const hash = await hashAt(trees, base)
  const place = { sequence: base, hash }
  const there = await stateAt({ vault, session, base: place, isAsked: refused === undefined })
  await there.log.lookAhead(session.entries(log.vault, base + 1))
  const { sequence, hash: leftHash } = log.state.head
  const left = { sequence, hash: leftHash }
  const about = { atMs: platform.clock.now(), vault: record.vault, relay: record.relay }
  const paper = await evidenceOf(trees, { base: place, left, came: head, about })
  const evidence = await home.keepEvidence(record.vault, `adopt-${base}-${sequence}.json`, paper)
  await rebase({ from: trees, to: there.trees })
  await there.trees.write({ flush: true }, (rows) => {
    keepAnchor(rows, place)
    keepAdoption(rows, noteOf(log.state, there.log.state), adoptionIn(trees))
  })
  await trees.settled()
  await there.trees.settled()
  await exchange(vault, there.store)
  return { base: place, left, evidence }
}

/** The last sequence at which both logs have the same entry: it names the one before it, hence all before it are the same. */
export async function lastCommon({ log, trees }: Vault, session: RelaySession, end: number): Promise<number> {
  const isSame = async (sequence: number): Promise<boolean> => {
    const kept = bodyHashAt(trees, sequence)
    const given = await firstOf(session.entries(log.vault, sequence))
    if (kept === undefined || given?.sequence !== sequence) return false
    return equal(kept, 'entry' in given ? decodeEntry(given.entry).bodyHash : given.bodyHash)
  }
  if (!(await isSame(0))) {
    const data = { sequence: 0, what: 'chain-broken' }
    throw new ClientError('relay-contradicts', 'entry 0 is another than the one seen before', { data })
  }
  let [same, other] = [0, Math.min(end, log.state.head.sequence) + 1]
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2)
    if (await isSame(middle)) same = middle
    else other = middle
  }
  return same
}

async function hashAt(trees: TreesStore, sequence: number): Promise<EntryHash> {
  let hash: EntryHash | undefined
  for await (const kept of entriesFrom(trees, 0)) {
    hash = entryHashOf(hash, bodyHash(kept.bodyHash))
    if (kept.sequence === sequence) return hash
  }
  throw new ClientError('state-broken', 'the log that this device kept has a gap')
}

/** What is left behind, for whoever wants to look into it: the entries as they were signed, and where the other branch stood. */
async function evidenceOf(
  trees: TreesStore,
  of: {
    readonly base: AdoptedPlace
    readonly left: AdoptedPlace
    readonly came: { readonly sequence: number; readonly hash: Uint8Array }
    readonly about: Readonly<Record<string, string | number>>
  },
): Promise<Uint8Array> {
  const entries: (string | null)[] = []
  for await (const { entry } of entriesFrom(trees, of.base.sequence + 1))
    entries.push(entry === undefined ? null : Buffer.from(entry).toString('base64url'))
  const place = ({ sequence, hash }: { sequence: number; hash: Uint8Array }): object => ({
    sequence,
    hash: toHex(hash),
  })
  const value = {
    version: 1,
    code: 'adopted',
    ...of.about,
    base: place(of.base),
    left: { ...place(of.left), entries },
    taken: place(of.came),
  }
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`)
}

/** Everything of the state that is about the log or the trees becomes what `memory` has, in one batch: a crash leaves the one or the other. */
async function exchange({ store }: Vault, memory: Vault['store']): Promise<void> {
  const fresh = new Map<string, Uint8Array>()
  for await (const [key, value] of memory.range(wholeState)) fresh.set(key, value)
  const writes: StateWrite[] = []
  for await (const [key] of store.range(wholeState))
    if (!fresh.has(key) && !keptRows.includes(key)) writes.push({ type: 'del', key })
  for (const [key, value] of fresh) writes.push({ type: 'put', key, value })
  await store.batch(writes, { flush: true })
}

async function firstOf(entries: AsyncIterable<RelayEntry>): Promise<RelayEntry | undefined> {
  for await (const given of entries) return given
  return undefined
}
