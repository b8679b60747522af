// Opens the payload of an entry, also one that lies in packs of its own. Tells apart what the relay did, what a member did, and what is not to
// be had now.
import {
  CryptoError,
  equal,
  joinPayload,
  openContainer,
  openPayload,
  packIdOf,
  toHex,
  type Entry,
  type PackClaim,
  type PackId,
  type PayloadPointer,
  type Spine,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { withEvidence } from './evidence.ts'
import type { VaultKeys } from './vault-keys.ts'

/** Reads a stored pack whole; undefined when the relay says that it lacks it. */
export type PackFetch = (
  pack: PackId,
  range: { offset: number; length: number },
) => Promise<Uint8Array | undefined>

/** A payload's plaintext, with the packs it lay in, as stored; or the fault of the member who wrote it. */
export type PayloadOutcome =
  { readonly body: Uint8Array; readonly packs: readonly Uint8Array[] } | { readonly fault: string }

/** What opening needs. `spine`: after the entry. */
export interface PayloadReading {
  readonly keys: VaultKeys
  readonly spine: Pick<Spine, 'epochs' | 'payloadVersionMax'>
  readonly fetch: PackFetch
}

/**
 * The body of an entry's payload.
 * @throws ClientError `pack-unavailable` (retryable), `relay-corrupt`, `update-needed`, `key-withheld`
 */
export async function readPayload(entry: Entry, reading: PayloadReading): Promise<PayloadOutcome> {
  const { header } = entry
  const binding = header.kind === 'genesis' ? header.nonce : reading.keys.vault
  const epoch = reading.spine.epochs.at(-1)?.number ?? 0
  const payloadKey = reading.keys.payloadKey(epoch, binding)
  const rule = { payloadVersionMax: reading.spine.payloadVersionMax }
  try {
    const content = openPayload(entry.payload, { payloadKey, binding, ...rule })
    if (content.kind === 'body') return { body: content.body, packs: [] }
    const packs = await fetchPacks(header.added, content.pointer, reading.fetch)
    const key = reading.keys.packKey(epoch)
    const plains = packs.map((bytes) => openPack({ key, binding, bytes }))
    return { body: joinPayload(content.pointer, plains, rule), packs }
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    if (cause.code === 'version-unknown')
      throw new ClientError('update-needed', 'a payload of a newer version', {
        cause,
        data: { sequence: header.sequence },
      })
    return { fault: cause.code }
  }
}

/** A pack is of the version of its entry, which is known: another one is its maker's fault, and asks nobody for an update. */
function openPack(pack: { key: Uint8Array; binding: Uint8Array; bytes: Uint8Array }): Uint8Array {
  try {
    return openContainer({ type: 'pack', ...pack }).plain
  } catch (cause) {
    if (!(cause instanceof CryptoError) || cause.code !== 'version-unknown') throw cause
    throw new CryptoError('malformed', 'a pack of another version than its entry', { cause })
  }
}

async function fetchPacks(
  added: readonly PackClaim[],
  pointer: PayloadPointer,
  fetch: PackFetch,
): Promise<Uint8Array[]> {
  const claims = pointer.packs.map((position) => {
    const claim = added[position]
    if (claim === undefined)
      throw new CryptoError('malformed', 'a payload names a pack that its entry does not add')
    return claim
  })
  const packs: Uint8Array[] = []
  for (const claim of claims) packs.push(await fetchPack(claim, fetch))
  return packs
}

/** A pack whole, checked against its name. */
async function fetchPack(claim: PackClaim, fetch: PackFetch): Promise<Uint8Array> {
  const data = { pack: toHex(claim.id) }
  const bytes = await fetch(claim.id, { offset: 0, length: claim.sizeBytes })
  if (bytes === undefined) {
    throw new ClientError('pack-unavailable', 'the relay lacks a pack that an entry needs', {
      retryable: true,
      data,
    })
  }
  if (!equal(packIdOf(bytes), claim.id)) {
    const error = new ClientError('relay-corrupt', 'a pack at the relay is not what was put there', { data })
    throw withEvidence(error, { expected: undefined, came: { packName: claim.id, pack: bytes } })
  }
  return bytes
}
