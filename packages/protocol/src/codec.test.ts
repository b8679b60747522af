import { encode, rfc8949EncodeOptions } from 'cborg'
import { describe, expect, it } from 'vitest'
import { bulkFrameBytes, layBulk } from './bulk-frame.ts'
import { clientMessageTypes } from './client-message.ts'
import { decodeClientMessage, decodeRelayMessage, encodeMessage, type Message } from './codec.ts'
import { limits } from './limits.ts'
import { clientMessages, filled, relayMessages } from './messages.vectors.ts'
import { ProtocolError } from './protocol-error.ts'
import { relayMessageTypes } from './relay-message.ts'

const frameOf = (value: unknown): Uint8Array => encode(value, rfc8949EncodeOptions)
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const name = (message: Message): string => ('re' in message ? `ok to ${message.re}` : message.type)

function codeOf(decode: (frame: Uint8Array) => unknown, frame: Uint8Array): string {
  try {
    decode(frame)
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
  return 'accepted'
}

describe('messages', () => {
  it.each(clientMessages.map((message) => [name(message), message] as const))(
    'brings a %s from client to relay unchanged',
    (_, message) => {
      expect(decodeClientMessage(encodeMessage(message))).toEqual(message)
    },
  )

  it.each(relayMessages.map((message) => [name(message), message] as const))(
    'brings a %s from relay to client unchanged',
    (_, message) => {
      expect(decodeRelayMessage(encodeMessage(message))).toEqual(message)
    },
  )

  it('has a sample of every type', () => {
    expect(new Set(clientMessages.map(({ type }) => type))).toEqual(new Set(clientMessageTypes))
    expect(new Set(relayMessages.map(({ type }) => type))).toEqual(new Set(relayMessageTypes))
  })

  it('encodes bulk messages to the very bytes of the general codec', () => {
    for (const message of [...clientMessages, ...relayMessages])
      expect(Buffer.compare(encodeMessage(message), frameOf(message))).toBe(0)
    for (const size of [1, 23, 24, 255, 256, 65_535, 65_536])
      for (const id of [1, 23, 24, 255, 256, 65_535, 65_536, limits.requestId])
        for (const offset of [0, 255, 65_536, limits.packBytes]) {
          const message = { type: 'part', id, offset, bytes: filled(size) } as const
          const frame = encodeMessage(message)
          expect(Buffer.compare(frame, frameOf(message))).toBe(0)
          expect(decodeClientMessage(frame)).toMatchObject({ type: 'part', id, offset })
        }
  })

  it('reads the short forms of `more` as the general codec does', () => {
    for (const id of [1, 23, 24, 255, 256, 65_535, 65_536, limits.requestId])
      for (const bytes of [1, 24, 65_536, limits.packBytes]) {
        const more = { type: 'more', id, bytes } as const
        expect(decodeClientMessage(frameOf(more))).toEqual(more)
      }
    for (const bytes of [0, limits.packBytes + 1])
      expect(() => decodeClientMessage(frameOf({ type: 'more', id: 1, bytes }))).toThrow(ProtocolError)
  })

  it('lays bulk messages out so that their bytes may come later', () => {
    const memory = new Uint8Array(bulkFrameBytes).fill(0xff)
    for (const size of [1, 23, 24, 255, 256, 65_535, 65_536]) {
      const message = {
        type: 'data',
        id: limits.requestId,
        offset: limits.packBytes,
        bytes: filled(size),
      } as const
      const { frame, bytes } = layBulk(memory, { ...message, sizeBytes: size })
      bytes.set(message.bytes)
      expect(Buffer.compare(frame, frameOf(message))).toBe(0)
    }
    const outline = { type: 'data', id: 1, offset: 0, sizeBytes: limits.partBytes + 1 } as const
    expect(() => layBulk(memory, outline)).toThrow(ProtocolError)
  })

  it('reads a frame that lies in the middle of a larger buffer', () => {
    const message = clientMessages.find(({ type }) => type === 'append')!
    const frame = encodeMessage(message)
    const around = Buffer.alloc(frame.length + 20, 0xff)
    around.set(frame, 10)
    expect(decodeClientMessage(around.subarray(10, 10 + frame.length))).toEqual(message)
  })

  it('keeps nothing of the frame but the bytes of bulk messages', () => {
    const frame = Buffer.from(encodeMessage({ type: 'head', id: 1, vault: filled(32) }))
    const decoded = decodeClientMessage(frame)
    frame.fill(0)
    expect(decoded).toEqual({ type: 'head', id: 1, vault: filled(32) })
  })

  it('leaves out fields that are undefined', () => {
    const frame = encodeMessage({ type: 'vaults', id: 1, after: undefined })
    expect(decodeClientMessage(frame)).toEqual({ type: 'vaults', id: 1 })
  })
})

describe('text', () => {
  it.each(['naïve', '日本', '\ufeffa', 'a\ufffdb', '\0'])('comes as it was sent: %j', (text) => {
    const message = { type: 'error', code: 'busy', message: text, retryable: true } as const
    expect(decodeRelayMessage(encodeMessage(message))).toEqual(message)
  })
})

describe('what is refused', () => {
  it('refuses each field that is missing, and each one too many', () => {
    const cases = [
      ...clientMessages.map((message) => [message, decodeClientMessage] as const),
      ...relayMessages.map((message) => [message, decodeRelayMessage] as const),
    ]
    const ofClients = ['certificate', 'resume', 'reopen', 'invite', 'after']
    const optional = [...ofClients, 'message', 'retryAfterMs', 'data', 'deletion', 'finalAt', 'revived']
    for (const [message, decode] of cases) {
      for (const field of Object.keys(message)) {
        if (optional.includes(field) || (field === 'id' && message.type === 'error')) continue
        const rest: unknown = Object.fromEntries(Object.entries(message).filter(([key]) => key !== field))
        expect([name(message), field, codeOf(decode, frameOf(rest))]).toEqual([
          name(message),
          field,
          'malformed',
        ])
      }
      expect(codeOf(decode, frameOf({ ...message, extra: 1 }))).toBe('malformed')
    }
  })

  it('refuses each field of another kind', () => {
    const cases = [
      ...clientMessages.map((message) => [message, decodeClientMessage] as const),
      ...relayMessages.map((message) => [message, decodeRelayMessage] as const),
    ]
    for (const [message, decode] of cases)
      for (const field of Object.keys(message))
        for (const value of [null, -1, [[[]]], { x: filled(0) }, 'x'.repeat(600), filled(0)])
          expect([name(message), field, codeOf(decode, frameOf({ ...message, [field]: value }))]).toEqual([
            name(message),
            field,
            'malformed',
          ])
  })

  it.each(['constructor', 'prototype', '__proto__'])(
    'refuses a fact that is called %s, and does not pass it over',
    (fact) => {
      const error = { type: 'error', id: 1, code: 'busy', retryable: true, data: { [fact]: 0 } }
      expect(codeOf(decodeRelayMessage, frameOf(error))).toBe('malformed')
    },
  )

  it('refuses what the other side would say', () => {
    for (const message of relayMessages)
      expect(codeOf(decodeClientMessage, encodeMessage(message))).toBe('malformed')
    for (const message of clientMessages)
      expect(codeOf(decodeRelayMessage, encodeMessage(message))).toBe('malformed')
  })

  it.each([
    ['an empty frame', ''],
    ['no map', '01'],
    ['an empty map', 'a0'],
    ['keys in another order', 'a2 64 74797065 64 70696e67 62 6964 01'],
    ['a key twice', 'a3 62 6964 01 62 6964 01 64 74797065 64 70696e67'],
    ['a longer number than needed', 'a2 62 6964 1801 64 74797065 64 70696e67'],
    ['a float for a number', 'a2 62 6964 f93c00 64 74797065 64 70696e67'],
    ['a map without a length', 'bf 62 6964 01 64 74797065 64 70696e67 ff'],
    ['a tag', 'c1 a2 62 6964 01 64 74797065 64 70696e67'],
    ['something behind the message', 'a2 62 6964 01 64 74797065 64 70696e67 00'],
    ['a message cut short', 'a2 62 6964 01 64 74797065 64 70696e'],
    ['a number beyond 2^53', 'a2 62 6964 1bffffffffffffffff 64 74797065 64 70696e67'],
    ['the id 0', 'a2 62 6964 00 64 74797065 64 70696e67'],
    ['a prototype', 'a3 62 6964 01 64 74797065 64 70696e67 69 5f5f70726f746f5f5f a0'],
    ['undefined', 'a2 62 6964 f7 64 74797065 64 70696e67'],
    ['text that is not UTF-8', 'a2 62 6964 01 64 74797065 64 ff696e67'],
    [
      'a bulk message with a longer length than needed',
      'a4 62 6964 01 64 74797065 64 70617274 65 6279746573 5801 07 66 6f6666736574 00',
    ],
    ['an empty part', 'a4 62 6964 01 64 74797065 64 70617274 65 6279746573 40 66 6f6666736574 00'],
  ])('refuses %s', (_, frame) => {
    expect(codeOf(decodeClientMessage, hex(frame))).toBe('malformed')
    expect(codeOf(decodeRelayMessage, hex(frame))).toBe('malformed')
  })

  it('says "version-unknown" of another version, whatever else has changed with it', () => {
    expect(codeOf(decodeClientMessage, frameOf({ type: 'login', version: 2, proof: 'x' }))).toBe(
      'version-unknown',
    )
    expect(codeOf(decodeRelayMessage, frameOf({ type: 'challenge', version: 2 }))).toBe('version-unknown')
    expect(codeOf(decodeRelayMessage, frameOf({ type: 'pong', version: 2 }))).toBe('malformed')
    expect(codeOf(decodeClientMessage, frameOf({ type: 'login', version: 'x' }))).toBe('malformed')
  })

  it('refuses one more than each limit', () => {
    const vault = filled(32)
    const over: unknown[] = [
      { type: 'append', id: 1, vault, entry: filled(limits.entryBytes + 1) },
      { type: 'have', id: 1, vault, packs: Array.from({ length: limits.havePacks + 1 }, () => vault) },
      { type: 'put', id: 1, vault, pack: vault, sizeBytes: limits.packBytes + 1 },
      { type: 'put', id: limits.requestId + 1, vault, pack: vault, sizeBytes: 1 },
      { type: 'part', id: 1, offset: 0, bytes: filled(limits.partBytes + 1) },
      { type: 'part', id: 1, offset: limits.packBytes + 1, bytes: filled(1) },
      { type: 'entries', id: 1, vault, from: 0, limitBytes: limits.entriesBytes + 1 },
      { type: 'open-account', id: 1, certificate: filled(limits.certificateBytes + 1) },
      { type: 'head', id: 1, vault: filled(33) },
    ]
    for (const message of over) expect(codeOf(decodeClientMessage, frameOf(message))).toBe('malformed')
    const entries = Array.from({ length: limits.partEntries + 1 }, (_, sequence) => ({
      sequence,
      bodyHash: vault,
    }))
    const part = { type: 'entries-part', id: 1, entries, head: 5000, last: true }
    expect(codeOf(decodeRelayMessage, frameOf(part))).toBe('malformed')
    expect(codeOf(decodeRelayMessage, frameOf({ ...part, entries: entries.slice(1) }))).toBe('accepted')
    expect(() => encodeMessage({ type: 'append', id: 1, vault, entry: filled(limits.frameBytes) })).toThrow(
      ProtocolError,
    )
    expect(() => encodeMessage({ type: 'part', id: 1, offset: 0, bytes: filled(65_537) })).toThrow(
      ProtocolError,
    )
  })

  it('does no work for a frame that is too large, too rich or too deep', () => {
    expect(codeOf(decodeClientMessage, new Uint8Array(limits.frameBytes + 1))).toBe('too-large')
    const empties = new Uint8Array(limits.frameBytes).fill(0x80)
    empties.set([0x9a, 0x00, 0x1f, 0xff, 0xfb])
    expect(codeOf(decodeClientMessage, empties)).toBe('too-large')
    expect(codeOf(decodeClientMessage, new Uint8Array(limits.frameBytes).fill(0x81))).toBe('malformed')
    expect(codeOf(decodeClientMessage, hex('9b 001fffffffffffff'))).toBe('malformed')
  })

  it('takes the largest entry in both directions', () => {
    const entry = filled(limits.entryBytes)
    const append = { type: 'append', id: 1, vault: filled(32), entry } as const
    expect(decodeClientMessage(encodeMessage(append)).type).toBe('append')
    const batch = filled(limits.entriesPartBytes - 1)
    const entries = [
      { sequence: 1, entry: batch },
      { sequence: 2, entry },
    ]
    const part = { type: 'entries-part', id: 1, entries, head: 2, last: true } as const
    expect(decodeRelayMessage(encodeMessage(part)).type).toBe('entries-part')
  })
})
