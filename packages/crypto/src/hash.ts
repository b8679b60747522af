// H of the format: BLAKE2b-256 with a NUL-terminated label in front; and SHA-256, which names packs and nothing else.
import { createHash } from 'node:crypto'
import { packId, type PackId } from './bytes.ts'
import { sodium } from './sodium.ts'

/** A label: every hash, signature and derivation of the format has one of its own. */
export type Label = `grenier/v1/${string}`

/** The label as it is hashed: UTF-8, NUL-terminated. */
export function labelBytes(label: Label): Uint8Array {
  return new TextEncoder().encode(`${label}\0`)
}

/** BLAKE2b-256(label ‖ NUL ‖ parts), 32 bytes. Parts are of fixed length or length-prefixed by the caller. RFC 7693. */
export function hash(label: Label, ...parts: readonly Uint8Array[]): Uint8Array {
  return keyedHash(null, label, ...parts)
}

/** The same, keyed (`key`: 32 bytes): subkeys, chunk ids, MACs. */
export function keyedHash(key: Uint8Array | null, label: Label, ...parts: readonly Uint8Array[]): Uint8Array {
  const state = sodium.crypto_generichash_init(key, 32)
  sodium.crypto_generichash_update(state, labelBytes(label))
  for (const part of parts) sodium.crypto_generichash_update(state, part)
  return sodium.crypto_generichash_final(state, 32)
}

/** SHA-256 of a pack's stored bytes: its name. */
export function packIdOf(stored: Uint8Array): PackId {
  return packId(new Uint8Array(createHash('sha256').update(stored).digest()))
}
