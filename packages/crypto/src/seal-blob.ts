// Seals of bytes of any length to one identity: the owner's list of vaults. Padded, so that their size says little.
import { readU32, u32Bytes } from './big-endian.ts'
import { sealBroken } from './committed-key.ts'
import { CryptoError } from './errors.ts'
import { openBox, sealBox, type OpenWith, type SealTo } from './kem-seal.ts'
import { padme } from './sizes.ts'
import { sodium } from './sodium.ts'

const paddedBytesMin = 1024
/** The largest blob: an owner's list of ten thousand vaults has room in it. */
export const blobBytesMax = 1024 * 1024

function paddedBytes(blobBytes: number): number {
  return Math.max(paddedBytesMin, padme(4 + blobBytes))
}

/** Seals a blob: 1,168 bytes more than Padmé (at least 1 KiB) of 4 + its length. @throws CryptoError `limit`, `malformed` */
export function sealBlobTo(to: SealTo & { readonly blob: Uint8Array }): Uint8Array {
  if (to.blob.length > blobBytesMax) throw new CryptoError('limit', 'a blob to seal is too large')
  const padded = new Uint8Array(paddedBytes(to.blob.length))
  padded.set(u32Bytes(to.blob.length))
  padded.set(to.blob, 4)
  const sealed = sealBox(to, 'grenier/v1/seal-blob', padded)
  sodium.memzero(padded)
  return sealed
}

/** The blob of a seal. @throws CryptoError `seal-broken` whatever is wrong with it */
export function openBlob(by: OpenWith & { readonly seal: Uint8Array }): Uint8Array {
  const padded = openBox(by, 'grenier/v1/seal-blob', by.seal)
  if (padded.length < paddedBytesMin) throw sealBroken()
  const length = readU32(padded, 0)
  if (length > blobBytesMax || padded.length !== paddedBytes(length)) throw sealBroken()
  if (padded.subarray(4 + length).some((byte) => byte !== 0)) throw sealBroken()
  const blob = padded.slice(4, 4 + length)
  sodium.memzero(padded)
  return blob
}
