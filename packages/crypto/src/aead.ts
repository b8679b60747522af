// The AEAD of the format, ChaCha20-Poly1305 (RFC 8439), as an interface: two back ends, the same byte for byte.
// Nothing here knows cells or seals; no additional data, for every key is bound to its place by derivation.

import type { KeyObject } from 'node:crypto'

/** Bytes of a tag, after each ciphertext. */
export const tagBytes = 16

/** A key as a back end likes it best, from `prepare`. */
export type PreparedKey = Uint8Array | KeyObject

/** One use of a key: `key` 32 bytes, or prepared; `nonce` 12 bytes, never the two together for two plaintexts. */
export interface AeadUse {
  readonly key: PreparedKey
  readonly nonce: Uint8Array
}

/** ChaCha20-Poly1305 without additional data. */
export interface Aead {
  /** A key of 32 bytes, made ready once for many uses. */
  prepare(key: Uint8Array): PreparedKey
  /** Writes ciphertext ‖ tag to `sealed`, which is 16 bytes longer than `plain`. The two may lie in one another. */
  seal(use: AeadUse, plain: Uint8Array, sealed: Uint8Array): void
  /**
   * Writes the plaintext to `plain`, 16 bytes shorter than `sealed`, and returns true; on a wrong tag writes nothing and returns false. The two may
   * lie in one another.
   */
  open(use: AeadUse, sealed: Uint8Array, plain: Uint8Array): boolean
}

const zeroNonce = new Uint8Array(12)

/** ciphertext ‖ tag under a key that seals this and nothing else, hence with nonce 0. */
export function sealOnce(aead: Aead, key: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(plain.length + tagBytes)
  aead.seal({ key: aead.prepare(key), nonce: zeroNonce }, plain, sealed)
  return sealed
}

/** What `sealOnce` sealed, or undefined if the tag is wrong. */
export function openOnce(aead: Aead, key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < tagBytes) return undefined
  const plain = new Uint8Array(sealed.length - tagBytes)
  return aead.open({ key: aead.prepare(key), nonce: zeroNonce }, sealed, plain) ? plain : undefined
}
