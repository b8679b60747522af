// Seals to public keys (X-Wing): epoch keys to devices, identities and invitations. All that a seal is for is bound in:
// the recipient, its kind, the vault, the epoch. One observable behaviour for every seal that does not open.
import { openOnce, sealOnce, tagBytes } from './aead.ts'
import { nodeAead } from './aead-node.ts'
import { u64Bytes } from './big-endian.ts'
import { concat, type KemKey } from './bytes.ts'
import {
  checkCommitment,
  commitmentBytes,
  committedKey,
  sealBroken,
  type CommittedKey,
} from './committed-key.ts'
import { CryptoError } from './errors.ts'
import type { Label } from './label.ts'
import type { Random } from './random.ts'
import type { KemPair } from './sign.ts'
import { sodium } from './sodium.ts'

/** What the recipient is. */
export type RecipientKind = 'device' | 'identity' | 'invite'

const kindBytes = { device: 1, identity: 2, invite: 3 } as const satisfies Record<RecipientKind, number>

/** Bytes of an X-Wing ciphertext. */
export const kemCiphertextBytes = 1120
/** Bytes of a seal of a 32-byte secret: ciphertext, commitment, box. */
export const sealBytes = kemCiphertextBytes + commitmentBytes + 32 + tagBytes

/** Where a seal belongs. `binding`: 32 bytes, the vault id, or the genesis nonce for what the genesis holds. */
export interface SealPlace {
  readonly kind: RecipientKind
  readonly binding: Uint8Array
  readonly epoch: number
}

/** To whom, and with which randomness (64 bytes are drawn). */
export interface SealTo extends SealPlace {
  readonly recipient: KemKey
  readonly random: Random
}

/** By whom. */
export interface OpenWith extends SealPlace {
  readonly pair: KemPair
}

/** Seals a 32-byte secret: 1,200 bytes. @throws CryptoError `malformed` on wrong lengths */
export function sealTo(to: SealTo & { readonly secret: Uint8Array }): Uint8Array {
  if (to.secret.length !== 32) throw new CryptoError('malformed', 'a sealed secret is not 32 bytes')
  return sealBox(to, 'grenier/v1/seal', to.secret)
}

/** The 32-byte secret of a seal. @throws CryptoError `seal-broken` whatever is wrong with it */
export function openSeal(by: OpenWith & { readonly seal: Uint8Array }): Uint8Array {
  if (by.seal.length !== sealBytes) throw sealBroken()
  return openBox(by, 'grenier/v1/seal', by.seal)
}

/** ciphertext ‖ commitment ‖ box, under a label. For seal-blob.ts besides this file. */
export function sealBox(to: SealTo, label: Label, plain: Uint8Array): Uint8Array {
  checkBinding(to.binding)
  const encapsulated = encapsulate(to)
  if (encapsulated === undefined) return unopenable(to, plain.length)
  const derived = deriveKey(encapsulated.sharedSecret, label, {
    ...to,
    ciphertext: encapsulated.ciphertext,
  })
  const box = sealOnce(nodeAead, derived.key, plain)
  sodium.memzero(encapsulated.sharedSecret)
  sodium.memzero(derived.key)
  return concat([encapsulated.ciphertext, derived.commitment, box])
}

/** What `sealBox` sealed. @throws CryptoError `seal-broken` whatever is wrong with it */
export function openBox(by: OpenWith, label: Label, seal: Uint8Array): Uint8Array {
  checkBinding(by.binding)
  const boxAt = kemCiphertextBytes + commitmentBytes
  if (seal.length < boxAt + tagBytes) throw sealBroken()
  const ciphertext = seal.subarray(0, kemCiphertextBytes)
  const sharedSecret = decapsulate(by.pair, ciphertext)
  const derived = deriveKey(sharedSecret, label, { ...by, recipient: by.pair.publicKey, ciphertext })
  sodium.memzero(sharedSecret)
  checkCommitment(derived, seal.subarray(kemCiphertextBytes, boxAt))
  const plain = openOnce(nodeAead, derived.key, seal.subarray(boxAt))
  sodium.memzero(derived.key)
  if (plain === undefined) throw sealBroken()
  return plain
}

function deriveKey(
  sharedSecret: Uint8Array,
  label: Label,
  bound: SealPlace & { recipient: KemKey; ciphertext: Uint8Array },
): CommittedKey {
  return committedKey(
    sharedSecret,
    label,
    bound.ciphertext,
    bound.recipient,
    Uint8Array.of(kindBytes[bound.kind]),
    bound.binding,
    u64Bytes(bound.epoch),
  )
}

function encapsulate(to: SealTo): { ciphertext: Uint8Array; sharedSecret: Uint8Array } | undefined {
  const seed = to.random.bytes(64)
  try {
    return sodium.crypto_kem_xwing_enc_deterministic(to.recipient, seed)
  } catch {
    return undefined
  } finally {
    sodium.memzero(seed)
  }
}

/**
 * A seal for a key that is none (1,216 bytes that libsodium refuses, named by a hostile member): random bytes. It shuts
 * out the one who named the key and nobody else, where an error would keep owners from ever opening an epoch.
 */
function unopenable(to: SealTo, plainBytes: number): Uint8Array {
  return to.random.bytes(kemCiphertextBytes + commitmentBytes + plainBytes + tagBytes)
}

function decapsulate(pair: KemPair, ciphertext: Uint8Array): Uint8Array {
  try {
    return sodium.crypto_kem_xwing_dec(ciphertext, pair.secretKey)
  } catch {
    throw sealBroken()
  }
}

function checkBinding(binding: Uint8Array): void {
  if (binding.length !== 32) throw new CryptoError('malformed', 'a seal is bound to 32 bytes')
}
