// A device under a passphrase: Argon2id makes a key of the passphrase, and that key seals the encoded device. What a file may ask of
// Argon2id has a floor, so that no file can have a passphrase stretched weakly, and a ceiling, so that none can use up the machine.
import { argon2Sync } from 'node:crypto'
import { openOnce, sealOnce, tagBytes } from './aead.ts'
import { nodeAead } from './aead-node.ts'
import { readU32, u32Bytes } from './big-endian.ts'
import { concat, equal } from './bytes.ts'
import { checkCommitment, commitmentBytes, committedKey, sealBroken } from './committed-key.ts'
import { decodeDevice, encodeDevice, type Device } from './device.ts'
import { CryptoError } from './errors.ts'
import type { Random } from './random.ts'
import { sodium } from './sodium.ts'

/** What Argon2id costs: memory in KiB, and passes over it. One lane. */
export interface PassphraseCost {
  readonly memoryKiB: number
  readonly passes: number
}

/** The least and the most that is taken, from a file too. */
export const passphraseCosts = {
  least: { memoryKiB: 64 * 1024, passes: 3 },
  usual: { memoryKiB: 128 * 1024, passes: 3 },
  most: { memoryKiB: 1024 * 1024, passes: 10 },
} as const satisfies Record<string, PassphraseCost>

const magic = new TextEncoder().encode('GRNK')
const version = 1
const byPassphrase = 1
const costAt = 6
const saltAt = 14
const saltBytes = 32
const headBytes = saltAt + saltBytes
const frontBytes = headBytes + commitmentBytes
const plainBytesMax = 1024

/** Whether these are bytes of a sealed device, well formed or not; the encoding in clear begins otherwise. */
export function isSealedDevice(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && equal(bytes.subarray(0, magic.length), magic)
}

/**
 * Refuses what cannot be a sealed device, or asks for too little or too much of Argon2id: before any work.
 * @throws CryptoError `malformed`, `version-unknown`, `limit`
 */
export function checkSealedDevice(bytes: Uint8Array): void {
  if (!isSealedDevice(bytes)) throw new CryptoError('malformed', 'not a sealed device')
  if (bytes.length > magic.length && bytes[4] !== version)
    throw new CryptoError('version-unknown', 'the sealed device is of a newer version')
  if (bytes.length <= frontBytes + tagBytes) throw new CryptoError('malformed', 'a sealed device ends early')
  if (bytes.length > frontBytes + tagBytes + plainBytesMax)
    throw new CryptoError('limit', 'a sealed device is too large')
  if (bytes[5] !== byPassphrase)
    throw new CryptoError('version-unknown', 'the device is sealed in a way that this program does not know')
  checkCost(costOf(bytes))
}

/**
 * The key that a passphrase makes for this sealed device, 32 bytes, secret: all that is needed to open it, until it is sealed anew.
 * @throws CryptoError as `checkSealedDevice`
 */
export function deviceKeyOf(sealed: Uint8Array, passphrase: string): Uint8Array {
  checkSealedDevice(sealed)
  return stretched(passphrase, sealed.subarray(saltAt, headBytes), costOf(sealed))
}

/** The device, by the key of its passphrase. @throws CryptoError `seal-broken` whatever is wrong; else as `checkSealedDevice` */
export function openSealedDevice(sealed: Uint8Array, key: Uint8Array): Device {
  checkSealedDevice(sealed)
  const derived = committedKey(key, 'grenier/v1/device-key', sealed.subarray(0, headBytes))
  checkCommitment(derived, sealed.subarray(headBytes, frontBytes))
  const plain = openOnce(nodeAead, derived.key, sealed.subarray(frontBytes))
  sodium.memzero(derived.key)
  if (plain === undefined) throw sealBroken()
  try {
    return decodeDevice(plain)
  } finally {
    sodium.memzero(plain)
  }
}

/** Under what a device is sealed. */
export interface SealDevice {
  readonly passphrase: string
  readonly cost?: PassphraseCost | undefined
  readonly random: Random
}

/** The device sealed, 94 bytes more than its encoding; draws 32 bytes. @throws CryptoError `limit` on a cost out of bounds */
export function sealDevice(device: Device, by: SealDevice): Uint8Array {
  const cost = by.cost ?? passphraseCosts.usual
  checkCost(cost)
  const salt = by.random.bytes(saltBytes)
  const costs = [u32Bytes(cost.memoryKiB), u32Bytes(cost.passes)]
  const head = concat([magic, Uint8Array.of(version, byPassphrase), ...costs, salt])
  const key = stretched(by.passphrase, salt, cost)
  const derived = committedKey(key, 'grenier/v1/device-key', head)
  const plain = encodeDevice(device)
  const box = sealOnce(nodeAead, derived.key, plain)
  for (const secret of [key, derived.key, plain]) sodium.memzero(secret)
  return concat([head, derived.commitment, box])
}

function costOf(sealed: Uint8Array): PassphraseCost {
  return { memoryKiB: readU32(sealed, costAt), passes: readU32(sealed, costAt + 4) }
}

function checkCost({ memoryKiB, passes }: PassphraseCost): void {
  const { least, most } = passphraseCosts
  const isFair =
    memoryKiB >= least.memoryKiB &&
    memoryKiB <= most.memoryKiB &&
    passes >= least.passes &&
    passes <= most.passes
  if (!isFair) throw new CryptoError('limit', 'a passphrase stretched too weakly, or too dearly')
}

/** Argon2id 1.3 (RFC 9106) of the passphrase after NFKD, so that two keyboards give the same bytes. */
function stretched(passphrase: string, salt: Uint8Array, cost: PassphraseCost): Uint8Array {
  const message = new TextEncoder().encode(passphrase.normalize('NFKD'))
  const { memoryKiB: memory, passes } = cost
  const made = argon2Sync('argon2id', { message, nonce: salt, parallelism: 1, tagLength: 32, memory, passes })
  sodium.memzero(message)
  return new Uint8Array(made)
}
