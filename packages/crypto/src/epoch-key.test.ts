import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf, flipped, overlong, truncations } from './bytes-mutations.vectors.ts'
import { chunkIdOf } from './chunk-id.ts'
import { epochCommitment, keyUnderBytes, openKeyUnder, sealKeyUnder } from './epoch-key.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { chunkerKeyOf, chunkIdKeyOf, packKeyOf, payloadKeyOf } from './subkeys.ts'
import { toHex } from './bytes.ts'

const random = seededRandom('epoch key test')
const [binding, oldKey, newKey, otherKey] = Array.from({ length: 4 }, () => random.bytes(32)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const under = { binding, newKey, newEpoch: 9, oldEpoch: 4 }

test('an earlier key opens under the newer one, and nowhere else', () => {
  const sealed = sealKeyUnder({ ...under, oldKey })
  expect(sealed.length).toBe(keyUnderBytes)
  expect(openKeyUnder({ ...under, sealed })).toEqual(oldKey)
  const code = (change: object) => codeOf(() => openKeyUnder({ ...under, sealed, ...change }))
  for (const change of [{ newKey: otherKey }, { newEpoch: 8 }, { oldEpoch: 5 }, { binding: otherKey }])
    expect(code(change)).toBe('seal-broken')
  for (const cut of truncations(sealed)) expect(code({ sealed: cut })).toBe('seal-broken')
  fc.assert(
    fc.property(fc.oneof(flipped(sealed), overlong(sealed)), (other) => {
      expect(code({ sealed: other })).toBe('seal-broken')
    }),
    { numRuns: 500 },
  )
})

test('two keys of one epoch number under one new key share no key stream', () => {
  const [a, b] = [oldKey, otherKey].map((key) =>
    sealKeyUnder({ ...under, oldKey: key }).subarray(64, 96),
  ) as [Uint8Array, Uint8Array]
  const xored = a.map((byte, at) => byte ^ b[at]!)
  expect(xored).not.toEqual(oldKey.map((byte, at) => byte ^ otherKey[at]!))
})

test('a commitment is of one key at one place', () => {
  const right = { binding, epoch: 1, key: oldKey }
  const all = [right, { ...right, epoch: 2 }, { ...right, key: newKey }, { ...right, binding: otherKey }]
  expect(new Set(all.map((place) => toHex(epochCommitment(place)))).size).toBe(4)
  expect(codeOf(() => epochCommitment({ ...right, key: new Uint8Array(31) }))).toBe('malformed')
})

test('no two subkeys are the same, nor those of two vaults or epochs', () => {
  const keys = [binding, otherKey].flatMap((vault) => [
    packKeyOf(oldKey, 0, vault),
    packKeyOf(oldKey, 1, vault),
    payloadKeyOf(oldKey, 0, vault),
    payloadKeyOf(oldKey, 1, vault),
    chunkIdKeyOf(oldKey, vault),
    chunkerKeyOf(oldKey, vault),
  ])
  expect(new Set([oldKey, ...keys].map(toHex)).size).toBe(13)
  expect(codeOf(() => packKeyOf(new Uint8Array(16), 0, binding))).toBe('malformed')
  expect(codeOf(() => chunkIdKeyOf(oldKey, new Uint8Array(0)))).toBe('malformed')
})

test('one chunk has another id in another vault', () => {
  const plain = random.bytes(1000)
  const [a, b] = [binding, otherKey].map((vault) => chunkIdOf(chunkIdKeyOf(oldKey, vault), plain))
  expect(a).not.toEqual(b)
  expect(chunkIdOf(chunkIdKeyOf(oldKey, binding), plain.slice())).toEqual(a)
})
