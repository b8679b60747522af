// A key for one box and the commitment that stands beside the box: ChaCha20-Poly1305 alone opens under several keys
// for who crafts it (partitioning oracles, invisible salamanders); with 32 bytes of the same hash in front it does not.
import { CryptoError } from './errors.ts'
import { labelBytes, type Label } from './label.ts'
import { sodium } from './sodium.ts'

/** Bytes of a commitment. */
export const commitmentBytes = 32

/** `key`: 32 bytes, secret; `commitment`: 32 bytes, public. */
export interface CommittedKey {
  readonly key: Uint8Array
  readonly commitment: Uint8Array
}

/** BLAKE2b-512 keyed with `parent` (32 bytes) over label ‖ NUL ‖ parts: the first half is the key, the second the commitment. */
export function committedKey(
  parent: Uint8Array,
  label: Label,
  ...parts: readonly Uint8Array[]
): CommittedKey {
  const state = sodium.crypto_generichash_init(parent, 64)
  sodium.crypto_generichash_update(state, labelBytes(label))
  for (const part of parts) sodium.crypto_generichash_update(state, part)
  const both = sodium.crypto_generichash_final(state, 64)
  const made = { key: both.slice(0, 32), commitment: both.slice(32) }
  sodium.memzero(both)
  return made
}

/** Returns if the commitments are the same, compared in constant time; else wipes the key. @throws CryptoError `seal-broken` */
export function checkCommitment(derived: CommittedKey, found: Uint8Array): void {
  if (found.length === commitmentBytes && sodium.memcmp(derived.commitment, found)) return
  sodium.memzero(derived.key)
  throw sealBroken()
}

/** The one error of everything that does not open: the same whatever the reason, so that nobody learns from it. */
export function sealBroken(): CryptoError {
  return new CryptoError('seal-broken', 'does not open: altered, or not meant for this key')
}
