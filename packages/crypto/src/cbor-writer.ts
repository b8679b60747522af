// Writes CBOR in its one encoding (RFC 8949 §4.2.1), straight to bytes: payloads hold a hundred thousand values, and an object for each, as a
// library of tokens makes them, costs more than all the rest of an entry. `cborg` stays the measure of it in the tests.
import { isUtf8 } from 'node:buffer'
import { CryptoError } from './errors.ts'

/** A text that is at hand as bytes. */
export class CborText {
  readonly utf8: Uint8Array

  /** @throws CryptoError `malformed` unless UTF-8 */
  constructor(utf8: Uint8Array) {
    if (!isUtf8(utf8)) throw new CryptoError('malformed', 'a text that is no UTF-8')
    this.utf8 = utf8
  }
}

/** What has an encoding. A key whose value is undefined is left out. Numbers are safe integers; bigint for the rest of 64 bits. */
export type CborValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | CborText
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined }

const major = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const
const falseByte = 0xf4
const trueByte = 0xf5
const nullByte = 0xf6

const roomBytes = 64 << 10
/** More than this is given back when it was needed once. */
const roomBytesKept = 1 << 20
const shortBytesMax = 40
/** Sorted one by one. */
const fewKeys = 16
const keysKeptMax = 512
const keptKeyLengthMax = 32

let room = new Uint8Array(roomBytes)
let view = new DataView(room.buffer)
let at = 0
let items = 0
const utf8 = new TextEncoder()
/** Keys and values of the maps that are being written, the innermost last: no list is made for each map. */
const keyStack: Uint8Array[] = []
const valueStack: unknown[] = []
let stacked = 0
const noBytes = new Uint8Array(0)
/** Encodings of keys: there are few, and each stands in many maps. */
const keysKept = new Map<string, Uint8Array>()

/**
 * The one encoding of a value, and how many items it has: the value, what is in it, and the keys of maps. An item takes a byte or two and, once
 * it is decoded, a hundred times that.
 * @throws CryptoError `malformed` on a number that is no safe integer, an ill-formed text, or anything else that has none
 */
export function encodeCounted(value: CborValue): { readonly bytes: Uint8Array; readonly items: number } {
  at = 0
  items = 0
  try {
    write(value)
    return { bytes: room.slice(0, at), items }
  } catch (cause) {
    throw cause instanceof CryptoError
      ? cause
      : new CryptoError('malformed', 'a value without CBOR', { cause })
  } finally {
    stacked = keyStack.length = valueStack.length = 0
    if (room.length > roomBytesKept) setRoom(new Uint8Array(roomBytes))
  }
}

function setRoom(bytes: Uint8Array<ArrayBuffer>): void {
  room = bytes
  view = new DataView(bytes.buffer)
}

function need(bytes: number): void {
  if (at + bytes <= room.length) return
  const larger = new Uint8Array(Math.max(room.length * 2, at + bytes))
  larger.set(room.subarray(0, at))
  setRoom(larger)
}

function write(value: unknown): void {
  items += 1
  switch (typeof value) {
    case 'number':
      writeNumber(value)
      return
    case 'string':
      writeText(value)
      return
    case 'bigint':
      writeBigint(value)
      return
    case 'boolean':
      writeByte(value ? trueByte : falseByte)
      return
    case 'object':
      writeObject(value)
      return
    default:
      refuse('a value without CBOR')
  }
}

function writeObject(value: object | null): void {
  if (value === null) writeByte(nullByte)
  else if (Array.isArray(value)) {
    writeHead(major.array, value.length)
    for (const inner of value) write(inner)
  } else if (value instanceof Uint8Array) {
    writeHead(major.bytes, value.length)
    writeRaw(value)
  } else if (value instanceof CborText) {
    writeHead(major.text, value.utf8.length)
    writeRaw(value.utf8)
  } else if (isMap(value)) writeMap(value)
  else refuse('a value without CBOR')
}

/** An object of no class: what is written by hand, and what was decoded. */
function isMap(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function writeMap(map: Readonly<Record<string, unknown>>): void {
  const start = stacked
  const keys = Object.keys(map)
  const inOrder = keys.length <= fewKeys ? keys : sortedKeys(keys)
  for (const key of inOrder) {
    const value = map[key]
    if (value !== undefined) stackSorted(start, keyBytes(key), value)
  }
  const end = stacked
  writeHead(major.map, end - start)
  for (let next = start; next < end; next += 1) {
    items += 1
    writeRaw(keyStack[next] ?? noBytes)
    write(valueStack[next])
  }
  stacked = start
}

/** Of a map that is not one of ours. */
function sortedKeys(keys: readonly string[]): readonly string[] {
  const encoded = keys.map((key): [Uint8Array, string] => [keyBytes(key), key])
  return encoded.sort(([a], [b]) => compareKeys(a, b)).map(([, key]) => key)
}

/** Puts a key and its value behind those from `start` on that come before it: they are few, or in order. */
function stackSorted(start: number, key: Uint8Array, value: unknown): void {
  let place = stacked
  while (place > start && compareKeys(keyStack[place - 1] ?? noBytes, key) > 0) {
    keyStack[place] = keyStack[place - 1] ?? noBytes
    valueStack[place] = valueStack[place - 1]
    place -= 1
  }
  keyStack[place] = key
  valueStack[place] = value
  stacked += 1
}

/** Order of keys: that of their encodings, of which the length comes first. */
function compareKeys(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length
  for (let next = 0; next < a.length; next += 1) {
    const difference = (a[next] ?? 0) - (b[next] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function keyBytes(key: string): Uint8Array {
  const known = keysKept.get(key)
  if (known !== undefined) return known
  const start = at
  writeText(key)
  const encoded = room.slice(start, at)
  at = start
  if (keysKept.size < keysKeptMax && key.length <= keptKeyLengthMax) keysKept.set(key, encoded)
  return encoded
}

function writeText(text: string): void {
  if (!text.isWellFormed()) refuse('a text with half of a surrogate pair')
  const encoded = utf8.encode(text)
  writeHead(major.text, encoded.length)
  writeRaw(encoded)
}

function writeNumber(value: number): void {
  if (!Number.isSafeInteger(value)) refuse('a number that is no safe integer')
  if (value >= 0) writeHead(major.uint, value)
  else writeHead(major.negative, -1 - value)
}

function writeBigint(value: bigint): void {
  const isNegative = value < 0n
  const argument = isNegative ? -1n - value : value
  if (argument >= 1n << 64n) refuse('an integer beyond 64 bits')
  const kind = isNegative ? major.negative : major.uint
  if (argument <= BigInt(Number.MAX_SAFE_INTEGER)) {
    writeHead(kind, Number(argument))
    return
  }
  need(9)
  room[at] = (kind << 5) | 27
  view.setBigUint64(at + 1, argument)
  at += 9
}

/** The head of an item: its kind, and a number of at most 53 bits, as short as it can be. */
function writeHead(kind: number, argument: number): void {
  need(9)
  const bits = kind << 5
  if (argument < 24) room[at++] = bits | argument
  else if (argument <= 0xff) {
    room[at] = bits | 24
    room[at + 1] = argument
    at += 2
  } else if (argument <= 0xffff) {
    room[at] = bits | 25
    view.setUint16(at + 1, argument)
    at += 3
  } else if (argument <= 0xffff_ffff) {
    room[at] = bits | 26
    view.setUint32(at + 1, argument)
    at += 5
  } else {
    room[at] = bits | 27
    view.setBigUint64(at + 1, BigInt(argument))
    at += 9
  }
}

function writeByte(byte: number): void {
  need(1)
  room[at++] = byte
}

function writeRaw(bytes: Uint8Array): void {
  const { length } = bytes
  need(length)
  // Most are short: there a call into the engine costs more than the bytes do.
  if (length > shortBytesMax) room.set(bytes, at)
  else for (let next = 0; next < length; next += 1) room[at + next] = bytes[next] ?? 0
  at += length
}

function refuse(what: string): never {
  throw new CryptoError('malformed', what)
}
