// A device sealed: under a passphrase, of which Argon2id makes the key, or under a random secret that a keyring keeps. What a file may ask of
// Argon2id has a floor, so that no file can have a passphrase stretched weakly, and a ceiling, so that none can use up the machine. No
// passphrase is ever the key of a file that claims a keyring.
import { argon2Sync } from 'node:crypto'
import { openOnce, sealOnce, tagBytes } from './aead.ts'
import { nodeAead } from './aead-node.ts'
import { readU32, u32Bytes } from './big-endian.ts'
import { concat, equal, toHex } from './bytes.ts'
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

/** What opens a sealed device. */
export type SealedBy = 'passphrase' | 'keyring'

/** Bytes of the secret that a keyring keeps. */
export const keyringSecretBytes = 32

const magic = new TextEncoder().encode('GRNK')
const version = 1
const kindAt = 5
const kinds: ReadonlyMap<number, SealedBy> = new Map([
  [1, 'passphrase'],
  [2, 'keyring'],
])
const costAt = 6
const saltBytes = 32
/** Where the salt begins; with it ends the head. */
const saltAt = { passphrase: 14, keyring: 6 } as const satisfies Record<SealedBy, number>
const plainBytesMax = 1024

/** Whether these are bytes of a sealed device, well formed or not; the encoding in clear begins otherwise. */
export function isSealedDevice(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && equal(bytes.subarray(0, magic.length), magic)
}

/**
 * Refuses what cannot be a sealed device, or asks for too little or too much of Argon2id: before any work. Gives what opens it.
 * @throws CryptoError `malformed`, `version-unknown`, `limit`
 */
export function checkSealedDevice(bytes: Uint8Array): SealedBy {
  if (!isSealedDevice(bytes)) throw new CryptoError('malformed', 'not a sealed device')
  if (bytes.length > magic.length && bytes[magic.length] !== version)
    throw new CryptoError('version-unknown', 'the sealed device is of a newer version')
  if (bytes.length <= kindAt) throw new CryptoError('malformed', 'a sealed device ends early')
  const by = kinds.get(bytes[kindAt] ?? 0)
  if (by === undefined)
    throw new CryptoError('version-unknown', 'the device is sealed in a way that this program does not know')
  const frontBytes = headBytes(by) + commitmentBytes
  if (bytes.length <= frontBytes + tagBytes) throw new CryptoError('malformed', 'a sealed device ends early')
  if (bytes.length > frontBytes + tagBytes + plainBytesMax)
    throw new CryptoError('limit', 'a sealed device is too large')
  if (by === 'passphrase') checkCost(costOf(bytes))
  return by
}

/**
 * The key that a passphrase makes for this sealed device, 32 bytes, secret: all that is needed to open it, until it is sealed anew.
 * @throws CryptoError as `checkSealedDevice`; `malformed` when it is no passphrase that opens it
 */
export function deviceKeyOf(sealed: Uint8Array, passphrase: string): Uint8Array {
  if (checkSealedDevice(sealed) !== 'passphrase')
    throw new CryptoError('malformed', 'no passphrase seals this device')
  return stretched(passphrase, saltOf(sealed, 'passphrase'), costOf(sealed))
}

/** Under which name a keyring keeps the secret of this sealed device: 64 hex digits. @throws CryptoError as `checkSealedDevice`; `malformed` */
export function keyringEntryOf(sealed: Uint8Array): string {
  if (checkSealedDevice(sealed) !== 'keyring')
    throw new CryptoError('malformed', 'no keyring has the secret of this device')
  return toHex(saltOf(sealed, 'keyring'))
}

/** What tells this sealing from every other one of the same device; public, hex. @throws CryptoError as `checkSealedDevice` */
export function sealingOf(sealed: Uint8Array): string {
  const head = headBytes(checkSealedDevice(sealed))
  return toHex(sealed.subarray(head, head + commitmentBytes))
}

/**
 * The device, by the key of its passphrase or the secret of its keyring.
 * @throws CryptoError `seal-broken` whatever is wrong; else as `checkSealedDevice`
 */
export function openSealedDevice(sealed: Uint8Array, key: Uint8Array): Device {
  const head = headBytes(checkSealedDevice(sealed))
  if (key.length !== keyringSecretBytes) throw sealBroken()
  const derived = committedKey(key, 'grenier/v1/device-key', sealed.subarray(0, head))
  checkCommitment(derived, sealed.subarray(head, head + commitmentBytes))
  const plain = openOnce(nodeAead, derived.key, sealed.subarray(head + commitmentBytes))
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

/** The device under a passphrase, 94 bytes more than its encoding; draws 32 bytes. @throws CryptoError `limit` on a cost out of bounds */
export function sealDevice(device: Device, by: SealDevice): Uint8Array {
  const cost = by.cost ?? passphraseCosts.usual
  checkCost(cost)
  const salt = by.random.bytes(saltBytes)
  const costs = [u32Bytes(cost.memoryKiB), u32Bytes(cost.passes)]
  const head = concat([magic, Uint8Array.of(version, 1), ...costs, salt])
  const key = stretched(by.passphrase, salt, cost)
  const sealed = sealedUnder(key, head, device)
  sodium.memzero(key)
  return sealed
}

/** The device under a secret, 86 bytes more than its encoding, and the secret, 32 bytes, for the keyring; draws 64 bytes. */
export function sealDeviceForKeyring(
  device: Device,
  random: Random,
): { readonly sealed: Uint8Array; readonly secret: Uint8Array } {
  const secret = random.bytes(keyringSecretBytes)
  const head = concat([magic, Uint8Array.of(version, 2), random.bytes(saltBytes)])
  return { sealed: sealedUnder(secret, head, device), secret }
}

function sealedUnder(key: Uint8Array, head: Uint8Array, device: Device): Uint8Array {
  const derived = committedKey(key, 'grenier/v1/device-key', head)
  const plain = encodeDevice(device)
  const box = sealOnce(nodeAead, derived.key, plain)
  for (const secret of [derived.key, plain]) sodium.memzero(secret)
  return concat([head, derived.commitment, box])
}

function headBytes(by: SealedBy): number {
  return saltAt[by] + saltBytes
}

function saltOf(sealed: Uint8Array, by: SealedBy): Uint8Array {
  return sealed.subarray(saltAt[by], headBytes(by))
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
