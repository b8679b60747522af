import type * as nodeCrypto from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, expect, test, vi } from 'vitest'
import { codeOf, truncations } from './bytes-mutations.vectors.ts'
import { encodeDevice, makeDevice } from './device.ts'
import { systemRandom } from './random.ts'
import {
  checkSealedDevice,
  deviceKeyOf,
  isSealedDevice,
  keyringEntryOf,
  openSealedDevice,
  passphraseCosts,
  sealDevice,
  sealDeviceForKeyring,
  sealingOf,
} from './sealed-device.ts'
import { seededRandom } from './seeded-random.vectors.ts'

const stretched = vi.hoisted(() => ({ times: 0 }))
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof nodeCrypto>()
  const argon2Sync: typeof real.argon2Sync = (...given) => {
    stretched.times += 1
    return real.argon2Sync(...given)
  }
  return { ...real, argon2Sync }
})
beforeEach(() => void (stretched.times = 0))

const device = makeDevice(seededRandom('device'))
const least = passphraseCosts.least
const sealed = sealDevice(device, { passphrase: 'écluse', cost: least, random: systemRandom })
const key = deviceKeyOf(sealed, 'écluse')

/** The sealed bytes asking for another cost. */
function asking(memoryKiB: number, passes: number): Uint8Array {
  const copy = sealed.slice()
  const view = new DataView(copy.buffer)
  view.setUint32(6, memoryKiB)
  view.setUint32(10, passes)
  return copy
}

test('a device comes back by its passphrase, however the letters are composed, and by no other', () => {
  expect(openSealedDevice(sealed, key)).toEqual(device)
  expect(deviceKeyOf(sealed, 'e\u0301cluse')).toEqual(key)
  expect(codeOf(() => openSealedDevice(sealed, deviceKeyOf(sealed, 'Écluse')))).toBe('seal-broken')
  expect(stretched.times).toBe(2)
})

test('the same device is never sealed twice in the same bytes, and nothing of its keys shows', () => {
  const again = sealDevice(device, { passphrase: 'écluse', cost: least, random: systemRandom })
  expect(again).not.toEqual(sealed)
  expect(codeOf(() => openSealedDevice(again, key))).toBe('seal-broken')
  for (const { secretKey } of [device.sign, device.kem])
    expect(Buffer.from(sealed).includes(Buffer.from(secretKey.subarray(0, 16)))).toBe(false)
})

test('costs below the floor or above the ceiling are refused before any work, in a file and in sealing', () => {
  const memories = [0, 8, least.memoryKiB - 1, passphraseCosts.most.memoryKiB + 1, 0xffff_ffff]
  const wrong = [
    ...memories.map((memoryKiB) => ({ memoryKiB, passes: 3 })),
    ...[0, 1, 2, 11, 0xffff_ffff].map((passes) => ({ memoryKiB: least.memoryKiB, passes })),
  ]
  for (const cost of wrong) {
    const bytes = asking(cost.memoryKiB, cost.passes)
    expect(codeOf(() => checkSealedDevice(bytes))).toBe('limit')
    expect(codeOf(() => deviceKeyOf(bytes, 'écluse'))).toBe('limit')
    expect(codeOf(() => openSealedDevice(bytes, key))).toBe('limit')
    expect(codeOf(() => sealDevice(device, { passphrase: 'p', cost, random: systemRandom }))).toBe('limit')
  }
  expect(stretched.times).toBe(0)
  // A cost that is allowed, but is not the one it was sealed with, is bound by the commitment.
  expect(codeOf(() => openSealedDevice(asking(least.memoryKiB, 4), key))).toBe('seal-broken')
})

test('a truncated, longer or altered file is refused with a code, every bit of it', () => {
  for (const cut of truncations(sealed)) {
    expect(['malformed', 'seal-broken']).toContain(codeOf(() => openSealedDevice(cut, key)))
  }
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const copy = sealed.slice()
    copy[bit >> 3]! ^= 1 << (bit & 7)
    const codes = ['malformed', 'version-unknown', 'limit', 'seal-broken']
    expect(codes).toContain(codeOf(() => openSealedDevice(copy, key)))
  }
  const more = fc.uint8Array({ minLength: 1, maxLength: 2000 })
  fc.assert(
    fc.property(more, (tail) => {
      const code = codeOf(() => openSealedDevice(Uint8Array.from([...sealed, ...tail]), key))
      expect(['seal-broken', 'limit']).toContain(code)
    }),
  )
  expect(stretched.times).toBe(0)
})

test('an encoding in clear is none, and other versions and kinds ask for an update', () => {
  expect(isSealedDevice(encodeDevice(device))).toBe(false)
  expect(codeOf(() => checkSealedDevice(encodeDevice(device)))).toBe('malformed')
  for (const at of [4, 5]) {
    const copy = sealed.slice()
    copy[at] = 9
    expect(codeOf(() => checkSealedDevice(copy))).toBe('version-unknown')
  }
})

test('a device comes back by the secret of a keyring, which no passphrase stands in for', () => {
  const { sealed: kept, secret } = sealDeviceForKeyring(device, systemRandom)
  expect(checkSealedDevice(kept)).toBe('keyring')
  expect(checkSealedDevice(sealed)).toBe('passphrase')
  expect(openSealedDevice(kept, secret)).toEqual(device)
  expect(keyringEntryOf(kept)).toMatch(/^[0-9a-f]{64}$/)
  const again = sealDeviceForKeyring(device, systemRandom)
  expect(again.secret).not.toEqual(secret)
  expect(sealingOf(again.sealed)).not.toBe(sealingOf(kept))
  expect(codeOf(() => openSealedDevice(again.sealed, secret))).toBe('seal-broken')
  expect(codeOf(() => deviceKeyOf(kept, 'écluse'))).toBe('malformed')
  expect(codeOf(() => keyringEntryOf(sealed))).toBe('malformed')
  // A file under a passphrase that is made to claim a keyring opens with nothing, its own key included.
  const claiming = sealed.slice()
  claiming[5] = 2
  expect(codeOf(() => openSealedDevice(claiming, key))).toBe('seal-broken')
  for (const length of [0, 16, 31, 33])
    expect(codeOf(() => openSealedDevice(kept, new Uint8Array(length)))).toBe('seal-broken')
  expect(stretched.times).toBe(0)
})

test('a truncated, longer or altered file of a keyring is refused with a code, every bit of it', () => {
  const { sealed: kept, secret } = sealDeviceForKeyring(device, systemRandom)
  for (const cut of truncations(kept))
    expect(['malformed', 'seal-broken']).toContain(codeOf(() => openSealedDevice(cut, secret)))
  for (let bit = 0; bit < kept.length * 8; bit += 1) {
    const copy = kept.slice()
    copy[bit >> 3]! ^= 1 << (bit & 7)
    const codes = ['malformed', 'version-unknown', 'limit', 'seal-broken']
    expect(codes).toContain(codeOf(() => openSealedDevice(copy, secret)))
  }
  expect(codeOf(() => openSealedDevice(new Uint8Array(2000).fill(0), secret))).toBe('malformed')
  expect(codeOf(() => openSealedDevice(Uint8Array.from([...kept, ...new Uint8Array(2000)]), secret))).toBe(
    'limit',
  )
})
