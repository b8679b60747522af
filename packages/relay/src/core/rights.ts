// Who may do what in a vault, as its spine says now. Every request asks here again: a right may have ended since the last one.
import {
  equal,
  identityRoleOf,
  roleOf,
  toHex,
  type Role,
  type SigningKey,
  type Spine,
} from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import type { LiveVault } from './live-vaults.ts'
import type { Actor } from './relay-parts.ts'

/** A role, or `joiner`: the holder of an open invitation, who reads and appends one `accept`. */
export type Right = Role | 'joiner'

/** The right of a key in a vault at the relay's time `now`, ms; undefined for strangers and for those who had one. */
export function rightOf(spine: Spine, actor: Actor, now: number): Right | undefined {
  if (actor.withdrawn === true) return undefined
  switch (actor.kind) {
    case 'device':
      return roleOf(spine, actor.key)
    case 'identity':
      return identityRoleOf(spine, actor.key)
    case 'one-time': {
      const invite = spine.invites.get(toHex(actor.key))
      return invite !== undefined && invite.expiresAt > now ? 'joiner' : undefined
    }
  }
}

/** The sequence of the entry that took a device or an identity out; undefined for members, and for those who never were. */
export function leftAt(spine: Spine, { kind, key }: Actor): number | undefined {
  if (kind === 'one-time') return undefined
  return (kind === 'device' ? spine.devices : spine.identities).get(toHex(key))?.until
}

/**
 * Whether a device that its log does not know, or not yet as far as it has come, may bring a vault here: it is of the account that pays. It reads
 * nothing by this. One that was taken out of the vault may not.
 */
export function mayCarry({ state, chargedTo }: LiveVault, { kind, key, identity }: Actor): boolean {
  const pays = kind === 'device' && identity !== undefined && equal(identity, chargedTo)
  return pays && !state.spine.devices.has(toHex(key))
}

/**
 * Whether a device may have a deleted vault put here again although its log does not know the device: it is of the identity whose vault it was, and
 * whose account pays again.
 */
export function mayRevive(spine: Spine, { kind, key, identity }: Actor): boolean {
  const isOwn = kind === 'device' && identity !== undefined && equal(identity, spine.genesisIdentity)
  return isOwn && !spine.devices.has(toHex(key))
}

/** Why a key without a right hears no more: a vault that is not here and one that is somebody else's are not told apart. */
export function refusalOf(spine: Spine | undefined, actor: Actor): RelayError {
  const until = spine && leftAt(spine, actor)
  if (until === undefined && actor.withdrawn === true) return withdrawn()
  if (until === undefined) return new RelayError('vault-unknown', 'no such vault')
  return new RelayError('no-right', 'no longer a member', { data: { until } })
}

/** What a device hears that its identity withdrew, of everything but the vaults that it was taken out of. */
export function withdrawn(): RelayError {
  return new RelayError('account-closed', 'the identity withdrew this device', {
    data: { reason: 'withdrawn' },
  })
}

/** Whether this right lets one send packs. */
export function mayPut(right: Right): boolean {
  return right === 'owner' || right === 'writer'
}

/** Whether entries that this key signed are an owner's word: of an owner's device, or of an identity that is one. */
export function isOwners(spine: Spine, signer: SigningKey): boolean {
  return roleOf(spine, signer) === 'owner' || identityRoleOf(spine, signer) === 'owner'
}

/**
 * All keys that a vault knows, for the store's index of vaults by key: devices and identities, those who left as well (they may ask how
 * they came to leave), and open invitations.
 */
export function keysOf(spine: Spine): SigningKey[] {
  const known = [...spine.devices.values(), ...spine.identities.values(), ...spine.invites.values()]
  return known.map(({ keys }) => keys.sign)
}
