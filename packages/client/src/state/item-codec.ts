// Integers and byte strings as deterministic CBOR items (RFC 8949 §4.2.1), written and read in place: rows of the state, and the
// records of a checkpoint's state, which any CBOR library reads as a sequence of items (RFC 8742).
import { ClientError } from '../errors.ts'

const unsigned = 0
const negative = 1
const byteString = 2
const arrayItem = 4

const shortBytesMax = 200

/** Writes items one after the other into a buffer that grows. */
export class ItemWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacityBytes = 256) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** A non-negative safe integer. */
  uint(value: number): void {
    this.#head(unsigned, value)
  }

  /** Any integer of 64 bits and a sign: CBOR's range. */
  int(value: bigint): void {
    const major = value < 0n ? negative : unsigned
    const magnitude = value < 0n ? -1n - value : value
    if (magnitude <= 0xffffffffn) {
      this.#head(major, Number(magnitude))
      return
    }
    if (magnitude > 0xffffffffffffffffn) throw broken('an integer of more than 64 bits')
    this.#room(9)
    this.#bytes[this.#length] = (major << 5) | 27
    this.#bytes.writeBigUInt64BE(magnitude, this.#length + 1)
    this.#length += 9
  }

  /** Any integer at all: as `int` where that holds it, else its decimal digits as a byte string. */
  wide(value: bigint): void {
    const magnitude = value < 0n ? -1n - value : value
    if (magnitude <= 0xffffffffffffffffn) this.int(value)
    else this.bytes(Buffer.from(value.toString()))
  }

  /** A byte string. */
  bytes(value: Uint8Array): void {
    this.#head(byteString, value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** A byte string of the characters, each one byte: none is above U+00FF. */
  latin1(value: string): void {
    this.#head(byteString, value.length)
    this.#room(value.length)
    this.#bytes.write(value, this.#length, 'latin1')
    this.#length += value.length
  }

  /** The head of an array of `count` items, which follow. */
  array(count: number): void {
    this.#head(arrayItem, count)
  }

  /** A copy of what was written; the writer starts again. */
  take(): Uint8Array {
    const length = this.#length
    const out = new Uint8Array(length)
    // Most rows are short: a view of what is to be copied costs more than copying it.
    if (length > shortBytesMax) out.set(this.#bytes.subarray(0, length))
    else for (let at = 0; at < length; at += 1) out[at] = this.#bytes[at] ?? 0
    this.#length = 0
    return out
  }

  #head(major: number, value: number): void {
    this.#room(9)
    const bytes = this.#bytes
    const at = this.#length
    const top = major << 5
    if (value < 24) {
      bytes[at] = top | value
      this.#length += 1
    } else if (value <= 0xff) {
      bytes[at] = top | 24
      bytes[at + 1] = value
      this.#length += 2
    } else if (value <= 0xffff) {
      bytes[at] = top | 25
      bytes.writeUInt16BE(value, at + 1)
      this.#length += 3
    } else if (value <= 0xffffffff) {
      bytes[at] = top | 26
      bytes.writeUInt32BE(value, at + 1)
      this.#length += 5
    } else {
      bytes[at] = top | 27
      bytes.writeBigUInt64BE(BigInt(value), at + 1)
      this.#length += 9
    }
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

/** Reads the items that an `ItemWriter` wrote. Every method: @throws ClientError `state-broken`; `ShortItem` when bytes are missing. */
export class ItemReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Whether the next item is an array. False at the end. */
  get nextIsArray(): boolean {
    return (this.#bytes[this.#at] ?? 0) >> 5 === arrayItem
  }

  uint(): number {
    return this.#head(unsigned)
  }

  int(): bigint {
    const first = this.#bytes[this.#at]
    if (first === undefined) throw new ShortItem()
    const major = first >> 5
    if (major !== unsigned && major !== negative) throw broken('no integer where one belongs')
    const magnitude = (first & 31) === 27 ? this.#uint64() : BigInt(this.#head(major))
    return major === negative ? -1n - magnitude : magnitude
  }

  wide(): bigint {
    const first = this.#bytes[this.#at] ?? 0
    return first >> 5 === byteString ? BigInt(Buffer.from(this.bytes()).toString('latin1')) : this.int()
  }

  /** A view into the bytes given, not a copy. */
  bytes(): Uint8Array {
    const end = this.#endOfString()
    const out = new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, end - this.#at)
    this.#at = end
    return out
  }

  /** A byte string as text: one character for each byte. */
  latin1(): string {
    const end = this.#endOfString()
    const { buffer, byteOffset } = this.#bytes
    const out = Buffer.from(buffer, byteOffset + this.#at, end - this.#at).toString('latin1')
    this.#at = end
    return out
  }

  array(): number {
    return this.#head(arrayItem)
  }

  /** Reads the head of a byte string; where the string ends. */
  #endOfString(): number {
    const end = this.#head(byteString) + this.#at
    if (end > this.#bytes.length) throw new ShortItem()
    return end
  }

  #uint64(): bigint {
    if (this.#at + 9 > this.#bytes.length) throw new ShortItem()
    const value = (BigInt(this.#uint32(this.#at + 1)) << 32n) | BigInt(this.#uint32(this.#at + 5))
    if (value <= 0xffffffffn) throw broken('an integer in more bytes than it needs')
    this.#at += 9
    return value
  }

  #uint32(at: number): number {
    let value = 0
    for (let next = at; next < at + 4; next += 1) value = value * 256 + (this.#bytes[next] ?? 0)
    return value
  }

  #head(major: number): number {
    const first = this.#bytes[this.#at]
    if (first === undefined) throw new ShortItem()
    if (first >> 5 !== major) throw broken('another kind of item than belongs here')
    const short = first & 31
    if (short < 24) {
      this.#at += 1
      return short
    }
    return this.#longHead(short)
  }

  #longHead(short: number): number {
    if (short === 27) {
      const value = this.#uint64()
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken('a length or number out of range')
      return Number(value)
    }
    if (short > 27) throw broken('an item that is not deterministic')
    const size = 1 << (short - 24)
    if (this.#at + 1 + size > this.#bytes.length) throw new ShortItem()
    let value = 0
    for (let at = this.#at + 1; at <= this.#at + size; at += 1) value = value * 256 + (this.#bytes[at] ?? 0)
    if (value < shortestOf(short)) throw broken('an integer in more bytes than it needs')
    this.#at += 1 + size
    return value
  }
}

/** The bytes ended inside an item: more of them may complete it. */
export class ShortItem extends ClientError {
  constructor() {
    super('state-broken', 'bytes of the state end too early')
  }
}

/** A row or record of the state that is not what this program writes. */
export function broken(what: string): ClientError {
  return new ClientError('state-broken', `the state holds ${what}`)
}

/** The smallest value that deserves a head of this additional information (24, 25, 26). */
function shortestOf(short: number): number {
  if (short === 24) return 24
  return short === 25 ? 0x100 : 0x10000
}
