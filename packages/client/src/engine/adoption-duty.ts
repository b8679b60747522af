// Before anything else is written on a branch that was adopted: those who were removed on the other one are removed again, invitations that
// were done with there are cancelled, an epoch above both is opened, and an owner's entry says from where the log goes on. Who is no owner waits until an owner has done so, where it matters.
import {
  compareRoles,
  entryHash,
  equal,
  identityRoleOf,
  makeCancel,
  makeConfig,
  makeRekey,
  makeRevoke,
  makeRole,
  roleOf,
  toHex,
  type Entry,
  type SigningKey,
  type Spine,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import {
  adoptionIn,
  forgetAdoption,
  mayBeSealedUnder,
  membersAmong,
  type AdoptionNote,
  type Lowered,
} from './adoption-note.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { Receiver } from './receiver.ts'
import { isOwn, type Vault } from './vault.ts'

export interface AdoptionDutyParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
}

/** Says what is to be said, if anything is. @throws ClientError `key-withheld` where an owner has to speak first */
export async function sayAdopted(
  { vault, entries, receiver }: AdoptionDutyParts,
  session: RelaySession,
): Promise<void> {
  const note = adoptionIn(vault.trees)
  if (note === undefined || vault.log.isEmpty) return
  for (;;) {
    const next = isOwner(vault) ? owed(vault, entries.on(session), note) : undefined
    if (next === undefined) break
    if ((await entries.append(session, next)) === 'moved') await receiver.receive(session)
  }
  const keys = mayBeSealedUnder(note, vault.log.state.spine) ? 0 : 1
  const { members, invitations } = isOwner(vault) ? nothingRevived : revived(vault, note)
  if (keys + members + invitations.length > 0) {
    const detail = 'an owner has to say first on this branch what the one that was left had'
    const data = { what: 'adopted', detail, keys, members, invitations: invitations.map(toHex).join(' ') }
    throw new ClientError('key-withheld', detail, { data })
  }
  await vault.trees.write({ flush: true }, forgetAdoption)
}

function isOwner({ log, home }: Vault): boolean {
  return roleOf(log.state.spine, home.device.sign.publicKey) === 'owner'
}

/** Members who have more rights than on the branch that was left, and invitations that are open again. */
interface Revived {
  readonly members: number
  readonly invitations: readonly SigningKey[]
}

const nothingRevived: Revived = { members: 0, invitations: [] }

/**
 * Who else was taken out or lowered on the branch that was left and is there on this one as before. That this device, or its identity, was lowered
 * is no danger to it, and the owner who did it may not know that it did: its answer was lost with the relay's disk. An invitation that was used is
 * one: whoever saw its code could come in with the help of a relay that shows a branch on which it was not.
 */
function revived(vault: Vault, note: AdoptionNote): Revived {
  const { spine } = vault.log.state
  const back = identitiesBack(spine, note).length + membersAmong(note.devices, spine.devices).length
  const others = note.lowered.filter((one) => isHigher(spine, one) && !isOfOwn(vault, one.member))
  return { members: back + others.length, invitations: invitesBack(spine, note) }
}

/** Of this device, of its identity, or of another device of that one. */
function isOfOwn(vault: Vault, member: SigningKey): boolean {
  const own = vault.home.identity?.sign
  if (isOwn(vault, member)) return true
  if (own === undefined) return false
  const identity = vault.log.state.spine.devices.get(toHex(member))?.identity
  return equal(member, own) || (identity !== undefined && equal(identity, own))
}

/** Invitations that were done with on the branch that was left and are open on this one. */
function invitesBack(spine: Spine, note: AdoptionNote): SigningKey[] {
  return note.invites.filter((invite) => spine.invites.has(toHex(invite)))
}

/** Identities that were taken out and are members again. That of the genesis is nobody's to take out. */
function identitiesBack(spine: Spine, note: AdoptionNote): SigningKey[] {
  return membersAmong(note.identities, spine.identities).filter((key) => !equal(key, spine.genesisIdentity))
}

function isHigher(spine: Spine, { member, role }: Lowered): boolean {
  const now = roleOf(spine, member) ?? identityRoleOf(spine, member)
  return now !== undefined && compareRoles(now, role) > 0
}

/** The next entry that an owner owes; undefined when there is none. */
function owed(vault: Vault, on: ReturnType<EntryWriter['on']>, note: AdoptionNote): Entry | undefined {
  const { log, platform, record } = vault
  const { spine } = log.state
  const sealing = { ...on, random: platform.random, epochKeys: log.keys.epochKeys }
  const identities = identitiesBack(spine, note)
  // An identity takes its devices along.
  const along = new Set(identities.map(toHex))
  const devices = membersAmong(note.devices, spine.devices).filter((key) => {
    const identity = spine.devices.get(toHex(key))?.identity
    return !isOwn(vault, key) && (identity === undefined || !along.has(toHex(identity)))
  })
  if (devices.length + identities.length > 0) return makeRevoke({ ...sealing, devices, identities }).entry
  const higher = note.lowered.find((lowered) => isHigher(spine, lowered) && !isOwn(vault, lowered.member))
  if (higher !== undefined) return makeRole({ ...sealing, ...higher }).entry
  const invites = invitesBack(spine, note)
  if (invites.length > 0) return makeCancel({ ...sealing, invites }).entry
  const isAbove = spine.epochs.some(({ number }) => number > note.epoch.number)
  if (!isAbove) return makeRekey({ ...sealing, above: note.epoch.number }).entry
  const { head } = note
  if (spine.continuation !== undefined && equal(spine.continuation.hash, head.hash)) return undefined
  const continuation = { relay: record.relay, sequence: head.sequence, hash: entryHash(head.hash) }
  return makeConfig({ ...sealing, continuation }).entry
}
