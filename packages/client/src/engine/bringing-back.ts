// Brings dropped packs back, as long as the relay keeps them: what an owner's device dropped that was in wrong hands, or by mistake. The entries that
// added the packs say what lies in them; a change that restores them gives every chunk its place again.
import {
  decodeEntry,
  encodeChange,
  fitsEntry,
  framePayload,
  makeChange,
  splitPayload,
  toHex,
  type ChangePayload,
  type Entry,
  type PackClaim,
  type PackIndex,
} from '@grenier/crypto'
import type { RelaySession } from '../relay/relay-session.ts'
import { claimsOf } from '../state/pack-table.ts'
import { hasBody, indexIn, openBody } from './entry-body.ts'
import { requireOwner, type PruningParts } from './pruning.ts'

/** Packs that one entry restores: some thousand chunks each at most, so that it stays small. */
const stepPacks = 64

/** What came back. `gone`: the relay has them no more. */
export interface BroughtBack {
  readonly packs: number
  readonly bytes: number
  readonly gone: number
}

interface Dropped {
  readonly claim: PackClaim
  readonly chunks: PackIndex['chunks']
}

/** Restores every pack that the log dropped and that lies at the relay still. @throws ClientError `relay-refused` for who is no owner */
export async function bringBack(parts: PruningParts): Promise<BroughtBack> {
  const { vault, receiver } = parts
  const session = await parts.session()
  await receiver.receive(session)
  requireOwner(vault)
  const dropped = await droppedPacks(parts, session)
  const states = await session.have(
    vault.log.vault,
    dropped.map(({ claim }) => claim.id),
  )
  const there = dropped.filter((_, at) => states[at] === 'dropped')
  let bytes = 0
  for (let at = 0; at < there.length; at += stepPacks) {
    const step = there.slice(at, at + stepPacks)
    await restore(parts, session, step)
    bytes += step.reduce((sum, { claim }) => sum + claim.sizeBytes, 0)
  }
  return { packs: there.length, bytes, gone: dropped.length - there.length }
}

/** What was dropped and is claimed by nothing now, in the order of the log, as far as entries tell of it. */
async function droppedPacks({ vault }: PruningParts, session: RelaySession): Promise<Dropped[]> {
  const { log, trees } = vault
  const known = new Map<string, Dropped>()
  const dropped = new Set<string>()
  for await (const given of session.entries(log.vault, 0)) {
    if (given.sequence >= log.nextSequence) break
    log.assertSeen(trees, given)
    if (!('entry' in given)) continue
    const entry = decodeEntry(given.entry)
    if (entry.header.kind === 'drop') for (const id of entry.header.part.packs) dropped.add(toHex(id))
    const chunks = await indexOf({ vault }, session, entry)
    for (const [at, claim] of [...entry.header.added, ...entry.header.restored].entries()) {
      const name = toHex(claim.id)
      known.set(name, { claim, chunks: chunks.get(at) ?? known.get(name)?.chunks ?? [] })
    }
  }
  return [...known].flatMap(([name, one]) =>
    dropped.has(name) && claimsOf(trees, one.claim.id).length === 0 ? [one] : [],
  )
}

async function indexOf(
  { vault: { log } }: Pick<PruningParts, 'vault'>,
  session: RelaySession,
  entry: Entry,
): Promise<ReadonlyMap<number, PackIndex['chunks']>> {
  if (!hasBody(entry)) return new Map()
  const { spine } = log.state
  const epochs = spine.epochs.filter(({ since }) => since <= entry.header.sequence)
  const fetch = session.get.bind(session, log.vault)
  const index = await indexIn(() => openBody(entry, { keys: log.keys, spine: { ...spine, epochs }, fetch }))
  return new Map(index.map(({ pack, chunks }) => [pack, chunks]))
}

async function restore(
  { vault, entries, receiver }: PruningParts,
  session: RelaySession,
  packs: readonly Dropped[],
): Promise<void> {
  for (;;) {
    requireOwner(vault)
    const left = packs.filter(({ claim }) => claimsOf(vault.trees, claim.id).length === 0)
    if (left.length === 0) return
    const restored = left.map(({ claim }) => claim)
    const { change, frame } = framed(left)
    const sealed = await entries.seal(session, [], { frame, bulk: true })
    const { entry } = makeChange({ ...entries.on(session), ...sealed, restored })
    const { payloadPacks, sent } = sealed
    if ((await entries.append(session, entry, { change, payloadPacks, sent })) === 'appended') return
    await receiver.receive(session)
  }
}

/** What lies in the packs. They stand behind those that the payload itself may take: how many these are depends on it. */
function framed(packs: readonly Dropped[]): { change: ChangePayload; frame: Uint8Array } {
  for (let before = 0; ; before += 1) {
    const index = packs.flatMap(({ chunks }, at) =>
      chunks.length === 0 ? [] : [{ pack: before + at, chunks }],
    )
    const change = { operations: [], index }
    const frame = framePayload(encodeChange(change))
    if ((fitsEntry(frame, true) ? 0 : splitPayload(frame).length) === before) return { change, frame }
  }
}
