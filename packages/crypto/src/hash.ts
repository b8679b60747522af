// H of the format: BLAKE2b-256 with a NUL-terminated label in front; and SHA-256, which names packs and nothing else.
import { createHash } from 'node:crypto'
import { packId, type PackId } from './bytes.ts'
import { labelBytes, type Label } from './label.ts'
import { machineCodeHash } from './sodium-machine-code.ts'
import { sodium } from './sodium.ts'

/** Of a hash's input, to be copied into one piece: this one, which is zeros again afterwards. */
const hashedAtOnceMax = 4096
/** From here on machine code is worth being loaded, which takes ten milliseconds and some MiB, once. */
const machineCodeMin = 64 << 10
const piece = new Uint8Array(hashedAtOnceMax)

/** BLAKE2b-256(label ‖ NUL ‖ parts), 32 bytes. Parts are of fixed length or length-prefixed by the caller. RFC 7693. */
export function hash(label: Label, ...parts: readonly Uint8Array[]): Uint8Array {
  return keyedHash(null, label, ...parts)
}

/** The same, keyed (`key`: 32 bytes): subkeys, chunk ids, MACs. */
export function keyedHash(key: Uint8Array | null, label: Label, ...parts: readonly Uint8Array[]): Uint8Array {
  const all = [labelBytes(label), ...parts]
  // One call of the library where the bytes are few: each costs more than to hash them. What is large is not copied once more.
  let length = 0
  for (const part of all) length += part.length
  if (length <= hashedAtOnceMax) return hashedAtOnce(key, all, length)
  const machineCode = length < machineCodeMin ? undefined : machineCodeHash()
  return machineCode === undefined ? hashedInParts(key, all) : machineCode(key, all)
}

/** The same by WebAssembly, for what is longer. */
export function hashedInParts(key: Uint8Array | null, parts: readonly Uint8Array[]): Uint8Array {
  const state = sodium.crypto_generichash_init(key, 32)
  for (const part of parts) sodium.crypto_generichash_update(state, part)
  return sodium.crypto_generichash_final(state, 32)
}

function hashedAtOnce(key: Uint8Array | null, parts: readonly Uint8Array[], length: number): Uint8Array {
  let at = 0
  for (const part of parts) {
    piece.set(part, at)
    at += part.length
  }
  const whole = piece.subarray(0, length)
  try {
    return sodium.crypto_generichash(32, whole, key)
  } finally {
    whole.fill(0)
  }
}

/** SHA-256 of a pack's stored bytes: its name. */
export function packIdOf(stored: Uint8Array): PackId {
  return packId(new Uint8Array(createHash('sha256').update(stored).digest()))
}
