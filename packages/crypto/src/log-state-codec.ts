// A log state as bytes, for whoever keeps it: a cache of what the log says, made again from the log if its version is another. What is
// read back is checked for shape; that it is true is for the one who kept it.
import { entryHash, kemKey, signingKey, toHex, vaultId, type SigningKey } from './bytes.ts'
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { asArray, asBytes, asTuple, asUint, Fields, malformed } from './fields.ts'
import { roles, type EarlierKey, type Role } from './header.ts'
import {
  checkpointsMax,
  earlierKeysMax,
  epochMax,
  floorsMax,
  logStateBytesMax,
  membersEverMax,
  payloadVersionLimit,
  recipientsMax,
  sealBytes,
  urlBytesMax,
  wrappedKeyBytes,
} from './limits.ts'
import type { CheckpointRef, LogState } from './log-state.ts'
import type { PublicKeys } from './sign.ts'
import type {
  RetentionFloor,
  Spine,
  SpineDevice,
  SpineEpoch,
  SpineIdentity,
  SpineInvite,
  SpineSeal,
} from './spine.ts'

const stateVersion = 1

type CborMap = Record<string, CborValue | undefined>

function keysValue({ sign, kem }: PublicKeys): CborValue {
  return [sign, kem]
}

function epochValue({ number, commitment, since, by, earlier }: SpineEpoch): CborValue {
  return [number, commitment, since, by, earlier.map(({ epoch, sealed }): CborValue => [epoch, sealed])]
}

function spineValue(spine: Spine): CborMap {
  const { prune, continuation } = spine
  return {
    head: spine.head,
    sequence: spine.sequence,
    nonce: spine.nonce,
    genesisIdentity: spine.genesisIdentity,
    devices: [...spine.devices.values()].map((device) => ({ ...device, keys: keysValue(device.keys) })),
    identities: [...spine.identities.values()].map((identity) => ({
      ...identity,
      keys: keysValue(identity.keys),
    })),
    invites: [...spine.invites.values()].map((invite) => ({ ...invite, keys: keysValue(invite.keys) })),
    epochs: spine.epochs.map(epochValue),
    seals: [...spine.seals.values()].map(({ recipient, seal, binding, by }): CborValue => [
      recipient,
      seal,
      binding,
      by,
    ]),
    rekeyDue: spine.rekeyDue,
    retention: spine.retention.map((floor) => ({ ...floor })),
    payloadVersionMax: spine.payloadVersionMax,
    prune: prune && { ...prune, checkpoint: { ...prune.checkpoint } },
    continuation: continuation && { ...continuation },
  }
}

/** Spines are values and change rarely, while a state is kept after each entry: each is encoded once. */
const encodedSpines = new WeakMap<Spine, Uint8Array>()

function spineBytes(spine: Spine): Uint8Array {
  const known = encodedSpines.get(spine)
  if (known !== undefined) return known
  const bytes = encodeCbor(spineValue(spine))
  encodedSpines.set(spine, bytes)
  return bytes
}

/** The bytes of a log state. Cheap where the spine was encoded before. */
export function encodeLogState(state: LogState): Uint8Array {
  return encodeCbor({
    version: stateVersion,
    vault: state.vault,
    head: { ...state.head },
    spine: spineBytes(state.spine),
    checkpoints: state.checkpoints.map((ref) => ({ ...ref })),
    retired: state.retired,
  })
}

function decodeKeys(value: unknown): PublicKeys {
  const [sign, kem] = asTuple(value, 2, 'keys')
  return { sign: signingKey(asBytes(sign, 32, 'a key')), kem: kemKey(asBytes(kem, 1216, 'a key')) }
}

function optionalKey(fields: Fields, key: string): SigningKey | undefined {
  return fields.has(key) ? signingKey(fields.bytes(key, 32)) : undefined
}

function optionalUint(fields: Fields, key: string): number | undefined {
  return fields.has(key) ? fields.uint(key) : undefined
}

function decodeRole(fields: Fields): Role {
  const role = roles.find((known) => known === fields.get('role'))
  return role ?? malformed('a role that is not known')
}

function decodeDevice(value: unknown): SpineDevice {
  const fields = new Fields(value, 'a device')
  return {
    keys: decodeKeys(fields.get('keys')),
    role: decodeRole(fields),
    identity: optionalKey(fields, 'identity'),
    since: fields.uint('since'),
    until: optionalUint(fields, 'until'),
  }
}

function decodeIdentity(value: unknown): SpineIdentity {
  const fields = new Fields(value, 'an identity')
  return {
    keys: decodeKeys(fields.get('keys')),
    role: decodeRole(fields),
    since: fields.uint('since'),
    until: optionalUint(fields, 'until'),
    renewedBy: optionalKey(fields, 'renewedBy'),
  }
}

function decodeInvite(value: unknown): SpineInvite {
  const fields = new Fields(value, 'an invitation')
  return {
    keys: decodeKeys(fields.get('keys')),
    role: decodeRole(fields),
    expiresAt: fields.uint('expiresAt'),
    by: signingKey(fields.bytes('by', 32)),
    since: fields.uint('since'),
    previous: entryHash(fields.bytes('previous', 32)),
    digest: fields.bytes('digest', 32),
    mac: fields.bytes('mac', 32),
  }
}

function decodeEarlier(value: unknown): EarlierKey {
  const [epoch, sealed] = asTuple(value, 2, 'an earlier key')
  return {
    epoch: asUint(epoch, epochMax, 'an epoch'),
    sealed: asBytes(sealed, wrappedKeyBytes, 'an earlier key'),
  }
}

function decodeEpoch(value: unknown): SpineEpoch {
  const [number, commitment, since, by, earlier] = asTuple(value, 5, 'an epoch')
  return {
    number: asUint(number, epochMax, 'an epoch'),
    commitment: asBytes(commitment, 32, 'a commitment'),
    since: asUint(since, Number.MAX_SAFE_INTEGER, 'a sequence'),
    by: signingKey(asBytes(by, 32, 'a key')),
    earlier: asArray(earlier, earlierKeysMax, 'earlier keys').map(decodeEarlier),
  }
}

function decodeSeal(value: unknown): SpineSeal {
  const [recipient, seal, binding, by] = asTuple(value, 4, 'a seal')
  return {
    recipient: signingKey(asBytes(recipient, 32, 'a key')),
    seal: asBytes(seal, sealBytes, 'a seal'),
    binding: asBytes(binding, 32, 'a binding'),
    by: signingKey(asBytes(by, 32, 'a key')),
  }
}

function decodeFloor(value: unknown): RetentionFloor {
  const fields = new Fields(value, 'a retention floor')
  return {
    floorMs: fields.uint('floorMs'),
    since: fields.uint('since'),
    until: optionalUint(fields, 'until'),
  }
}

function decodePrune(fields: Fields): NonNullable<Spine['prune']> {
  const checkpoint = fields.sub('checkpoint')
  return {
    through: fields.uint('through'),
    checkpoint: {
      sequence: checkpoint.uint('sequence'),
      hash: entryHash(checkpoint.bytes('hash', 32)),
    },
    since: fields.uint('since'),
  }
}

function decodeContinuation(fields: Fields): NonNullable<Spine['continuation']> {
  return {
    relay: fields.text('relay', urlBytesMax),
    sequence: fields.uint('sequence'),
    hash: entryHash(fields.bytes('hash', 32)),
    since: fields.uint('since'),
  }
}

function byKey<T extends { readonly keys: PublicKeys }>(values: readonly T[]): Map<string, T> {
  return new Map(values.map((value) => [toHex(value.keys.sign), value]))
}

function decodeSpine(fields: Fields): Spine {
  const rekeyDue = fields.get('rekeyDue')
  if (typeof rekeyDue !== 'boolean') malformed('rekeyDue is no boolean')
  const epochs = fields.array('epochs', epochMax).map(decodeEpoch)
  if (epochs.length === 0) malformed('a spine without an epoch')
  const seals = fields.array('seals', recipientsMax).map(decodeSeal)
  return {
    head: entryHash(fields.bytes('head', 32)),
    sequence: fields.uint('sequence'),
    nonce: fields.bytes('nonce', 32),
    genesisIdentity: signingKey(fields.bytes('genesisIdentity', 32)),
    devices: byKey(fields.array('devices', membersEverMax).map(decodeDevice)),
    identities: byKey(fields.array('identities', membersEverMax).map(decodeIdentity)),
    invites: byKey(fields.array('invites', recipientsMax).map(decodeInvite)),
    epochs,
    seals: new Map(seals.map((seal) => [toHex(seal.recipient), seal])),
    rekeyDue,
    retention: fields.array('retention', floorsMax).map(decodeFloor),
    payloadVersionMax: fields.uint('payloadVersionMax', payloadVersionLimit),
    prune: fields.has('prune') ? decodePrune(fields.sub('prune')) : undefined,
    continuation: fields.has('continuation') ? decodeContinuation(fields.sub('continuation')) : undefined,
  }
}

function decodeCheckpointRef(value: unknown): CheckpointRef {
  const fields = new Fields(value, 'a checkpoint')
  return {
    sequence: fields.uint('sequence'),
    hash: entryHash(fields.bytes('hash', 32)),
    holds: fields.uint('holds'),
  }
}

/** The log state in these bytes. @throws CryptoError `malformed`, `limit`; `version-unknown`: fold the log again */
export function decodeLogState(bytes: Uint8Array): LogState {
  const fields = new Fields(decodeCbor(bytes, { maxBytes: logStateBytesMax }), 'a log state')
  if (fields.uint('version') !== stateVersion)
    throw new CryptoError('version-unknown', 'a log state of another version')
  const head = fields.sub('head')
  // Its own making, and as large as its vault: the bytes alone bound it.
  const limit = { maxBytes: logStateBytesMax, maxItems: logStateBytesMax }
  return {
    vault: vaultId(fields.bytes('vault', 32)),
    head: {
      sequence: head.uint('sequence'),
      hash: entryHash(head.bytes('hash', 32)),
      at: head.uint('at'),
    },
    spine: decodeSpine(new Fields(decodeCbor(fields.bytesUpTo('spine', logStateBytesMax), limit), 'a spine')),
    checkpoints: fields.array('checkpoints', checkpointsMax).map(decodeCheckpointRef),
    retired: optionalUint(fields, 'retired'),
  }
}
