import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf, flipped, overlong, truncations } from './bytes-mutations.vectors.ts'
import { encodeCbor } from './cbor.ts'
import { decodeDevice, encodeDevice, makeDevice, publicDevice } from './device.ts'
import { identityFromEntropy, publicIdentity, wipeKeys } from './identity.ts'
import { systemRandom } from './random.ts'
import { seededRandom } from './seeded-random.vectors.ts'

test('a device comes back from what is kept of it', () => {
  const device = makeDevice(systemRandom)
  expect(decodeDevice(encodeDevice(device))).toEqual(device)
})

test('two devices, and the two keys of one, are different', () => {
  const [a, b] = [makeDevice(systemRandom), makeDevice(systemRandom)]
  expect(publicDevice(a)).not.toEqual(publicDevice(b))
  expect(a.sign.secretKey.subarray(0, 32)).not.toEqual(a.kem.secretKey)
})

test('a damaged device file is refused with a code, or is another device: never a crash', () => {
  const bytes = encodeDevice(makeDevice(seededRandom('device')))
  for (const cut of truncations(bytes)) expect(codeOf(() => decodeDevice(cut))).toBe('malformed')
  fc.assert(
    fc.property(fc.oneof(flipped(bytes), overlong(bytes), fc.uint8Array({ maxLength: 1100 })), (other) => {
      expect(['none', 'malformed', 'version-unknown', 'limit']).toContain(codeOf(() => decodeDevice(other)))
    }),
  )
})

test('a device file of a newer version says so; an unknown key does not pass', () => {
  const seeds = { sign: new Uint8Array(32), kem: new Uint8Array(32) }
  expect(codeOf(() => decodeDevice(encodeCbor({ ...seeds, version: 2 })))).toBe('version-unknown')
  expect(codeOf(() => decodeDevice(encodeCbor({ ...seeds, version: 1, more: 1 })))).toBe('malformed')
  expect(codeOf(() => decodeDevice(encodeCbor({ ...seeds, version: 1, sign: new Uint8Array(31) })))).toBe(
    'malformed',
  )
  expect(codeOf(() => decodeDevice(new Uint8Array(2000)))).toBe('limit')
})

test('an identity is its entropy’s alone, and its keys are wiped when asked', () => {
  const entropy = systemRandom.bytes(32)
  const [a, b] = [identityFromEntropy(entropy), identityFromEntropy(entropy)]
  expect(a).toEqual(b)
  const other = entropy.slice()
  other[31]! ^= 1
  expect(publicIdentity(identityFromEntropy(other))).not.toEqual(publicIdentity(a))
  wipeKeys(a)
  expect(a.sign.secretKey.every((byte) => byte === 0)).toBe(true)
  expect(a.kem.secretKey.every((byte) => byte === 0)).toBe(true)
  expect(publicIdentity(a)).toEqual(publicIdentity(b))
  expect(codeOf(() => identityFromEntropy(new Uint8Array(16)))).toBe('malformed')
})
