// Brings a mirror up to date: the packs of an entry go first, then the entry, so that what a mirror has is whole as far as its log goes, and any
// writer's device can do it. Several may at once: an entry stands where it stands, and a pack is named by its bytes. The first copy of all is an
// owner's: entries first, so that nothing that was sent can be swept.
import { decodeEntry, equal, packIdOf, toHex, type PackId, type SealedBytes } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { bodyHashAt } from '../state/entry-keep.ts'
import { claimsOf } from '../state/pack-table.ts'
import { carry, type CarriedVault } from './carrying.ts'
import type { Tally } from './tally.ts'
import type { Vault } from './vault.ts'

/** Entries that are given together, and packs that are on their way at once. */
const entriesAtOnce = 32
const packsAtOnce = 4
/** So often others may be quicker before it is left to the next time. */
const roundsMax = 8

export interface MirrorCopyParts {
  readonly vault: Pick<Vault, 'log' | 'trees'>
  readonly from: CarriedVault
  /** Told how far a first copy is. */
  readonly tally?: Tally | undefined
  /** Does work on a session of the mirror, and again on another one where the line breaks. */
  readonly onSession: <T>(work: (session: RelaySession) => Promise<T>) => Promise<T>
}

/** How it stands afterwards. `lacking`: packs that its log claims, and that are to be had nowhere. */
export interface Mirrored {
  readonly through: number
  readonly lacking: readonly PackId[]
}

/**
 * Copies what the mirror does not have of `from`.
 * @throws ClientError `vault-differs` when it has another history; as the relays fail; what `from` throws
 */
export async function copyToMirror(parts: MirrorCopyParts): Promise<Mirrored> {
  const { from, tally, onSession } = parts
  let through = await onSession((session) => reached(parts, session))
  if (through === undefined) {
    await carry({ from, tally, onSession })
    through = from.lastSequence
  }
  for (let round = 1; through < from.lastSequence && round <= roundsMax; round += 1)
    through = (await onSession((session) => putOn(parts, session))) ?? through
  return { through, lacking: await onSession((session) => putLost(parts, session)) }
}

/** How far its log goes; undefined: it has none. @throws ClientError `vault-differs` */
async function reached({ vault, from }: MirrorCopyParts, session: RelaySession): Promise<number | undefined> {
  const head = await session.head(from.vault)
  if (head === undefined) return undefined
  const last = Math.min(head.sequence, from.lastSequence)
  if (await isTheSame({ vault, from }, session, last)) return head.sequence
  throw new ClientError('vault-differs', 'the mirror has another history of this vault')
}

/** Whether it has the very entry that is known here, and so all before it. Who may not read there yet may ask by giving it again. */
async function isTheSame(
  { vault, from }: Pick<MirrorCopyParts, 'vault' | 'from'>,
  session: RelaySession,
  sequence: number,
): Promise<boolean> {
  for await (const carried of from.entries(sequence)) {
    if ('entry' in carried) return (await session.putBack(from.vault, carried.entry)) === 'stands'
    break
  }
  const known = bodyHashAt(vault.trees, sequence)
  for await (const given of session.entries(from.vault, sequence)) {
    const hash = 'entry' in given ? decodeEntry(given.entry).bodyHash : given.bodyHash
    return given.sequence === sequence && known !== undefined && equal(hash, known)
  }
  return false
}

/** Gives all that is behind its head, some entries at a time; undefined where somebody else was quicker. */
async function putOn(parts: MirrorCopyParts, session: RelaySession): Promise<number | undefined> {
  const { from } = parts
  const through = await reached(parts, session)
  if (through === undefined || through >= from.lastSequence) return through
  let batch: Uint8Array[] = []
  for await (const carried of from.entries(through + 1)) {
    if (!('entry' in carried))
      throw new ClientError('update-needed', 'a mirror that is behind a prune is made anew', {
        data: { reason: 'pruned' },
      })
    batch.push(carried.entry)
    if (batch.length < entriesAtOnce) continue
    if ((await putBatch(parts, session, batch)) === 'moved') return undefined
    batch = []
  }
  return (await putBatch(parts, session, batch)) === 'moved' ? undefined : from.lastSequence
}

async function putBatch(
  parts: MirrorCopyParts,
  session: RelaySession,
  batch: readonly Uint8Array[],
): Promise<'stand' | 'moved'> {
  const { from, vault } = parts
  const added = batch.flatMap((bytes) => {
    const { header } = decodeEntry(bytes)
    return [...header.added, ...header.restored].map(({ id }) => id)
  })
  const wanted = distinct(added).filter((id) => claimsOf(vault.trees, id).length > 0)
  const states = wanted.length === 0 ? [] : await session.have(from.vault, wanted)
  await putPacks(
    parts,
    session,
    wanted.filter((_id, at) => states[at] === 'absent'),
  )
  const put = batch.map((entry) => session.putBack(from.vault, entry))
  const outcomes = await Promise.all(put)
  return outcomes.includes('moved') ? 'moved' : 'stand'
}

/** What its log claims and it does not have; what is left of that. */
async function putLost(parts: MirrorCopyParts, session: RelaySession): Promise<readonly PackId[]> {
  const { from, vault } = parts
  const lost = await session.lost(from.vault)
  // What is not claimed any more here is about to be dropped there, too.
  return await putPacks(
    parts,
    session,
    lost.filter((id) => claimsOf(vault.trees, id).length > 0),
  )
}

/** Those that are not to be had. */
async function putPacks(
  { from }: MirrorCopyParts,
  session: RelaySession,
  ids: readonly PackId[],
): Promise<readonly PackId[]> {
  const lacking: PackId[] = []
  for (let at = 0; at < ids.length; at += packsAtOnce) {
    const some = ids.slice(at, at + packsAtOnce).map(async (id) => {
      const bytes = await from.pack(id)
      if (bytes === undefined || !equal(packIdOf(bytes), id)) lacking.push(id)
      // It was sealed when it was first sent: the log that claims it by this name says so.
      else await session.put(from.vault, { id, bytes: bytes as SealedBytes })
    })
    await Promise.all(some)
  }
  return lacking
}

function distinct(ids: readonly PackId[]): PackId[] {
  return [...new Map(ids.map((id) => [toHex(id), id])).values()]
}
