// What a relay shows to the words of an identity, judged: whose each vault is, who is in it, who let them in and when, and who may be taken out. Pure:
// of logs that were read already.
import {
  equal,
  identityRoleOf,
  toHex,
  type Identity,
  type LogState,
  type Role,
  type SigningKey,
  type SpineDevice,
  type SpineIdentity,
} from '@grenier/crypto'
import type { ClientError } from '../errors.ts'
import type { IdentityLog, VaultNames } from './identity-log.ts'
import { relayUrl } from './relay-login.ts'

/**
 * How a member came into a vault, and with which entry. `made`: with the vault; `invited`: by `by`, the key (hex) of who made the invitation;
 * `words`: by the words of an identity alone, `by` its key.
 */
export interface Arrival {
  readonly how: 'made' | 'invited' | 'words'
  readonly by: string | undefined
  /** What the device that let it in is called; undefined where it never gave a name, or is none. */
  readonly byName: string | undefined
  readonly seq: number
  /** ms since 1970, as that entry gives it. */
  readonly atMs: number
}

/** A device that is a member of a vault. `own`: certified by the identity that looks. */
export interface SeenDevice {
  readonly device: string
  readonly name: string | undefined
  readonly role: Role
  readonly own: boolean
  /** The identity that certified it; undefined where it joined without. */
  readonly identity: string | undefined
  readonly arrival: Arrival
  /** Whether a recovery may take it out: of an own vault any device, else the identity's. */
  readonly mayGo: boolean
}

/** An identity that is a member of a vault: one person's words. `own`: the one that looks. */
export interface SeenIdentity {
  readonly identity: string
  readonly role: Role
  readonly own: boolean
  readonly arrival: Arrival
  /** Whether a recovery may take it out: of an own vault any but the own one. */
  readonly mayGo: boolean
}

/** An invitation that nobody used yet: whoever has its code can come in, until it is void. `id`: its one-time key. */
export interface SeenInvitation {
  readonly id: string
  readonly role: Role
  /** ms since 1970; kept by the relay's clock. */
  readonly expiresMs: number
  /** The device that made it, and what that is called. */
  readonly by: string
  readonly byName: string | undefined
  /** The entry that made it. */
  readonly seq: number
  readonly atMs: number
  /** Whether a recovery makes it void whoever stays: of an own vault any. */
  readonly mayGo: boolean
}

/** A vault of the identity, as its log shows it. Ids are hex. */
export interface SeenVault {
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Whether the identity started it; else it was let in by somebody else's invitation. */
  readonly own: boolean
  /** ms since 1970, as the device that made it gave it. */
  readonly madeMs: number
  /** Who made it: the device's name where it can be read, else its key. */
  readonly device: string
  readonly head: { readonly seq: number; readonly hash: string }
  /** Everybody who can read it now. */
  readonly devices: readonly SeenDevice[]
  readonly identities: readonly SeenIdentity[]
  /** Everybody who could still come in by a code. */
  readonly invitations: readonly SeenInvitation[]
}

/**
 * Why a vault that the relay lists is none to recover: it never was this identity's; it was, until somebody took the identity out; other words
 * took the place of these; or its log, or the key in it, does not check out (`error`).
 */
export type RefusedWhy = 'planted' | 'revoked' | 'renewed' | 'faulty'

export interface RefusedVault {
  readonly id: string
  readonly why: RefusedWhy
  readonly error?: ClientError | undefined
}

/** A vault that others list as the identity's, and that the relay does not show. `relay`: where it is said to be. */
export interface MissingVault {
  readonly id: string
  readonly name: string
  readonly relay: string
}

/** What a relay shows to an identity. */
export interface RecoverySight {
  readonly vaults: readonly SeenVault[]
  readonly refused: readonly RefusedVault[]
  /** On this relay, as the others say: withheld, or deleted since. */
  readonly withheld: readonly MissingVault[]
  /** On other relays. */
  readonly elsewhere: readonly MissingVault[]
  /** Whether the identity has an account here. */
  readonly hasAccount: boolean
}

/** Of one vault of the relay's list: what it is, or why it is none. */
export interface Look {
  readonly seen?: { readonly vault: SeenVault; readonly listed: VaultNames['listed'] }
  readonly refused?: RefusedVault
}

/** Who goes: keys of devices and of identities, and invitations. Devices of an identity that goes are not named apart. */
export interface Going {
  readonly devices: readonly SigningKey[]
  readonly identities: readonly SigningKey[]
  readonly invites: readonly SigningKey[]
}

/** What a relay's vaults come to; `relay`: its address. */
export function sightOf(
  relay: string,
  { looks, hasAccount }: { readonly looks: readonly Look[]; readonly hasAccount: boolean },
): RecoverySight {
  const vaults = looks.flatMap(({ seen }) => (seen === undefined ? [] : [seen.vault]))
  const refused = looks.flatMap((look) => (look.refused === undefined ? [] : [look.refused]))
  const inOrder = [...vaults].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id))
  return { vaults: inOrder, refused, hasAccount, ...missing(relay, looks) }
}

function missing(relay: string, looks: readonly Look[]): Pick<RecoverySight, 'withheld' | 'elsewhere'> {
  const here = originOf(relay)
  const found = new Map<string, MissingVault>()
  const shown = new Set(looks.map(({ seen, refused }) => seen?.vault.id ?? refused?.id))
  for (const { vault, name, relay: at } of looks.flatMap(({ seen }) => seen?.listed ?? [])) {
    const id = toHex(vault)
    if (!shown.has(id)) found.set(id, { id, name, relay: at })
  }
  const all = [...found.values()].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id))
  const isHere = ({ relay: at }: MissingVault): boolean => originOf(at) === here
  return { withheld: all.filter(isHere), elsewhere: all.filter((one) => !isHere(one)) }
}

/** A list that somebody wrote long ago may name what is no address any more. */
function originOf(relay: string): string {
  try {
    return relayUrl(relay).origin
  } catch {
    return relay
  }
}

/**
 * An identity is in a spine by its own word alone: by its certificate in a genesis or `accept` that the certified device signed too, or by its own
 * signature under a `renew`. A log that has it nowhere was made by somebody else, to be filled.
 */
export function refusalIn({ spine }: LogState, identity: SigningKey): RefusedWhy | undefined {
  if (identityRoleOf(spine, identity) !== undefined) return undefined
  const known = spine.identities.get(toHex(identity))
  if (known === undefined) return 'planted'
  return known.renewedBy === undefined ? 'revoked' : 'renewed'
}

/** Whether this identity started the vault, or took the place of who did. */
export function isOwnVault({ spine }: LogState, identity: SigningKey): boolean {
  return equal(spine.genesisIdentity, identity)
}

function membersOf<T extends SpineDevice | SpineIdentity>(held: ReadonlyMap<string, T>): T[] {
  return [...held.values()].filter(({ until }) => until === undefined).sort((a, b) => a.since - b.since)
}

function isOf({ identity: held }: SpineDevice, identity: SigningKey): boolean {
  return held !== undefined && equal(held, identity)
}

/**
 * Whom an identity takes out, by its word alone, of all that are not in `kept` (keys, hex): of its own vault every identity and device, else its own
 * devices. An identity of which a device stays, stays too. Of its own vault all open invitations go: a code is in hands that nobody can look at, perhaps
 * in those of who has a lost device.
 */
export function goingFrom(state: LogState, identity: SigningKey, kept: ReadonlySet<string>): Going {
  const own = isOwnVault(state, identity)
  const devices = membersOf(state.spine.devices)
  const stays = (key: SigningKey): boolean =>
    kept.has(toHex(key)) || devices.some((one) => isOf(one, key) && kept.has(toHex(one.keys.sign)))
  const identities = membersOf(state.spine.identities)
    .map(({ keys }) => keys.sign)
    .filter((key) => own && !equal(key, identity) && !stays(key))
  const goesAlong = (device: SpineDevice): boolean => identities.some((key) => isOf(device, key))
  const alone = devices.filter((device) => {
    return (own || isOf(device, identity)) && !kept.has(toHex(device.keys.sign)) && !goesAlong(device)
  })
  const invites = own ? [...state.spine.invites.values()].map(({ keys }) => keys.sign) : []
  return { devices: alone.map(({ keys }) => keys.sign), identities, invites }
}

/** The vault of a log that was read, with everybody in it. */
export function seenVault(
  log: IdentityLog,
  names: VaultNames,
  identity: Identity['sign']['publicKey'],
): SeenVault {
  const { state, genesis } = log
  const { spine, head } = state
  const id = toHex(state.vault)
  const own = isOwnVault(state, identity)
  const maker = toHex(genesis.header.device)
  const devices = membersOf(spine.devices).map((member): SeenDevice => {
    const device = toHex(member.keys.sign)
    const isOwn = isOf(member, identity)
    return {
      device,
      name: names.devices.get(device),
      role: member.role,
      own: isOwn,
      identity: member.identity && toHex(member.identity),
      arrival: arrivalOf(log, names, member.since),
      mayGo: own || isOwn,
    }
  })
  const identities = membersOf(spine.identities).map(({ keys, role, since }): SeenIdentity => {
    const isOwn = equal(keys.sign, identity)
    const arrival = arrivalOf(log, names, since)
    return { identity: toHex(keys.sign), role, own: isOwn, arrival, mayGo: own && !isOwn }
  })
  return {
    id,
    name: names.vault ?? id.slice(0, 12),
    role: identityRoleOf(spine, identity) ?? 'reader',
    own,
    madeMs: genesis.header.at,
    device: names.devices.get(maker) ?? maker,
    head: { seq: head.sequence, hash: toHex(head.hash) },
    devices,
    identities,
    invitations: invitationsOf(log, names, own),
  }
}

function invitationsOf(log: IdentityLog, names: VaultNames, mayGo: boolean): SeenInvitation[] {
  return [...log.state.spine.invites.values()]
    .sort((a, b) => a.since - b.since)
    .map(({ keys, role, expiresAt, by, since }) => ({
      id: toHex(keys.sign),
      role,
      expiresMs: expiresAt,
      by: toHex(by),
      byName: names.devices.get(toHex(by)),
      seq: since,
      atMs: log.spineEntry(since).header.at,
      mayGo,
    }))
}

/** Members come with the genesis, an `accept` of an invitation, or an entry of an identity (`recover`, `renew`). */
function arrivalOf(log: IdentityLog, names: VaultNames, sequence: number): Arrival {
  const { header } = log.spineEntry(sequence)
  const place = { seq: sequence, atMs: header.at }
  if (header.kind !== 'member') return { how: 'made', by: undefined, byName: undefined, ...place }
  if (header.part.action !== 'accept')
    return { how: 'words', by: toHex(header.device), byName: undefined, ...place }
  const inviter = log.inviterOf(header.device, sequence)
  const by = inviter && toHex(inviter)
  return { how: 'invited', by, byName: by === undefined ? undefined : names.devices.get(by), ...place }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
