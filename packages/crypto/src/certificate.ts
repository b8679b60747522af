// Device certificates: an identity's word that a device is its own. Made when the phrase is in memory, checked by everybody.
import { concat, equal, kemKey, signingKey, type KemKey, type SigningKey } from './bytes.ts'
import { CryptoError } from './errors.ts'
import { hash } from './hash.ts'
import { sign, verifySignature, type KeyPairs, type PublicKeys } from './sign.ts'

/** A device certificate. `identityKemHash`: H of the identity's X-Wing key, 32 bytes; `signature`: 64, by the identity. */
export interface Certificate {
  readonly identity: SigningKey
  readonly identityKemHash: Uint8Array
  readonly device: SigningKey
  readonly deviceKem: KemKey
  readonly signature: Uint8Array
}

/** Bytes of an encoded certificate: 32 + 32 + 32 + 1,216 + 64. */
export const certificateBytes = 1376

/** H of an X-Wing public key, as certificates name it. */
export function kemKeyHash(key: KemKey): Uint8Array {
  return hash('grenier/v1/kem-key', key)
}

/** The certificate of a device by an identity. */
export function certifyDevice(identity: KeyPairs, device: PublicKeys): Certificate {
  const identityKemHash = kemKeyHash(identity.kem.publicKey)
  return {
    identity: identity.sign.publicKey,
    identityKemHash,
    device: device.sign,
    deviceKem: device.kem,
    signature: sign(
      identity.sign.secretKey,
      'grenier/v1/device-certificate',
      identityKemHash,
      device.sign,
      device.kem,
    ),
  }
}

/** Returns if the identity named in it signed it. @throws CryptoError `signature-wrong` */
export function verifyCertificate(certificate: Certificate): void {
  const { identity, signature, identityKemHash, device, deviceKem } = certificate
  const label = 'grenier/v1/device-certificate'
  verifySignature(identity, signature, label, identityKemHash, device, deviceKem)
}

/** Whether a certificate is of this identity, both keys: it may be rightly signed and of another. */
export function isCertificateOf(certificate: Certificate, identity: PublicKeys): boolean {
  return (
    equal(certificate.identity, identity.sign) && equal(certificate.identityKemHash, kemKeyHash(identity.kem))
  )
}

/** The 1,376 bytes of a certificate: its fields in order. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  const { identity, identityKemHash, device, deviceKem, signature } = certificate
  return concat([identity, identityKemHash, device, deviceKem, signature])
}

/** The certificate, unverified. @throws CryptoError `malformed` unless 1,376 bytes. */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length !== certificateBytes)
    throw new CryptoError('malformed', `a certificate has ${bytes.length} bytes, not ${certificateBytes}`)
  return {
    identity: signingKey(bytes.slice(0, 32)),
    identityKemHash: bytes.slice(32, 64),
    device: signingKey(bytes.slice(64, 96)),
    deviceKem: kemKey(bytes.slice(96, 1312)),
    signature: bytes.slice(1312),
  }
}
