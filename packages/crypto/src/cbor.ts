// CBOR as the format has it: RFC 8949 §4.2.1 deterministic encoding of text, bytes, integers, booleans, null, arrays
// and maps with text keys. The one file that wraps cborg: its tokens, our structure, so that a value has exactly one encoding.
import { Tokenizer, Type, type Token } from 'cborg'
import { encodeCounted, type CborValue } from './cbor-writer.ts'
import { CryptoError } from './errors.ts'

export type { CborValue } from './cbor-writer.ts'

/** Arrays and maps within each other: four times what the deepest of our structures needs. */
export const cborDepthMax = 32

/** Items of a value where nothing else is said: twice what the fullest header has. */
export const cborItemsMax = 65_536

/** A map as it is decoded: it inherits nothing, and V8 keeps it fast, which it does not with `Object.create(null)`. */
class Bare {
  [key: string]: unknown
}
Reflect.deleteProperty(Bare.prototype, 'constructor')
Object.setPrototypeOf(Bare.prototype, null)

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/** Order of two text keys by their encodings (RFC 8949 §4.2.1): the shorter in UTF-8 first, then byte by byte. */
function compareKeys(a: string, b: string): number {
  if (isAscii(a) && isAscii(b)) {
    if (a.length !== b.length) return a.length - b.length
    return a < b ? -1 : a === b ? 0 : 1
  }
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length ? Buffer.compare(x, y) : x.length - y.length
}

/**
 * The one encoding of a value.
 * @throws CryptoError `malformed` on a number that is no safe integer, an ill-formed text, or anything else that has none.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  return encodeCounted(value).bytes
}

/** The same bytes as no Buffer, whose `slice` would be a view where that of all other arrays is a copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const decodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowBigInt: true,
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class Reader {
  readonly #bytes: Uint8Array
  readonly #tokens: Tokenizer
  #itemsLeft: number

  constructor(bytes: Uint8Array, itemsMax: number) {
    this.#bytes = plain(bytes)
    this.#itemsLeft = itemsMax
    this.#tokens = new Tokenizer(this.#bytes, decodeOptions)
  }

  /** The whole input as one value. */
  all(): unknown {
    const value = this.#value(0)
    if (!this.#tokens.done()) throw new CryptoError('malformed', 'bytes after the end of the CBOR')
    return value
  }

  #next(): Token {
    if (this.#tokens.done()) throw new CryptoError('malformed', 'the CBOR ends early')
    if (--this.#itemsLeft < 0) throw new CryptoError('limit', 'CBOR of more items than are allowed')
    return this.#tokens.next()
  }

  #value(depth: number): unknown {
    const token = this.#next()
    if (token.type === Type.string) return this.#text(token)
    if (token.type === Type.array) return this.#array(token, depth + 1)
    if (token.type === Type.map) return this.#map(token, depth + 1)
    if (token.type === Type.float || !token.type.terminal)
      throw new CryptoError('malformed', `CBOR of a kind that has no place here: ${token.type.name}`)
    return token.value
  }

  /** cborg's text is lenient (drops a byte order mark, replaces what is no UTF-8): taken where it cannot have been, else decoded again. */
  #text(token: Token): string {
    const text: unknown = token.value
    const end = this.#tokens.pos()
    const bytes = (token.encodedLength ?? 0) - headBytes(token.encodedLength ?? 0)
    if (typeof text === 'string' && text.length === bytes && !text.includes('\ufffd')) return text
    return utf8.decode(this.#bytes.subarray(end - bytes, end))
  }

  #array(token: Token, depth: number): unknown[] {
    const count = this.#count(token, depth)
    const out: unknown[] = []
    while (out.length < count) out.push(this.#value(depth))
    return out
  }

  #map(token: Token, depth: number): Record<string, unknown> {
    const count = this.#count(token, depth)
    const out = new Bare()
    let previous: string | undefined
    for (let i = 0; i < count; i++) {
      const head = this.#next()
      if (head.type !== Type.string) throw new CryptoError('malformed', 'a map key that is no text')
      const key = this.#text(head)
      if (previous !== undefined && compareKeys(previous, key) >= 0)
        throw new CryptoError('malformed', 'map keys repeat or are out of order')
      out[key] = this.#value(depth)
      previous = key
    }
    return out
  }

  #count(token: Token, depth: number): number {
    if (depth > cborDepthMax) throw new CryptoError('limit', `CBOR nested deeper than ${cborDepthMax}`)
    // Each element takes a byte at least: a count above what is left is a lie that must cost nothing.
    if (typeof token.value !== 'number' || token.value > this.#bytes.length - this.#tokens.pos())
      throw new CryptoError('malformed', 'the CBOR ends early')
    return token.value
  }
}

/** Bytes of the head of a text whose whole encoding has `total` bytes, lengths being as short as they can be. */
function headBytes(total: number): number {
  if (total <= 24) return 1
  if (total <= 2 + 0xff) return 2
  return total <= 3 + 0xffff ? 3 : 5
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
    return new Reader(bytes, options.maxItems ?? cborItemsMax).all()
  } catch (cause) {
    throw cause instanceof CryptoError ? cause : new CryptoError('malformed', 'not CBOR', { cause })
  }
}
