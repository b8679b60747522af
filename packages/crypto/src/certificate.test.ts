import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf, flipped, overlong, truncations } from './bytes-mutations.vectors.ts'
import {
  certificateBytes,
  certifyDevice,
  decodeCertificate,
  encodeCertificate,
  isCertificateOf,
  verifyCertificate,
} from './certificate.ts'
import { makeDevice, publicDevice } from './device.ts'
import { identityFromEntropy, publicIdentity } from './identity.ts'
import { seededRandom } from './seeded-random.vectors.ts'

const random = seededRandom('certificate test')
const identity = identityFromEntropy(random.bytes(32))
const stranger = identityFromEntropy(random.bytes(32))
const device = makeDevice(random)
const bytes = encodeCertificate(certifyDevice(identity, publicDevice(device)))

test('a certificate comes back from its bytes and verifies', () => {
  expect(bytes.length).toBe(certificateBytes)
  const certificate = decodeCertificate(bytes)
  verifyCertificate(certificate)
  expect(certificate.device).toEqual(device.sign.publicKey)
  expect(certificate.deviceKem).toEqual(device.kem.publicKey)
  expect(encodeCertificate(certificate)).toEqual(bytes)
})

test('a certificate of another length is malformed', () => {
  for (const cut of truncations(bytes)) expect(codeOf(() => decodeCertificate(cut))).toBe('malformed')
  fc.assert(
    fc.property(overlong(bytes), (long) => {
      expect(codeOf(() => decodeCertificate(long))).toBe('malformed')
    }),
  )
})

test('a certificate with any bit flipped does not verify', () => {
  fc.assert(
    fc.property(flipped(bytes), (other) => {
      expect(codeOf(() => verifyCertificate(decodeCertificate(other)))).toBe('signature-wrong')
    }),
    { numRuns: 500 },
  )
})

test('a certificate is of an identity only with both its keys', () => {
  const certificate = decodeCertificate(bytes)
  const keys = publicIdentity(identity)
  expect(isCertificateOf(certificate, keys)).toBe(true)
  expect(isCertificateOf(certificate, publicIdentity(stranger))).toBe(false)
  expect(isCertificateOf(certificate, { ...keys, kem: stranger.kem.publicKey })).toBe(false)
  expect(isCertificateOf(certificate, { ...keys, sign: stranger.sign.publicKey })).toBe(false)
})
