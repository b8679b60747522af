// Who is in a vault, as its log says, and the entries with which an owner changes that: revoke, role, cancel. Names come from sealed payloads;
// what is shown of who may do what comes from the signed spine alone.
import {
  compareRoles,
  CryptoError,
  containerEpoch,
  decodeEntry,
  decodeGenesisPayload,
  decodeMemberPayload,
  equal,
  makeCancel,
  makeRevoke,
  makeRole,
  openPayload,
  payloadVersion,
  roleOf,
  toHex,
  type Built,
  type Entry,
  type Spine,
  type SpineDevice,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { VaultKeys } from '../log/vault-keys.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { entryAt } from '../state/entry-keep.ts'
import type { MemberChange, MemberDevice, Members } from './api.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { Receiver } from './receiver.ts'
import type { Vault } from './vault.ts'

/** Why a change of members is refused: `data.what` of `member-refused`. */
export type MemberRefusal =
  | 'no-right' // only an owner may
  | 'unknown' // no member, no open invitation (any more)
  | 'self' // who leaves must not be who makes the keys of those that stay
  | 'genesis' // the identity that made the vault
  | 'last-owner' // no owner's device would be left
  | 'same-role' // it is so already
  | 'too-many' // a vault at a limit

export interface MembershipParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly session: () => Promise<RelaySession>
}

/** Lists and changes. Nothing else may receive or append meanwhile. */
export class Membership {
  readonly #parts: MembershipParts

  constructor(parts: MembershipParts) {
    this.#parts = parts
  }

  /** The members as they are now; where the relay cannot be reached, as this device last knew them (`current` false). */
  async list(): Promise<Members> {
    const { vault, receiver } = this.#parts
    let current = true
    try {
      await receiver.receive(await this.#parts.session())
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'relay-unreachable' || vault.log.isEmpty)
        throw error
      current = false
    }
    return { ...membersOf(vault), current }
  }

  /** Makes one change; the members after it. @throws ClientError `member-refused`, and as `Receiver.receive` */
  async change(change: MemberChange): Promise<Members> {
    const { vault, entries, receiver } = this.#parts
    for (;;) {
      const session = await this.#parts.session()
      await receiver.receive(session)
      const { entry } = this.#built(session, change)
      if ((await entries.append(session, entry)) === 'appended') return { ...membersOf(vault), current: true }
    }
  }

  #built(session: RelaySession, change: MemberChange): Built {
    const { vault, entries } = this.#parts
    const { log, platform } = vault
    refuseWrong(vault, change)
    const on = { ...entries.on(session), random: platform.random, epochKeys: log.keys.epochKeys }
    const { spine } = log.state
    try {
      if (change.do === 'cancel')
        return makeCancel({ ...on, invites: keysOf(spine.invites, change.invitation) })
      if (change.do === 'role') {
        const [member] = [...keysOf(spine.devices, change.member), ...keysOf(spine.identities, change.member)]
        if (member === undefined) throw refusal('unknown')
        return makeRole({ ...on, member, role: change.role })
      }
      const devices = keysOf(spine.devices, change.member)
      return makeRevoke({ ...on, devices, identities: keysOf(spine.identities, change.member) })
    } catch (cause) {
      if (!(cause instanceof CryptoError)) throw cause
      if (cause.code === 'no-right') throw refusal('no-right', cause)
      if (cause.code === 'limit') throw refusal('too-many', cause)
      throw cause
    }
  }
}

/** Why a change of members, or an invitation, is not made. */
export function refusal(what: MemberRefusal, cause?: unknown): ClientError {
  return new ClientError('member-refused', `a change of members that is not allowed: ${what}`, {
    cause,
    data: { what },
  })
}

function keysOf<T extends { readonly keys: { readonly sign: Uint8Array } }>(
  held: ReadonlyMap<string, T>,
  id: string,
): T['keys']['sign'][] {
  const found = held.get(id)
  return found === undefined ? [] : [found.keys.sign]
}

/** What the rules of the log, and good sense, forbid: said before anything is signed. @throws ClientError `member-refused` */
function refuseWrong({ log, home }: Vault, change: MemberChange): void {
  const { spine } = log.state
  const own = home.device.sign.publicKey
  if (roleOf(spine, own) !== 'owner') throw refusal('no-right')
  if (change.do === 'cancel') {
    if (!spine.invites.has(change.invitation)) throw refusal('unknown')
    return
  }
  const identity = spine.identities.get(change.member)
  const device = spine.devices.get(change.member)
  const member = identity ?? device
  if (member === undefined || member.until !== undefined) throw refusal('unknown')
  if (identity !== undefined && equal(identity.keys.sign, spine.genesisIdentity)) throw refusal('genesis')
  const touched = touchedBy(spine, change.member)
  if (change.do === 'revoke') {
    if (touched.some(({ keys }) => equal(keys.sign, own))) throw refusal('self')
    return
  }
  const held = identity === undefined ? touched : [identity, ...touched]
  if (held.every(({ role }) => role === change.role)) throw refusal('same-role')
  const isOwner = ({ role, until }: SpineDevice): boolean => role === 'owner' && until === undefined
  const stays = [...spine.devices.values()].some((one) => isOwner(one) && !touched.includes(one))
  if (compareRoles(change.role, 'owner') < 0 && !stays) throw refusal('last-owner')
}

/** The member device of this id, or those of the identity of this id. */
function touchedBy(spine: Spine, id: string): SpineDevice[] {
  return [...spine.devices.values()].filter(
    ({ keys, identity, until }) =>
      until === undefined && [keys.sign, identity].some((key) => key !== undefined && toHex(key) === id),
  )
}

function membersOf(vault: Vault): Omit<Members, 'current'> {
  const { log, home } = vault
  const { spine } = log.state
  const devices = [...spine.devices.values()]
    .filter(({ until }) => until === undefined)
    .sort((a, b) => a.since - b.since)
    .map((device) => deviceOf(vault, device))
  const identities = [...spine.identities.values()]
    .filter(({ until }) => until === undefined)
    .sort((a, b) => a.since - b.since)
    .map(({ keys, role }) => {
      return { id: toHex(keys.sign), role, madeVault: equal(keys.sign, spine.genesisIdentity) }
    })
  const invitations = [...spine.invites.values()]
    .sort((a, b) => a.since - b.since)
    .map(({ keys, role, expiresAt, by }) => {
      return { id: toHex(keys.sign), role, expiresMs: expiresAt, invitedBy: toHex(by) }
    })
  return { role: roleOf(spine, home.device.sign.publicKey), devices, identities, invitations }
}

function deviceOf(vault: Vault, { keys, role, identity, since }: SpineDevice): MemberDevice {
  const id = toHex(keys.sign)
  const entry = entryOf(vault, since)
  return {
    id,
    name: entry && nameIn(vault, entry, id),
    identity: identity && toHex(identity),
    role,
    since: { seq: since, atMs: entry?.header.at },
    invitedBy: entry && inviterOf(vault, entry),
    isThis: equal(keys.sign, vault.home.device.sign.publicKey),
  }
}

function entryOf({ trees }: Vault, sequence: number): Entry | undefined {
  const bytes = entryAt(trees, sequence)
  return bytes && decodeEntry(bytes)
}

/** Who made the invitation that this entry accepts: it lies before it, and mostly not far. */
function inviterOf(vault: Vault, { header }: Entry): string | undefined {
  if (header.kind !== 'member' || header.part.action !== 'accept') return undefined
  for (let sequence = header.sequence - 1; sequence >= 0; sequence -= 1) {
    const before = entryOf(vault, sequence)?.header
    if (before?.kind !== 'member' || before.part.action !== 'invite') continue
    if (equal(before.part.invitee.sign, header.device)) return toHex(before.device)
  }
  return undefined
}

/** What a device calls itself, by the entry that brought it, if it was read: one that was taken out as well. `id`: of its key, hex. */
export function nameOfDevice(vault: Vault, id: string): string | undefined {
  if (vault.log.isEmpty) return undefined
  const device = vault.log.state.spine.devices.get(id)
  const entry = device && entryOf(vault, device.since)
  return entry && nameIn(vault, entry, id)
}

/** The name that an entry gives a device. A payload that does not open loses names and nothing else. */
function nameIn({ log }: Vault, { header, payload }: Entry, id: string): string | undefined {
  const binding = header.kind === 'genesis' ? header.nonce : log.vault
  try {
    const payloadKey = keysForNames(log).payloadKey(containerEpoch(payload, 'payload'), binding)
    const content = openPayload(payload, { payloadKey, binding, payloadVersionMax: payloadVersion })
    if (content.kind !== 'body') return undefined
    if (header.kind === 'genesis') return decodeGenesisPayload(content.body).deviceName
    return decodeMemberPayload(content.body).devices.find(({ device }) => toHex(device) === id)?.name
  } catch (error) {
    // One that was taken out opens nothing any more.
    const isShut =
      error instanceof ClientError && (error.code === 'key-withheld' || error.data['reason'] === 'no-right')
    if (isShut || error instanceof CryptoError) return undefined
    throw error
  }
}

/** One that was just taken out still opens what it could open until then. @throws as `VaultLog.keys` */
function keysForNames(log: Vault['log']): VaultKeys {
  try {
    return log.keys
  } catch (error) {
    const held = log.keysHeld
    if (held === undefined) throw error
    return held
  }
}
