// A spine while one entry is folded into it: copies that the fold may write, and the few writes that several rules share.
import { toHex, type SigningKey, type VaultId } from './bytes.ts'
import { CryptoError } from './errors.ts'
import type { Role, Seal } from './header.ts'
import { membersEverMax, recipientsMax } from './limits.ts'
import type { PublicKeys } from './sign.ts'
import {
  recipientCount,
  type Spine,
  type SpineDevice,
  type SpineIdentity,
  type SpineInvite,
  type SpineSeal,
} from './spine.ts'

/** A spine that is being changed. */
export interface Draft extends Spine {
  genesisIdentity: SigningKey
  readonly devices: Map<string, SpineDevice>
  readonly identities: Map<string, SpineIdentity>
  readonly invites: Map<string, SpineInvite>
  epochs: Spine['epochs']
  seals: Map<string, SpineSeal>
  rekeyDue: boolean
  retention: Spine['retention']
  payloadVersionMax: number
  prune: Spine['prune']
  continuation: Spine['continuation']
}

/** The entry that is being folded: where it stands and who signs. */
export interface At {
  readonly vault: VaultId
  readonly sequence: number
  readonly signer: SigningKey
}

/** @throws CryptoError `public-part-wrong` */
export function wrong(what: string): never {
  throw new CryptoError('public-part-wrong', what)
}

/** A draft with the spine's content; the spine stays as it is. */
export function draftOf(spine: Spine): Draft {
  return {
    ...spine,
    devices: new Map(spine.devices),
    identities: new Map(spine.identities),
    invites: new Map(spine.invites),
    seals: new Map(spine.seals),
  }
}

/** Keys are used once: a device, identity or invitation may not take one that this vault knows. @throws CryptoError `public-part-wrong` */
export function requireNewKey(draft: Draft, key: SigningKey): void {
  const hex = toHex(key)
  if (draft.devices.has(hex) || draft.identities.has(hex) || draft.invites.has(hex))
    wrong('a key that this vault knows already')
}

/** @throws CryptoError `public-part-wrong`, `limit` */
export function addDevice(
  draft: Draft,
  at: At,
  device: { keys: PublicKeys; role: Role; identity?: SigningKey | undefined },
): void {
  requireNewKey(draft, device.keys.sign)
  const { keys, role, identity } = device
  draft.devices.set(toHex(keys.sign), { keys, role, identity, since: at.sequence, until: undefined })
  checkMembers(draft)
}

/** @throws CryptoError `public-part-wrong`, `limit` */
export function addIdentity(draft: Draft, at: At, identity: { keys: PublicKeys; role: Role }): void {
  const { keys, role } = identity
  requireNewKey(draft, keys.sign)
  draft.identities.set(toHex(keys.sign), {
    keys,
    role,
    since: at.sequence,
    until: undefined,
    renewedBy: undefined,
  })
  checkMembers(draft)
}

/** @throws CryptoError `limit` above what a header can seal to, or what a spine keeps */
export function checkMembers(draft: Draft): void {
  if (recipientCount(draft) > recipientsMax)
    throw new CryptoError('limit', `more than ${recipientsMax} recipients`)
  if (draft.devices.size + draft.identities.size > membersEverMax)
    throw new CryptoError('limit', `more than ${membersEverMax} members ever`)
}

/** The member device of this key. @throws CryptoError `public-part-wrong` */
export function memberDevice(draft: Draft, key: SigningKey): SpineDevice {
  const device = draft.devices.get(toHex(key))
  if (device?.until !== undefined || device === undefined) wrong('a device that is no member')
  return device
}

/** The member identity of this key. @throws CryptoError `public-part-wrong` */
export function memberIdentity(draft: Draft, key: SigningKey): SpineIdentity {
  const identity = draft.identities.get(toHex(key))
  if (identity?.until !== undefined || identity === undefined) wrong('an identity that is no member')
  return identity
}

/** Member devices with a certificate of this identity. */
export function devicesOf(draft: Spine, identity: SigningKey): SpineDevice[] {
  const hex = toHex(identity)
  return [...draft.devices.values()].filter(
    (device) => device.until === undefined && device.identity !== undefined && toHex(device.identity) === hex,
  )
}

/** The device leaves; it may leave twice in one entry. */
export function removeDevice(draft: Draft, at: At, key: SigningKey): void {
  const hex = toHex(key)
  const device = draft.devices.get(hex)
  if (device?.until === undefined && device !== undefined)
    draft.devices.set(hex, { ...device, until: at.sequence })
  draft.seals.delete(hex)
}

/** Every open invitation is void: its holder knew the key in force, so a new one is due. */
export function voidInvites(draft: Draft): void {
  for (const hex of draft.invites.keys()) draft.seals.delete(hex)
  if (draft.invites.size > 0) draft.rekeyDue = true
  draft.invites.clear()
}

/** The seal of the epoch in force to a new recipient. */
export function addSeal(draft: Draft, at: At, { recipient, seal }: Seal): void {
  draft.seals.set(toHex(recipient), { recipient, seal, binding: at.vault, by: at.signer })
}
