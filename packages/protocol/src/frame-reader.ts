// A frame's value from cborg's tokens, with a bound on items and nesting: exactly what deterministic CBOR (RFC 8949 §4.2.1) of text, bytes, whole
// numbers, booleans, lists and maps with text keys has as its one encoding. To encode the value again and compare would copy each frame once more.
import { Tokenizer, Type, type Token } from 'cborg'
import { limits } from './limits.ts'
import { ProtocolError } from './protocol-error.ts'

// Shortest numbers and lengths, nothing indefinite: what is left of the one encoding is the order of keys, and text.
const options = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
}

/** What stands for itself: whole numbers, bytes, and the simple values that messages have. */
const plainTypes = new Set<Type>([Type.uint, Type.negint, Type.bytes, Type.true, Type.false, Type.null])

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** @throws ProtocolError `too-large` of too many items, `malformed`; an Error of cborg's or a TypeError on what is no such CBOR */
export function readFrame(frame: Uint8Array): unknown {
  return new FrameReader(frame).all()
}

class FrameReader {
  private readonly bytes: Uint8Array
  private readonly tokens: Tokenizer
  private itemsLeft: number = limits.frameTokens

  constructor(frame: Uint8Array) {
    // A Buffer's `slice` would give views: what outlives the frame must not hold on to it.
    this.bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.length)
    this.tokens = new Tokenizer(this.bytes, options)
  }

  all(): unknown {
    const value = this.value(0)
    if (!this.tokens.done()) throw malformed('bytes after the end of a message')
    return value
  }

  private next(): Token {
    if (this.tokens.done()) throw malformed('a message ends early')
    if (--this.itemsLeft < 0) throw new ProtocolError('too-large', 'too many items in one frame')
    return this.tokens.next()
  }

  private value(depth: number): unknown {
    const token = this.next()
    if (token.type === Type.string) return this.text(token)
    if (token.type === Type.array) return this.list(token, depth + 1)
    if (token.type === Type.map) return this.map(token, depth + 1)
    if (!plainTypes.has(token.type)) throw malformed('a float or a tag')
    return token.value
  }

  /** cborg drops a byte order mark, and replaces what is no UTF-8: its text is taken where neither can have been, else decoded again. */
  private text(token: Token): string {
    const text: unknown = token.value
    const total = token.encodedLength ?? 0
    const [end, length] = [this.tokens.pos(), total - headBytes(total)]
    if (typeof text === 'string' && text.length === length && !text.includes('\ufffd')) return text
    return utf8.decode(this.bytes.subarray(end - length, end))
  }

  private list(token: Token, depth: number): unknown[] {
    const count = this.count(token, depth)
    const out: unknown[] = []
    while (out.length < count) out.push(this.value(depth))
    return out
  }

  private map(token: Token, depth: number): unknown {
    const count = this.count(token, depth)
    const fields: Record<string, unknown> = {}
    let previous: string | undefined
    for (let at = 0; at < count; at += 1) {
      const head = this.next()
      if (head.type !== Type.string) throw malformed('a field whose name is no text')
      const name = this.text(head)
      // It would be the prototype; no message has such a field.
      if (name === '__proto__') throw malformed('a field of no message')
      if (previous !== undefined && !isBefore(previous, name))
        throw malformed('fields repeat or are out of order')
      fields[name] = this.value(depth)
      previous = name
    }
    return fields
  }

  private count({ value }: Token, depth: number): number {
    if (depth > limits.frameDepth) throw malformed('nested too deeply')
    // Each item takes a byte at least: a count above what is left is a lie that must cost nothing.
    if (typeof value !== 'number' || value > this.bytes.length - this.tokens.pos())
      throw malformed('a message ends early')
    return value
  }
}

/** Bytes of the head of a text whose whole encoding has `total` bytes. */
function headBytes(total: number): number {
  if (total <= 24) return 1
  if (total <= 2 + 0xff) return 2
  return total <= 3 + 0xffff ? 3 : 5
}

/** Order of two names by their encodings: the shorter in UTF-8 first, then byte by byte. */
function isBefore(a: string, b: string): boolean {
  if (isAscii(a) && isAscii(b)) return a.length === b.length ? a < b : a.length < b.length
  const [x, y] = [encoder.encode(a), encoder.encode(b)]
  return x.length === y.length ? Buffer.compare(x, y) < 0 : x.length < y.length
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

function malformed(what: string): ProtocolError {
  return new ProtocolError('malformed', what)
}
