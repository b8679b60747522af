// Reads CBOR in its one encoding (RFC 8949 §4.2.1), straight from bytes: a payload has a hundred thousand values, and the state of a log is read at
// each start. Whatever is not exactly that encoding is refused: a length or number that could be shorter, keys out of order, text that is no UTF-8,
// indefinite lengths, floats, tags. `cborg` stays the measure of it in the tests.
import { CryptoError } from './errors.ts'

/** Arrays and maps within each other: four times what the deepest of our structures needs. */
export const cborDepthMax = 32

const major = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const
const falseByte = 0xf4
const trueByte = 0xf5
const nullByte = 0xf6

/** A map as it is decoded: it inherits nothing, and V8 keeps it fast, which it does not with `Object.create(null)`. */
class Bare {
  [key: string]: unknown
}
Reflect.deleteProperty(Bare.prototype, 'constructor')
Object.setPrototypeOf(Bare.prototype, null)

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const noBytes = new Uint8Array(0)

/** Keys that were read last, by their bytes: there are few, and each stands in many maps. */
const keysKept = 1024
const keptKeyBytesMax = 32
const keyBytes: (Uint8Array | undefined)[] = Array.from({ length: keysKept }, () => undefined)
const keyTexts: string[] = Array.from({ length: keysKept }, () => '')

let bytes: Uint8Array = noBytes
/** The same, once a text was read from them. */
let buffer: Buffer | undefined
let at = 0
let itemsLeft = 0

/**
 * The value that `input` encodes, all of it. An item is a value, or the key of a map.
 * @throws CryptoError `limit` above `maxItems` or 32 levels; `malformed`; TypeError on text that is no UTF-8
 */
export function readCbor(input: Uint8Array, maxItems: number): unknown {
  // Of a Buffer, `slice` would be a view where that of all other arrays is a copy.
  bytes = Buffer.isBuffer(input) ? new Uint8Array(input.buffer, input.byteOffset, input.length) : input
  at = 0
  itemsLeft = maxItems
  try {
    const value = read(0)
    if (at < bytes.length) refuse('bytes after the end of the CBOR')
    return value
  } finally {
    bytes = noBytes
    buffer = undefined
  }
}

function read(depth: number): unknown {
  const head = nextHead()
  switch (head >> 5) {
    case major.uint:
      return argument(head)
    case major.negative:
      return negative(argument(head))
    case major.bytes:
      return take(endOf(head))
    case major.text: {
      const end = endOf(head)
      const start = at
      at = end
      return textOf(start, end)
    }
    case major.array:
      return readArray(head, depth + 1)
    case major.map:
      return readMap(head, depth + 1)
    default:
      return simple(head)
  }
}

/** The first byte of the next item, which is counted. */
function nextHead(): number {
  const head = bytes[at]
  if (head === undefined) return refuse('the CBOR ends early')
  if (--itemsLeft < 0) throw new CryptoError('limit', 'CBOR of more items than are allowed')
  at += 1
  return head
}

function readArray(head: number, depth: number): unknown[] {
  const count = countOf(head, depth)
  const out: unknown[] = []
  while (out.length < count) out.push(read(depth))
  return out
}

function readMap(head: number, depth: number): Record<string, unknown> {
  const count = countOf(head, depth)
  const out = new Bare()
  // Of the key before, until another one is read: the shorter come first, then byte by byte.
  let [start, end] = [0, 0]
  for (let i = 0; i < count; i += 1) {
    const keyHead = nextHead()
    if (keyHead >> 5 !== major.text) refuse('a map key that is no text')
    const [before, beforeEnd] = [start, end]
    end = endOf(keyHead)
    start = at
    at = end
    const longer = end - start - (beforeEnd - before)
    if (longer < 0 || (longer === 0 && i > 0 && !isAfter(start, before, end - start)))
      refuse('map keys repeat or are out of order')
    out[keyOf(start, end)] = read(depth)
  }
  return out
}

/** Whether the bytes at one place come after as many at another. */
function isAfter(one: number, other: number, count: number): boolean {
  for (let next = 0; next < count; next += 1) {
    const differs = (bytes[one + next] ?? 0) - (bytes[other + next] ?? 0)
    if (differs !== 0) return differs > 0
  }
  return false
}

/** Bytes up to `end`, copied. */
function take(end: number): Uint8Array {
  const copy = bytes.slice(at, end)
  at = end
  return copy
}

/** How many items an array or map has. Each takes a byte at least: a count above what is left is a lie that must cost nothing. */
function countOf(head: number, depth: number): number {
  const count = argument(head)
  if (depth > cborDepthMax) throw new CryptoError('limit', `CBOR nested deeper than ${cborDepthMax}`)
  if (typeof count !== 'number' || count > bytes.length - at) return refuse('the CBOR ends early')
  return count
}

/** Where the bytes or the text ends that begin at `at` from now on. */
function endOf(head: number): number {
  const length = argument(head)
  if (typeof length !== 'number' || length > bytes.length - at) return refuse('the CBOR ends early')
  return at + length
}

/** The number of 64 bits at most in a head, as short as it can be; bigint beyond 53 bits. */
function argument(head: number): number | bigint {
  const info = head & 31
  if (info < 24) return info
  switch (info) {
    case 24:
      return noShorter(unsigned(1), 24)
    case 25:
      return noShorter(unsigned(2), 0x100)
    case 26:
      return noShorter(unsigned(4), 0x1_0000)
    case 27:
      return longArgument()
    default:
      return refuse('CBOR without a length, or of a kind that has no place here')
  }
}

function longArgument(): number | bigint {
  const high = noShorter(unsigned(4), 1)
  const low = unsigned(4)
  if (high <= 0x1f_ffff) return high * 2 ** 32 + low
  return (BigInt(high) << 32n) | BigInt(low)
}

function noShorter(value: number, least: number): number {
  return value >= least ? value : refuse('a number that could be shorter')
}

/** So many bytes as a number, the highest first. */
function unsigned(count: number): number {
  if (count > bytes.length - at) return refuse('the CBOR ends early')
  let value = 0
  for (const end = at + count; at < end; at += 1) value = value * 256 + (bytes[at] ?? 0)
  return value
}

function negative(value: number | bigint): number | bigint {
  if (typeof value === 'number' && value < Number.MAX_SAFE_INTEGER) return -1 - value
  return -1n - BigInt(value)
}

function simple(head: number): boolean | null {
  if (head === nullByte) return null
  if (head === trueByte || head === falseByte) return head === trueByte
  return refuse('CBOR of a kind that has no place here')
}

function keyOf(start: number, end: number): string {
  if (end - start > keptKeyBytesMax) return textOf(start, end)
  let sum = end - start
  for (let next = start; next < end; next += 1) sum = Math.imul(sum, 31) + (bytes[next] ?? 0)
  const place = sum & (keysKept - 1)
  const known = keyBytes[place]
  if (known !== undefined && isAt(known, start, end)) return keyTexts[place] ?? ''
  const text = textOf(start, end)
  keyBytes[place] = bytes.slice(start, end)
  keyTexts[place] = text
  return text
}

function isAt(known: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let next = 0; next < known.length; next += 1) if (known[next] !== bytes[start + next]) return false
  return true
}

/** @throws TypeError unless UTF-8 */
function textOf(start: number, end: number): string {
  for (let next = start; next < end; next += 1)
    if ((bytes[next] ?? 0) > 0x7f) return utf8.decode(bytes.subarray(start, end))
  buffer ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return buffer.toString('latin1', start, end)
}

function refuse(what: string): never {
  throw new CryptoError('malformed', what)
}
