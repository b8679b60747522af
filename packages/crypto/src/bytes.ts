// Bytes typed by meaning. A branded value is made only here, by a constructor that checks its length.
import { CryptoError } from './errors.ts'

declare const brand: unique symbol
/** A value of type T that only a checking constructor can make. */
export type Branded<T, B extends string> = T & { readonly [brand]: B }

/** Entry hash of a vault's genesis, 32 bytes. */
export type VaultId = Branded<Uint8Array, 'VaultId'>
/** SHA-256 of a pack's stored bytes, 32 bytes. */
export type PackId = Branded<Uint8Array, 'PackId'>
/** Keyed BLAKE2b-256 of a chunk's plaintext, 32 bytes. */
export type ChunkId = Branded<Uint8Array, 'ChunkId'>
/** Hash that chains an entry to all before it, 32 bytes. */
export type EntryHash = Branded<Uint8Array, 'EntryHash'>
/** Hash of an entry alone, 32 bytes; outlives the entry. */
export type BodyHash = Branded<Uint8Array, 'BodyHash'>
/** An Ed25519 public key, 32 bytes. */
export type SigningKey = Branded<Uint8Array, 'SigningKey'>
/** An X-Wing public key, 1,216 bytes. */
export type KemKey = Branded<Uint8Array, 'KemKey'>
/** Ciphertext of this package's making: the only bytes that may leave the machine as content. */
export type SealedBytes = Branded<Uint8Array, 'SealedBytes'>

function sized(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length)
    throw new CryptoError('malformed', `${what} has ${bytes.length} bytes, not ${length}`)
  return bytes
}

/** @throws CryptoError `malformed` unless 32 bytes. */
export const vaultId = (bytes: Uint8Array): VaultId => sized(bytes, 32, 'a vault id') as VaultId
/** @throws CryptoError `malformed` unless 32 bytes. */
export const packId = (bytes: Uint8Array): PackId => sized(bytes, 32, 'a pack id') as PackId
/** @throws CryptoError `malformed` unless 32 bytes. */
export const chunkId = (bytes: Uint8Array): ChunkId => sized(bytes, 32, 'a chunk id') as ChunkId
/** @throws CryptoError `malformed` unless 32 bytes. */
export const entryHash = (bytes: Uint8Array): EntryHash => sized(bytes, 32, 'an entry hash') as EntryHash
/** @throws CryptoError `malformed` unless 32 bytes. */
export const bodyHash = (bytes: Uint8Array): BodyHash => sized(bytes, 32, 'a body hash') as BodyHash
/** @throws CryptoError `malformed` unless 32 bytes. */
export const signingKey = (bytes: Uint8Array): SigningKey => sized(bytes, 32, 'a signing key') as SigningKey
/** @throws CryptoError `malformed` unless 1,216 bytes. */
export const kemKey = (bytes: Uint8Array): KemKey => sized(bytes, 1216, 'a KEM key') as KemKey

/** Ids and keys are short: copied here they need no buffer of their own, which V8 makes for an array only once it is asked for it. */
const short = Buffer.alloc(64)

/** Lower-case hex, as ids are shown and keyed. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length <= short.length) {
    short.set(bytes)
    return short.toString('hex', 0, bytes.length)
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** @throws CryptoError `malformed` unless an even number of hex digits. */
export function fromHex(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'hex')
  // Node ends where no digit is, and takes a letter beyond U+00FF for another one: what comes back tells. It costs half of a pattern.
  if (bytes.toString('hex') !== text.toLowerCase()) throw new CryptoError('malformed', 'not hexadecimal')
  return new Uint8Array(bytes)
}

/** One array with the bytes of all, in order. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Whether two public values are the same bytes (not constant in time: never for secrets). */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}
