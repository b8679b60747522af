// An entry of a version or kind that this program does not know: is it one that a member signed, which asks for an update, or did the relay alter
// a byte? The frame of an entry, its `device` field and what is signed are what every version keeps, so that this can be told.
import {
  bodyHash,
  CryptoError,
  decodeCbor,
  entryBytesMax,
  entryHashOf,
  equal,
  hash,
  headerBytesMax,
  signatureBytes,
  signingKey,
  toHex,
  verifySignature,
  type LogState,
  type SigningKey,
  type VaultId,
} from '@grenier/crypto'

/** Whether an entry that does not decode is authentic all the same: signed by a member, or the genesis that the vault id names. */
export function isAuthentic(bytes: Uint8Array, after: LogState | undefined, vault: VaultId): boolean {
  try {
    const parts = partsOf(bytes)
    if (parts === undefined) return false
    const { header, payload, signature } = parts
    const hashes = [hash('grenier/v1/header', header), hash('grenier/v1/payload', payload)] as const
    if (after === undefined) {
      const body = bodyHash(hash('grenier/v1/body', ...hashes, signature))
      return equal(entryHashOf(undefined, body), vault)
    }
    const signer = signerOf(header)
    if (signer === undefined || !isMember(after, signer)) return false
    verifySignature(signer, signature, 'grenier/v1/entry-signature', ...hashes)
    return true
  } catch (error) {
    if (error instanceof CryptoError) return false
    throw error
  }
}

function partsOf(
  bytes: Uint8Array,
): { header: Uint8Array; payload: Uint8Array; signature: Uint8Array } | undefined {
  const parts = decodeCbor(bytes, { maxBytes: entryBytesMax })
  const list: readonly unknown[] = Array.isArray(parts) ? parts : []
  if (list.length !== 3) return undefined
  const [header, payload, signature] = list
  if (!(header instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array))
    return undefined
  return signature.length === signatureBytes ? { header, payload, signature } : undefined
}

function signerOf(header: Uint8Array): SigningKey | undefined {
  const fields = decodeCbor(header, { maxBytes: headerBytesMax })
  if (typeof fields !== 'object' || fields === null || !('device' in fields)) return undefined
  const { device } = fields
  return device instanceof Uint8Array ? signingKey(device) : undefined
}

function isMember({ spine }: LogState, signer: SigningKey): boolean {
  const key = toHex(signer)
  return spine.devices.has(key) || spine.identities.has(key) || spine.invites.has(key)
}
