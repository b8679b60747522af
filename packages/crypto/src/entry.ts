// Entries: header ‖ payload ‖ signature as the exact bytes that were signed, and the hashes that chain them. Shape only: whether an entry
// may stand where it does is for log-state.ts.
import { bodyHash, entryHash, type BodyHash, type EntryHash } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { asBytes, asBytesUpTo, asTuple, malformed } from './fields.ts'
import { hash } from './hash.ts'
import { encodeHeader, type EntryKind, type Header } from './header.ts'
import { decodeHeader } from './header-decode.ts'
import { entryBytesMax, headerBytesMax, payloadBytesMax } from './limits.ts'
import { sign, verifySignature } from './sign.ts'
import { isAllowedPayloadSize } from './sizes.ts'

/** One entry. `payload`: a sealed container, or empty; `bytes`: the whole, as it is stored and sent. */
export interface Entry {
  readonly bytes: Uint8Array
  readonly header: Header
  readonly headerBytes: Uint8Array
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly bodyHash: BodyHash
  /** Of header and payload: what is signed. */
  readonly hashes: SignedHashes
}

/** What a signature of an entry is over. */
export interface SignedHashes {
  readonly header: Uint8Array
  readonly payload: Uint8Array
}

const zeroHash = new Uint8Array(32)

function hashesOf(headerBytes: Uint8Array, payload: Uint8Array): SignedHashes {
  return { header: hash('grenier/v1/header', headerBytes), payload: hash('grenier/v1/payload', payload) }
}

/** Hash that chains an entry to all before it; of a genesis (`previous` undefined: 32 zeros), the vault id. */
export function entryHashOf(previous: EntryHash | undefined, body: BodyHash): EntryHash {
  return entryHash(hash('grenier/v1/entry', previous ?? zeroHash, body))
}

/** Which kinds have a payload: all, none, or as the signer likes. */
function checkPayload(kind: EntryKind, payload: Uint8Array): void {
  if (kind === 'prune' || kind === 'drop') {
    if (payload.length > 0) malformed(`a ${kind} has no payload`)
    return
  }
  if (payload.length === 0 && kind === 'member') return
  if (!isAllowedPayloadSize(payload.length)) malformed('a payload of a size that none has')
}

/**
 * A new entry: encodes the header, signs it with the payload. `secretKey`: 64 bytes, of the key that the header names as device.
 * @throws CryptoError `malformed`, `limit` on what no reader would take
 */
export function signEntry(parts: {
  readonly header: Header
  readonly payload: Uint8Array
  readonly secretKey: Uint8Array
}): Entry {
  const headerBytes = encodeHeader(parts.header)
  const hashes = hashesOf(headerBytes, parts.payload)
  const signature = sign(parts.secretKey, 'grenier/v1/entry-signature', hashes.header, hashes.payload)
  // Read back, so that nothing is ever signed that others would refuse for its shape.
  return decodeEntry(encodeCbor([headerBytes, parts.payload, signature]))
}

/**
 * The entry in these bytes: shape, limits, one encoding. Neither signature nor chain are checked.
 * @throws CryptoError `malformed`, `limit`; `version-unknown`, `kind-unknown` (update needed)
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  const parts = asTuple(decodeCbor(bytes, { maxBytes: entryBytesMax }), 3, 'an entry')
  const headerBytes = asBytesUpTo(parts[0], headerBytesMax, 'a header')
  const payload = asBytesUpTo(parts[1], payloadBytesMax, 'a payload')
  const signature = asBytes(parts[2], 64, 'a signature')
  const header = decodeHeader(headerBytes)
  checkPayload(header.kind, payload)
  const hashes = hashesOf(headerBytes, payload)
  return {
    bytes,
    header,
    headerBytes,
    payload,
    signature,
    bodyHash: bodyHash(hash('grenier/v1/body', hashes.header, hashes.payload, signature)),
    hashes,
  }
}

/** What stands in every header of a kind. */
const kindFields = new Map<EntryKind, Buffer>()

/**
 * Whether the entry in these bytes may be of a kind: false only where it is not. For those who look through a log for a few entries: what stands
 * in every header of the kind is found a hundred times faster than an entry is decoded.
 */
export function mayBeOfKind(bytes: Uint8Array, kind: EntryKind): boolean {
  const field = kindFields.get(kind) ?? Buffer.from(encodeCbor({ kind }).subarray(1))
  kindFields.set(kind, field)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(field)
}

/** Returns if the entry is signed by the key that its header names. @throws CryptoError `signature-wrong` */
export function verifyEntrySignature({ header, signature, hashes }: Entry): void {
  verifySignature(header.device, signature, 'grenier/v1/entry-signature', hashes.header, hashes.payload)
}
