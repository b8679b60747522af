// What an epoch says of its key without giving it away, and earlier keys under a newer one.
import { openOnce, sealOnce, tagBytes } from './aead.ts'
import { nodeAead } from './aead-node.ts'
import { u64Bytes } from './big-endian.ts'
import { concat, equal } from './bytes.ts'
import { checkCommitment, commitmentBytes, committedKey, sealBroken } from './committed-key.ts'
import { CryptoError } from './errors.ts'
import { keyedHash } from './hash.ts'
import { sodium } from './sodium.ts'

const nameBytes = 32
/** Bytes of an earlier key under a newer one: name, commitment, box. */
export const keyUnderBytes = nameBytes + commitmentBytes + 32 + tagBytes

/** An epoch's key and place. `binding`: the vault id; of epoch 0, whose genesis cannot name its own hash, the nonce of the genesis. */
export interface EpochKey {
  readonly binding: Uint8Array
  readonly epoch: number
  readonly key: Uint8Array
}

/** Which key is under which. `binding`: 32 bytes, the vault id, for epoch 0 too. */
export interface KeyUnder {
  readonly binding: Uint8Array
  readonly newKey: Uint8Array
  readonly newEpoch: number
  readonly oldEpoch: number
}

function check32(...values: readonly Uint8Array[]): void {
  if (values.some((value) => value.length !== 32))
    throw new CryptoError('malformed', 'a vault key or its binding is not 32 bytes')
}

/** The commitment of an epoch to its one key, 32 bytes. @throws CryptoError `malformed` on wrong lengths */
export function epochCommitment({ binding, epoch, key }: EpochKey): Uint8Array {
  check32(binding, key)
  return keyedHash(key, 'grenier/v1/epoch-commitment', binding, u64Bytes(epoch))
}

/**
 * The key of an earlier epoch under that of a newer: 112 bytes, of no randomness. The name of the old key goes into the
 * derivation: after a fork two keys of one number may be sealed under one new key, and must not share a key stream.
 * @throws CryptoError `malformed` on wrong lengths
 */
export function sealKeyUnder(under: KeyUnder & { readonly oldKey: Uint8Array }): Uint8Array {
  check32(under.binding, under.newKey, under.oldKey)
  const name = nameOf(under, under.oldKey)
  const derived = deriveKey(under, name)
  const box = sealOnce(nodeAead, derived.key, under.oldKey)
  sodium.memzero(derived.key)
  return concat([name, derived.commitment, box])
}

/** The earlier key, to be checked against its epoch's commitment. @throws CryptoError `seal-broken` whatever is wrong */
export function openKeyUnder(under: KeyUnder & { readonly sealed: Uint8Array }): Uint8Array {
  check32(under.binding, under.newKey)
  if (under.sealed.length !== keyUnderBytes) throw sealBroken()
  const name = under.sealed.subarray(0, nameBytes)
  const derived = deriveKey(under, name)
  checkCommitment(derived, under.sealed.subarray(nameBytes, nameBytes + commitmentBytes))
  const oldKey = openOnce(nodeAead, derived.key, under.sealed.subarray(nameBytes + commitmentBytes))
  sodium.memzero(derived.key)
  if (oldKey === undefined || !equal(name, nameOf(under, oldKey))) throw sealBroken()
  return oldKey
}

function nameOf(under: KeyUnder, oldKey: Uint8Array): Uint8Array {
  return keyedHash(oldKey, 'grenier/v1/earlier-key-name', ...places(under))
}

function deriveKey(under: KeyUnder, name: Uint8Array) {
  return committedKey(under.newKey, 'grenier/v1/earlier-key', ...places(under), name)
}

function places(under: KeyUnder): Uint8Array[] {
  return [under.binding, u64Bytes(under.newEpoch), u64Bytes(under.oldEpoch)]
}
