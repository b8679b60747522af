// Whatever arrives, decoding ends with a message or a ProtocolError; and what is accepted is the one encoding of what it means.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeClientMessage, decodeRelayMessage, encodeMessage, type Message } from './codec.ts'
import { clientMessages, relayMessages } from './messages.vectors.ts'
import { ProtocolError } from './protocol-error.ts'

const codes = ['malformed', 'version-unknown', 'too-large']
const directions = [
  ['client to relay', decodeClientMessage, clientMessages],
  ['relay to client', decodeRelayMessage, relayMessages],
] as const

function attempt(decode: (frame: Uint8Array) => Message, frame: Uint8Array): void {
  let message: Message
  try {
    message = decode(frame)
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    expect(codes).toContain((error as ProtocolError).code)
    return
  }
  expect(Buffer.compare(encodeMessage(message), frame)).toBe(0)
}

/** A change to a frame, as bytes and places that shrink well. */
const mutation = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('flip', 'set', 'cut', 'insert', 'remove', 'repeat', 'append'),
  byte: fc.nat(255),
  count: fc.integer({ min: 1, max: 9 }),
})
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

function mutate(frame: Uint8Array, { at, kind, byte, count }: Mutation): Uint8Array {
  const place = frame.length === 0 ? 0 : at % frame.length
  const before = frame.subarray(0, place)
  const after = frame.subarray(place)
  const bytes = new Uint8Array(count).fill(byte)
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([(after[0] ?? 0) ^ (1 << (byte % 8))]), after.subarray(1)])
    case 'set':
      return Buffer.concat([before, Buffer.from([byte]), after.subarray(1)])
    case 'cut':
      return before
    case 'insert':
      return Buffer.concat([before, bytes, after])
    case 'remove':
      return Buffer.concat([before, after.subarray(count)])
    case 'repeat':
      return Buffer.concat([before, after, after])
    default:
      return Buffer.concat([frame, bytes])
  }
}

describe.each(directions)('frames from %s', (_, decode, samples) => {
  const frames = samples.map(encodeMessage)
  // One of each form: the many errors differ in nothing but their code.
  const forms = new Map(samples.map((message) => [Object.keys(message).join() + message.type, message]))
  const distinct = [...forms.values()].map(encodeMessage)

  it('survives random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (frame) => attempt(decode, frame)),
      { numRuns: 2000 },
    )
  })

  it('survives random bytes behind the beginning of a real frame', () => {
    const start = fc.record({ index: fc.nat(frames.length - 1), length: fc.nat(60), tail: fc.uint8Array() })
    fc.assert(
      fc.property(start, ({ index, length, tail }) =>
        attempt(decode, Buffer.concat([frames[index]!.subarray(0, length), tail])),
      ),
      { numRuns: 2000 },
    )
  })

  it('survives mutated frames', () => {
    const mutated = fc.record({
      index: fc.nat(frames.length - 1),
      mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
    })
    fc.assert(
      fc.property(mutated, ({ index, mutations }) =>
        attempt(decode, mutations.reduce(mutate, frames[index]!)),
      ),
      { numRuns: 2000 },
    )
  })

  it('refuses each frame cut at each of its first bytes', () => {
    for (const frame of frames)
      for (let length = 0; length < Math.min(frame.length, 300); length++)
        expect(() => decode(frame.subarray(0, length))).toThrow(ProtocolError)
  })

  it('survives each bit flipped in the first bytes of each frame', () => {
    for (const frame of distinct)
      for (let bit = 0; bit < Math.min(frame.length, 64) * 8; bit++) {
        const flipped = frame.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        attempt(decode, flipped)
      }
  })

  it('survives any JSON-like value in CBOR', () => {
    const value = fc.object({ withBigInt: false, maxDepth: 6 })
    fc.assert(
      fc.property(value, (object) => {
        attempt(decode, encodeMessage(object as Message))
      }),
      { numRuns: 1000 },
    )
  })
})
