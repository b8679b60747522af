// Ed25519 signatures over labelled bytes. libsodium on both sides and nowhere else: libraries differ in what they let
// pass (points of small order, encodings that are not canonical), and all must judge a log alike.
import { concat, signingKey, type KemKey, type SigningKey } from './bytes.ts'
import { CryptoError } from './errors.ts'
import { labelBytes, type Label } from './label.ts'
import { sodium } from './sodium.ts'

/** An Ed25519 key pair. `secretKey`: 64 bytes, seed ‖ public key. */
export interface SigningPair {
  readonly publicKey: SigningKey
  readonly secretKey: Uint8Array
}

/** An X-Wing key pair. `secretKey`: the 32-byte seed. */
export interface KemPair {
  readonly publicKey: KemKey
  readonly secretKey: Uint8Array
}

/** The two public keys of a device or identity. */
export interface PublicKeys {
  readonly sign: SigningKey
  readonly kem: KemKey
}

/** The two key pairs of a device, an identity or an invitation. */
export interface KeyPairs {
  readonly sign: SigningPair
  readonly kem: KemPair
}

/** Bytes of a signature. */
export const signatureBytes = 64

/** The pair of a 32-byte seed (RFC 8032 §5.1.5). @throws CryptoError `malformed` unless 32 bytes. */
export function signingPairOf(seed: Uint8Array): SigningPair {
  if (seed.length !== 32) throw new CryptoError('malformed', 'a signing seed is not 32 bytes')
  const pair = sodium.crypto_sign_seed_keypair(seed)
  return { publicKey: signingKey(pair.publicKey), secretKey: pair.privateKey }
}

/** Ed25519 over label ‖ NUL ‖ parts, 64 bytes. `secretKey`: 64 bytes. Parts are of fixed length, or one is the last. RFC 8032. */
export function sign(secretKey: Uint8Array, label: Label, ...parts: readonly Uint8Array[]): Uint8Array {
  if (secretKey.length !== 64) throw new CryptoError('malformed', 'a signing secret is not 64 bytes')
  return sodium.crypto_sign_detached(concat([labelBytes(label), ...parts]), secretKey)
}

/**
 * Returns if `signature` is the key's over label ‖ NUL ‖ parts.
 * @throws CryptoError `signature-wrong` otherwise, wrong lengths and points of small order included
 */
export function verifySignature(
  key: SigningKey,
  signature: Uint8Array,
  ...labelled: readonly [label: Label, ...parts: Uint8Array[]]
): void {
  const [label, ...parts] = labelled
  const right =
    signature.length === signatureBytes &&
    key.length === 32 &&
    sodium.crypto_sign_verify_detached(signature, concat([labelBytes(label), ...parts]), key)
  if (!right) throw new CryptoError('signature-wrong', 'a signature is not of this key over these bytes')
}
