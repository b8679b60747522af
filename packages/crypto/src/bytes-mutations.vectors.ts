// What every parser is fed in tests: each truncation, single flipped bits, bytes too many. For tests only.
import fc from 'fast-check'
import { CryptoError } from './errors.ts'

/** The code of the CryptoError that `work` throws, or `none`. Any other error is a bug of the parser and goes through. */
export function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    throw error
  }
  return 'none'
}

/** Bytes cut at each length. */
export function truncations(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length }, (_, length) => bytes.slice(0, length))
}

/** Bytes with one bit flipped anywhere. */
export function flipped(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.nat(bytes.length * 8 - 1).map((bit) => {
    const copy = bytes.slice()
    copy[bit >> 3]! ^= 1 << (bit & 7)
    return copy
  })
}

/** Bytes with one to forty more behind. */
export function overlong(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => Uint8Array.from([...bytes, ...more]))
}
