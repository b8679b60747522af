// Content keys from vault keys: keyed BLAKE2b-256 by label. Packs and payloads have keys of their epoch; chunk ids and
// the chunker those of epoch 0 for the vault's life, so that a new epoch re-sends nothing.
import { u64Bytes } from './big-endian.ts'
import { CryptoError } from './errors.ts'
import { keyedHash } from './hash.ts'
import type { Label } from './label.ts'

/** Where a key belongs. `binding`: 32 bytes, the vault id (or the genesis nonce, for the payload of the genesis). */
export interface KeyPlace {
  readonly binding: Uint8Array
  readonly epoch: number
}

function subkey(parent: Uint8Array, label: Label, place: KeyPlace): Uint8Array {
  if (parent.length !== 32 || place.binding.length !== 32)
    throw new CryptoError('malformed', 'a vault key or its binding is not 32 bytes')
  return keyedHash(parent, label, place.binding, u64Bytes(place.epoch))
}

/** The key of an epoch's packs, 32 bytes. @throws CryptoError `malformed` on wrong lengths */
export function packKeyOf(epochKey: Uint8Array, epoch: number, binding: Uint8Array): Uint8Array {
  return subkey(epochKey, 'grenier/v1/pack-key', { binding, epoch })
}

/** The key of an epoch's payloads, 32 bytes. @throws CryptoError `malformed` on wrong lengths */
export function payloadKeyOf(epochKey: Uint8Array, epoch: number, binding: Uint8Array): Uint8Array {
  return subkey(epochKey, 'grenier/v1/payload-key', { binding, epoch })
}

/** The key of a vault's chunk ids, 32 bytes, from its key of epoch 0. @throws CryptoError `malformed` on wrong lengths */
export function chunkIdKeyOf(epoch0Key: Uint8Array, binding: Uint8Array): Uint8Array {
  return subkey(epoch0Key, 'grenier/v1/chunk-id-key', { binding, epoch: 0 })
}

/** The key of a vault's chunker, 32 bytes, from its key of epoch 0. @throws CryptoError `malformed` on wrong lengths */
export function chunkerKeyOf(epoch0Key: Uint8Array, binding: Uint8Array): Uint8Array {
  return subkey(epoch0Key, 'grenier/v1/chunker-key', { binding, epoch: 0 })
}
