// The spine: members, roles, epochs, invitations and rules of one vault, as its spine entries made them. A value; how an entry changes
// it is in spine-fold.ts. Those who left stay in it, so that the history names its authors and no key comes back.
import { toHex, type EntryHash, type SigningKey } from './bytes.ts'
import type { Continuation, EarlierKey, Role } from './header.ts'
import { roles } from './header.ts'
import type { PublicKeys } from './sign.ts'

/** A device that is, or was, a member. `since`, `until`: sequences of the entries that brought it and took it out. */
export interface SpineDevice {
  readonly keys: PublicKeys
  readonly role: Role
  /** The identity whose certificate it has; undefined where it joined without. */
  readonly identity: SigningKey | undefined
  readonly since: number
  readonly until: number | undefined
}

/** An identity that is, or was, a member. `renewedBy`: the one that took its place. */
export interface SpineIdentity {
  readonly keys: PublicKeys
  readonly role: Role
  readonly since: number
  readonly until: number | undefined
  readonly renewedBy: SigningKey | undefined
}

/** An open invitation. `previous`, `digest` and `mac` are what its secret checks. */
export interface SpineInvite {
  readonly keys: PublicKeys
  readonly role: Role
  /** By the relay's clock, ms since 1970. The relay enforces it; clients do not judge it. */
  readonly expiresAt: number
  readonly by: SigningKey
  readonly since: number
  readonly previous: EntryHash
  readonly digest: Uint8Array
  readonly mac: Uint8Array
}

/** An epoch: its commitment (32 bytes), the entry and signer that opened it, the earlier keys sealed under its key. */
export interface SpineEpoch {
  readonly number: number
  readonly commitment: Uint8Array
  readonly since: number
  readonly by: SigningKey
  readonly earlier: readonly EarlierKey[]
}

/** A seal of the newest epoch. `binding`: what it is bound to, the genesis nonce or the vault id; `by`: who made it. */
export interface SpineSeal {
  readonly recipient: SigningKey
  readonly seal: Uint8Array
  readonly binding: Uint8Array
  readonly by: SigningKey
}

/** A retention floor, from the entry `since` on, until the entry `until` set another. */
export interface RetentionFloor {
  readonly floorMs: number
  readonly since: number
  readonly until: number | undefined
}

/** What the latest `prune` said, and where it stands. */
export interface PrunePoint {
  readonly through: number
  readonly checkpoint: { readonly sequence: number; readonly hash: EntryHash }
  readonly since: number
}

/** Everything the spine entries say together. Maps are keyed by the signing key in hex. */
export interface Spine {
  /** Hash and sequence of the latest spine entry. */
  readonly head: EntryHash
  readonly sequence: number
  readonly nonce: Uint8Array
  /** The identity of the genesis, as renewed: an owner that nobody revokes. */
  readonly genesisIdentity: SigningKey
  readonly devices: ReadonlyMap<string, SpineDevice>
  readonly identities: ReadonlyMap<string, SpineIdentity>
  readonly invites: ReadonlyMap<string, SpineInvite>
  /** By rising number. */
  readonly epochs: readonly SpineEpoch[]
  /** Seals of the newest epoch, by recipient. */
  readonly seals: ReadonlyMap<string, SpineSeal>
  /** Somebody had the newest key who may not be a recipient any more: the next owner that appends opens an epoch. */
  readonly rekeyDue: boolean
  /** The floors set, the one in force last. */
  readonly retention: readonly RetentionFloor[]
  readonly payloadVersionMax: number
  readonly prune: PrunePoint | undefined
  readonly continuation: (Continuation & { readonly since: number }) | undefined
}

/** Whom a new epoch is sealed to. */
export interface Recipient {
  readonly kind: 'device' | 'identity' | 'invite'
  readonly keys: PublicKeys
}

/** The role of a device that is a member now; undefined for all others. */
export function roleOf(spine: Spine, device: SigningKey): Role | undefined {
  const found = spine.devices.get(toHex(device))
  return found?.until === undefined ? found?.role : undefined
}

/** The role of an identity that is a member now; undefined for all others. */
export function identityRoleOf(spine: Spine, identity: SigningKey): Role | undefined {
  const found = spine.identities.get(toHex(identity))
  return found?.until === undefined ? found?.role : undefined
}

/**
 * The URL of the relay where the vault goes on, as its latest continuation says; undefined where that came after a fork: then it continues from
 * an entry of the branch that was left, not from the one before it.
 */
export function movedTo({ continuation }: Pick<Spine, 'continuation'>): string | undefined {
  if (continuation === undefined || continuation.sequence !== continuation.since - 1) return undefined
  return continuation.relay
}

/** Below 0 if role `a` may do less than role `b`, above 0 if more. */
export function compareRoles(a: Role, b: Role): number {
  return roles.indexOf(a) - roles.indexOf(b)
}

/** Exactly whom a new epoch must be sealed to: member devices, member identities, open invitations; by rising signing key. */
export function recipientsOf(spine: Spine): Recipient[] {
  const out: Recipient[] = []
  for (const { keys, until } of spine.devices.values())
    if (until === undefined) out.push({ kind: 'device', keys })
  for (const { keys, until } of spine.identities.values())
    if (until === undefined) out.push({ kind: 'identity', keys })
  for (const { keys } of spine.invites.values()) out.push({ kind: 'invite', keys })
  return out.sort((a, b) => Buffer.compare(a.keys.sign, b.keys.sign))
}

/** How many a new epoch would be sealed to. */
export function recipientCount(spine: Spine): number {
  let count = spine.invites.size
  for (const { until } of spine.devices.values()) if (until === undefined) count++
  for (const { until } of spine.identities.values()) if (until === undefined) count++
  return count
}

/** The epoch in force. */
export function currentEpoch(spine: Spine): SpineEpoch {
  const epoch = spine.epochs.at(-1)
  if (epoch === undefined) throw new RangeError('a spine without an epoch')
  return epoch
}

/** The epoch of this number, if the vault ever had it. */
export function epochOf(spine: Spine, number: number): SpineEpoch | undefined {
  return spine.epochs.find((epoch) => epoch.number === number)
}

/**
 * The retention floor that holds at `nowMs`, in ms: the longest among the one in force and those replaced less than their own length
 * ago. `acceptedAt` gives the relay's time, in ms, at which it accepted the entry of a sequence; not the entry's own `at`, which a
 * thief of an owner's device could choose.
 */
export function retentionFloorMs(
  spine: Spine,
  clock: { readonly nowMs: number; readonly acceptedAt: (sequence: number) => number },
): number {
  const holds = ({ floorMs, until }: RetentionFloor): boolean =>
    until === undefined || clock.nowMs < clock.acceptedAt(until) + floorMs
  return Math.max(...spine.retention.filter(holds).map(({ floorMs }) => floorMs))
}
