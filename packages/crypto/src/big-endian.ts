// Integers as the format hashes and stores them outside CBOR: unsigned, big-endian, of fixed width.
import { CryptoError } from './errors.ts'

/** 4 bytes. @throws CryptoError `limit` unless an integer of 0 … 2^32 − 1. */
export function u32Bytes(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new CryptoError('limit', 'not an unsigned 32-bit integer')
  const out = new Uint8Array(4)
  setU32(out, 0, value)
  return out
}

// Through a view, V8 would make a buffer for each: a short array has none until it is asked for it.
function setU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
}

/** 8 bytes. @throws CryptoError `limit` unless an integer of 0 … 2^53 − 1. */
export function u64Bytes(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new CryptoError('limit', 'not an unsigned integer')
  const out = new Uint8Array(8)
  setU32(out, 0, Math.floor(value / 2 ** 32))
  setU32(out, 4, value >>> 0)
  return out
}

/** The 4 bytes at `offset`. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset)
}

/** The 8 bytes at `offset`. @throws CryptoError `malformed` above 2^53 − 1, which no counter of ours reaches. */
export function readU64(bytes: Uint8Array, offset: number): number {
  const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(offset)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new CryptoError('malformed', 'an integer above 2^53 - 1')
  return Number(value)
}
