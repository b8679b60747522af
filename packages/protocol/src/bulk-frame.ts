// The messages that carry packs, written and read without a general codec: `part` and `data` have one shape,
//   {"id": uint, "type": "part"|"data", "bytes": bstr, "offset": uint}
// and with `more`, which comes as often as `data` goes,
//   {"id": uint, "type": "more", "bytes": uint}
// are almost all of what goes over a wire. The bytes are those that the general codec makes; a test holds it.
import { limits } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

/** A `part` or a `data`. */
export interface BulkMessage<T extends 'part' | 'data' = 'part' | 'data'> {
  type: T
  id: number
  offset: number
  bytes: Uint8Array
}

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
// Map of 4, or of 3; then each key with its head byte: 0x60 + length.
const beforeId = latin1('\xa4\x62id')
const beforeIdOfMore = latin1('\xa3\x62id')
const beforeBytesOfMore = latin1('\x64type\x64more\x65bytes')
const beforeBytes = {
  part: latin1('\x64type\x64part\x65bytes'),
  data: latin1('\x64type\x64data\x65bytes'),
}
const beforeOffset = latin1('\x66offset')
const majorUint = 0
const majorBytes = 0x40
/** Five for each of three heads, and the fixed text. */
const overheadBytes = 15 + beforeId.length + beforeBytes.part.length + beforeOffset.length
/** Memory that every bulk frame fits into. */
export const bulkFrameBytes = limits.partBytes + overheadBytes

/**
 * The frame of a bulk message; copies `bytes` once.
 * @throws ProtocolError `too-large` when `bytes` are more than a part.
 */
export function encodeBulk(message: BulkMessage): Uint8Array {
  const { type, id, offset, bytes } = message
  // Not zeroed first, and not from the shared pool: every byte of the result is written below.
  const memory = new Uint8Array(Buffer.allocUnsafeSlow(bytes.length + overheadBytes).buffer)
  const laid = layBulk(memory, { type, id, offset, sizeBytes: bytes.length })
  laid.bytes.set(bytes)
  return laid.frame
}

/** A bulk message whose bytes are still to come. */
export type BulkOutline = Omit<BulkMessage, 'bytes'> & { readonly sizeBytes: number }

/**
 * Lays a bulk message out at the beginning of `memory` (`bulkFrameBytes` are always enough): `frame` is what goes over the wire once
 * `bytes`, a view into it, has been filled. So they need not be copied to where they are sent from.
 * @throws ProtocolError `too-large` when `sizeBytes` is more than a part.
 */
export function layBulk(memory: Uint8Array, outline: BulkOutline): { frame: Uint8Array; bytes: Uint8Array } {
  const { type, id, offset, sizeBytes } = outline
  if (sizeBytes > limits.partBytes) throw new ProtocolError('too-large', 'more than a part')
  const buffer = Buffer.from(memory.buffer, memory.byteOffset, memory.length)
  let at = put(buffer, 0, beforeId)
  at = putHead(buffer, at, { major: majorUint, value: id })
  at = put(buffer, at, beforeBytes[type])
  at = putHead(buffer, at, { major: majorBytes, value: sizeBytes })
  const bytes = memory.subarray(at, at + sizeBytes)
  at = put(buffer, at + sizeBytes, beforeOffset)
  at = putHead(buffer, at, { major: majorUint, value: offset })
  return { frame: memory.subarray(0, at), bytes }
}

/** The `more` in a frame, as `decodeBulk` does it: undefined when the frame is anything else. */
export function decodeMore(frame: Uint8Array): { type: 'more'; id: number; bytes: number } | undefined {
  if (frame.length > overheadBytes) return undefined
  const reader = new Reader(frame)
  if (!reader.skip(beforeIdOfMore)) return undefined
  const id = reader.head(majorUint)
  if (!reader.skip(beforeBytesOfMore)) return undefined
  const bytes = reader.head(majorUint)
  if (!reader.done || id < 1 || bytes < 1 || bytes > limits.packBytes) return undefined
  return { type: 'more', id, bytes }
}

/**
 * The bulk message in a frame, `bytes` being a view of it. undefined when the frame is anything but a well-formed, canonical message
 * of this type within its limits: the general codec then says what it is.
 */
export function decodeBulk<T extends 'part' | 'data'>(
  frame: Uint8Array,
  type: T,
): BulkMessage<T> | undefined {
  if (frame.length > limits.partBytes + overheadBytes) return undefined
  const reader = new Reader(frame)
  if (!reader.skip(beforeId)) return undefined
  const id = reader.head(majorUint)
  if (!reader.skip(beforeBytes[type])) return undefined
  const length = reader.head(majorBytes)
  const bytes = reader.take(length)
  if (!reader.skip(beforeOffset)) return undefined
  const offset = reader.head(majorUint)
  if (!reader.done || id < 1 || length < 1 || length > limits.partBytes || offset < 0) return undefined
  return offset > limits.packBytes ? undefined : { type, id, offset, bytes }
}

function put(frame: Uint8Array, at: number, bytes: Uint8Array): number {
  frame.set(bytes, at)
  return at + bytes.length
}

/** RFC 8949 §3: the shortest head for a value below 2^32. */
function putHead(frame: Buffer, at: number, head: { major: number; value: number }): number {
  const { major, value } = head
  if (value < 24) return frame.writeUInt8(major | value, at)
  if (value < 0x100) return frame.writeUInt8(value, frame.writeUInt8(major | 24, at))
  if (value < 0x1_0000) return frame.writeUInt16BE(value, frame.writeUInt8(major | 25, at))
  return frame.writeUInt32BE(value, frame.writeUInt8(major | 26, at))
}

/** Reads along a frame; the first thing amiss makes all that follows fail. */
class Reader {
  private readonly frame: Uint8Array
  private at = 0

  constructor(frame: Uint8Array) {
    this.frame = frame
  }

  get done(): boolean {
    return this.at === this.frame.length
  }

  skip(expected: Uint8Array): boolean {
    for (const byte of expected) {
      if (this.frame[this.at] !== byte) return false
      this.at += 1
    }
    return true
  }

  /** The value of a head of this major type in its shortest form, or -1. */
  head(major: number): number {
    const minor = (this.frame[this.at] ?? 0xff) - major
    this.at += 1
    if (minor >= 0 && minor < 24) return minor
    const extra = [1, 2, 4][minor - 24]
    if (extra === undefined) return -1
    let value = 0
    for (let index = 0; index < extra; index++) value = value * 256 + (this.frame[this.at + index] ?? 0)
    this.at += extra
    const least = [24, 0x100, 0x1_0000][minor - 24] ?? 0
    return value < least ? -1 : value
  }

  take(length: number): Uint8Array {
    const from = this.at
    this.at += Math.max(length, 0)
    return this.frame.subarray(from, this.at)
  }
}
