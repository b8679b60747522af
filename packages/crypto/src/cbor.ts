// CBOR as the format has it: RFC 8949 §4.2.1 deterministic encoding of text, bytes, integers, booleans, null, arrays
// and maps with text keys, so that a value has exactly one encoding. Reader and writer are our own, straight on bytes.
import { readCbor } from './cbor-reader.ts'
import { encodeCounted, type CborValue } from './cbor-writer.ts'
import { CryptoError } from './errors.ts'

export { cborDepthMax } from './cbor-reader.ts'
export type { CborValue } from './cbor-writer.ts'

/** Items of a value where nothing else is said: twice what the fullest header has. */
export const cborItemsMax = 65_536

/**
 * The one encoding of a value.
 * @throws CryptoError `malformed` on a number that is no safe integer, an ill-formed text, or anything else that has none.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  return encodeCounted(value).bytes
}

/**
 * The value that `bytes` encode. Maps come as objects that inherit nothing, byte strings as copies, integers as
 * numbers where safe and bigint elsewhere. `maxItems`: as `encodeCounted` counts, `cborItemsMax` by default.
 * @throws CryptoError `limit` above `maxBytes`, `maxItems` or 32 levels; `malformed` unless exactly one value in its one encoding
 */
export function decodeCbor(bytes: Uint8Array, options: { maxBytes: number; maxItems?: number }): unknown {
  if (bytes.length > options.maxBytes)
    throw new CryptoError('limit', `${bytes.length} bytes of CBOR where ${options.maxBytes} are allowed`)
  try {
    return readCbor(bytes, options.maxItems ?? cborItemsMax)
  } catch (cause) {
    throw cause instanceof CryptoError ? cause : new CryptoError('malformed', 'not CBOR', { cause })
  }
}
