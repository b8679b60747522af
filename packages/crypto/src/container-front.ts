// The front of a sealed container: prefix (magic, version, type, epoch, salt) and key commitment. Packs and payloads
// have the same container; the type keeps them apart.
import { readU64, u64Bytes } from './big-endian.ts'
import { concat } from './bytes.ts'
import { checkCommitment, committedKey, type CommittedKey } from './committed-key.ts'
import { CryptoError } from './errors.ts'
import { containerFrontBytes } from './sizes.ts'

/** What a container holds. */
export type ContainerType = 'pack' | 'payload'

const magic = new TextEncoder().encode('GRNR')
const version = 1
const typeBytes = { pack: 1, payload: 2 } as const satisfies Record<ContainerType, number>
const epochAt = 6
const saltAt = 14
const prefixBytes = 46

/** Bytes of a container's salt. */
export const saltBytes = 32

/** Whose container it is. `key`: 32 bytes, the pack or payload key of the epoch; `binding`: 32 bytes. */
export interface ContainerPlace {
  readonly type: ContainerType
  readonly key: Uint8Array
  readonly binding: Uint8Array
}

/** The prefix: magic ‖ version ‖ type ‖ epoch ‖ salt, 46 bytes. */
export function encodePrefix(type: ContainerType, epoch: number, salt: Uint8Array): Uint8Array {
  if (salt.length !== saltBytes) throw new CryptoError('malformed', 'a salt is not 32 bytes')
  return concat([magic, Uint8Array.of(version, typeBytes[type]), u64Bytes(epoch), salt])
}

/**
 * The epoch that a container names, unchecked until it is opened with a key of that epoch. `bytes`: its first 78 or more.
 * @throws CryptoError `malformed` on what is no container or one of another type; `version-unknown`
 */
export function containerEpoch(bytes: Uint8Array, type: ContainerType): number {
  if (bytes.length < containerFrontBytes)
    throw new CryptoError('malformed', 'a container ends within its front')
  if (magic.some((byte, at) => bytes[at] !== byte)) throw new CryptoError('malformed', 'not a container')
  if (bytes[4] !== version)
    throw new CryptoError('version-unknown', 'a container of a version that this program does not know')
  if (bytes[5] !== typeBytes[type]) throw new CryptoError('malformed', `a container that is no ${type}`)
  return readU64(bytes, epochAt)
}

/** The key and commitment of the container with this prefix. @throws CryptoError `malformed` on wrong lengths */
export function containerKey(place: ContainerPlace, prefix: Uint8Array): CommittedKey {
  if (place.key.length !== 32 || place.binding.length !== 32)
    throw new CryptoError('malformed', 'a container key or its binding is not 32 bytes')
  return committedKey(place.key, 'grenier/v1/container', place.binding, prefix)
}

/** The key of the container with this front, its commitment checked. @throws CryptoError `seal-broken`, `malformed` */
export function openFront(place: ContainerPlace, front: Uint8Array): Uint8Array {
  const derived = containerKey(place, front.subarray(0, prefixBytes))
  checkCommitment(derived, front.subarray(prefixBytes, containerFrontBytes))
  return derived.key
}

/** The salt of a container: two that are the same mean a broken generator. */
export function containerSalt(bytes: Uint8Array): Uint8Array {
  return bytes.slice(saltAt, prefixBytes)
}
