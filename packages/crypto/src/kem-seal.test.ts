import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, flipped, overlong } from './bytes-mutations.vectors.ts'
import { kemKey } from './bytes.ts'
import { makeDevice } from './device.ts'
import { CryptoError } from './errors.ts'
import { openSeal, sealBytes, sealTo, type RecipientKind } from './kem-seal.ts'
import { systemRandom } from './random.ts'
import { blobBytesMax, openBlob, sealBlobTo } from './seal-blob.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { padme } from './sizes.ts'

const random = seededRandom('seal test')
const pair = makeDevice(random).kem
const place = { kind: 'device' as const, binding: random.bytes(32), epoch: 2 }
const secret = random.bytes(32)
const to = { ...place, recipient: pair.publicKey, random: systemRandom }

describe('a seal', () => {
  const seal = sealTo({ ...to, secret })

  test('opens for its recipient at its place, whatever the kind and epoch', () => {
    const kinds = fc.constantFrom<RecipientKind>('device', 'identity', 'invite')
    fc.assert(
      fc.property(kinds, fc.maxSafeInteger().map(Math.abs), (kind, epoch) => {
        const made = sealTo({ ...to, kind, epoch, secret })
        expect(made.length).toBe(sealBytes)
        expect(openSeal({ ...place, kind, epoch, pair, seal: made })).toEqual(secret)
      }),
      { numRuns: 30 },
    )
  })

  test('is never the same twice', () => {
    expect(sealTo({ ...to, secret })).not.toEqual(seal)
  })

  test('fails in one observable way, whatever is wrong with it', () => {
    const errors = new Set<string>()
    const note = (change: object) => {
      try {
        openSeal({ ...place, pair, seal, ...change })
        errors.add('opened')
      } catch (error) {
        const { code, message, data, cause } = error as CryptoError
        errors.add(JSON.stringify([error instanceof CryptoError, code, message, data, cause]))
      }
    }
    note({ pair: makeDevice(random).kem })
    note({ kind: 'identity' })
    note({ epoch: 3 })
    note({ binding: random.bytes(32) })
    note({ pair: { ...pair, publicKey: makeDevice(random).kem.publicKey } })
    for (let length = 0; length < sealBytes; length += 1) note({ seal: seal.subarray(0, length) })
    fc.assert(
      fc.property(
        fc.oneof(flipped(seal), overlong(seal), fc.uint8Array({ minLength: 1200, maxLength: 1200 })),
        (s) => {
          note({ seal: s })
        },
      ),
      { numRuns: 1000 },
    )
    expect([...errors]).toEqual([
      '[true,"seal-broken","does not open: altered, or not meant for this key",{},null]',
    ])
  })

  test('is refused where the caller’s own values are wrong', () => {
    expect(codeOf(() => sealTo({ ...to, secret: new Uint8Array(31) }))).toBe('malformed')
    expect(codeOf(() => sealTo({ ...to, secret, binding: new Uint8Array(31) }))).toBe('malformed')
    expect(codeOf(() => sealTo({ ...to, secret, epoch: -1 }))).toBe('limit')
  })

  test.each([
    ['all zero', () => new Uint8Array(1216)],
    ['with an ML-KEM half out of range', () => pair.publicKey.slice().fill(255, 0, 1152)],
    ['with an X25519 half of small order', () => pair.publicKey.slice().fill(0, 1184)],
  ])('to a key that is none, %s, is made all the same and opens for nobody', (_, key) => {
    const made = sealTo({ ...to, recipient: kemKey(key()), secret })
    expect(made.length).toBe(sealBytes)
    expect(codeOf(() => openSeal({ ...place, pair, seal: made }))).toBe('seal-broken')
  })
})

describe('a sealed blob', () => {
  test('comes back, at a padded size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (blob) => {
        const seal = sealBlobTo({ ...to, kind: 'identity', blob })
        expect(seal.length).toBe(1168 + Math.max(1024, padme(blob.length + 4)))
        expect(openBlob({ ...place, kind: 'identity', pair, seal })).toEqual(blob)
      }),
      { numRuns: 50 },
    )
  })

  test('does not open altered, cut, or as a seal, nor a seal as a blob', () => {
    const seal = sealBlobTo({ ...to, blob: new Uint8Array(28) })
    for (let length = 0; length < seal.length; length += 7)
      expect(codeOf(() => openBlob({ ...place, pair, seal: seal.subarray(0, length) }))).toBe('seal-broken')
    fc.assert(
      fc.property(fc.oneof(flipped(seal), overlong(seal)), (s) => {
        expect(codeOf(() => openBlob({ ...place, pair, seal: s }))).toBe('seal-broken')
      }),
      { numRuns: 300 },
    )
    expect(codeOf(() => openSeal({ ...place, pair, seal }))).toBe('seal-broken')
    const key = sealTo({ ...to, secret })
    expect(codeOf(() => openBlob({ ...place, pair, seal: key }))).toBe('seal-broken')
  })

  test('has a limit', () => {
    expect(codeOf(() => sealBlobTo({ ...to, blob: new Uint8Array(blobBytesMax + 1) }))).toBe('limit')
  })
})
