import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf, flipped, truncations } from './bytes-mutations.vectors.ts'
import { concat, signingKey } from './bytes.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { sign, signingPairOf, verifySignature } from './sign.ts'

const pair = signingPairOf(seededRandom('sign').bytes(32))
const label = 'grenier/v1/test'

test('a signature verifies over the same label and bytes, however they are cut in parts', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (message, cut) => {
      const parts = [message.subarray(0, cut), message.subarray(cut)]
      const signature = sign(pair.secretKey, label, message)
      verifySignature(pair.publicKey, signature, label, ...parts)
      expect(sign(pair.secretKey, label, ...parts)).toEqual(signature)
    }),
  )
})

test('any other bit of message, signature or key, or another label, is a wrong signature', () => {
  const message = seededRandom('message').bytes(50)
  const signature = sign(pair.secretKey, label, message)
  const code = (key: Uint8Array, s: Uint8Array, m: Uint8Array) =>
    codeOf(() => verifySignature(signingKey(key), s, label, m))
  fc.assert(
    fc.property(flipped(message), flipped(signature), flipped(pair.publicKey), (m, s, key) => {
      expect(code(pair.publicKey, signature, m)).toBe('signature-wrong')
      expect(code(pair.publicKey, s, message)).toBe('signature-wrong')
      expect(code(key, signature, message)).toBe('signature-wrong')
    }),
  )
  for (const s of [...truncations(signature), concat([signature, new Uint8Array(1)])])
    expect(code(pair.publicKey, s, message)).toBe('signature-wrong')
  expect(codeOf(() => verifySignature(pair.publicKey, signature, 'grenier/v1/tes', message))).toBe(
    'signature-wrong',
  )
})

test('a label is part of the message with its end: it cannot run over into what follows', () => {
  const signature = sign(pair.secretKey, 'grenier/v1/ab', Uint8Array.of(99))
  expect(
    codeOf(() => verifySignature(pair.publicKey, signature, 'grenier/v1/a', Uint8Array.of(98, 0, 99))),
  ).toBe('signature-wrong')
})

test('the key of small order, under which one signature fits all messages, is refused', () => {
  const identity = Uint8Array.of(1, ...new Uint8Array(31))
  const signature = concat([identity, new Uint8Array(32)])
  const check = () => verifySignature(signingKey(identity), signature, label, Uint8Array.of(1))
  expect(codeOf(check)).toBe('signature-wrong')
})

test('secrets of wrong length are refused', () => {
  expect(codeOf(() => signingPairOf(new Uint8Array(31)))).toBe('malformed')
  expect(codeOf(() => sign(new Uint8Array(32), label))).toBe('malformed')
})
