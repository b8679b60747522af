// What `recover` says of what it found at a relay: the vaults, those refused, those missing.
import type { Gone } from '../engine/recovering.ts'
import type {
  Arrival,
  RecoverySight,
  RefusedVault,
  SeenDevice,
  SeenIdentity,
  SeenInvitation,
  SeenVault,
} from '../engine/recovery-sight.ts'
import type { ExitCode } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import { errorReport } from './error-report.ts'
import { exitCodeOf, heaviestExitCode } from './exit-code.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Output } from './output.ts'
import { printable } from './printable.ts'
import { formatId, formatMoment, isoTime } from './quantities.ts'

/** Names everything that a relay shows, and what it does not. */
export function tellSight(output: Output, relay: string, sight: RecoverySight): void {
  const { words } = output
  output.line({ event: 'recover', relay, ...jsonOf(words, sight) })
  output.result(words.recoverFound({ count: sight.vaults.length, relay }))
  for (const vault of sight.vaults) output.result(vaultText(output, vault))
  noteTrouble(output, sight)
  for (const { name, id, relay: other } of sight.elsewhere)
    output.note(words.recoverElsewhere({ name: printable(name), id, relay: printable(other) }))
}

/** Names what a relay invents or keeps back, where one vault alone is asked for; nothing where it does neither. */
export function tellTrouble(output: Output, relay: string, sight: RecoverySight): void {
  if (sight.refused.length + sight.withheld.length === 0) return
  output.line({ event: 'recover', relay, ...jsonOf(output.words, sight) })
  noteTrouble(output, sight)
}

function noteTrouble(output: Output, sight: RecoverySight): void {
  const { words } = output
  for (const refused of sight.refused) output.note(refusalText(words, refused))
  for (const { name, id } of sight.withheld) output.note(words.recoverWithheld({ name: printable(name), id }))
}

/** What a listing ends with: a vault that does not check out weighs as it would alone; one that is missing is a problem. */
export function sightExitCode({ refused, withheld }: RecoverySight): ExitCode {
  const codes = refused.map(({ why, error }): ExitCode => {
    if (error !== undefined) return exitCodeOf(error)
    return why === 'planted' ? 6 : 3
  })
  return heaviestExitCode([...codes, withheld.length > 0 ? 3 : 0])
}

/** Why a vault is refused, for people. */
export function refusalText(words: Catalogue, { id, why, error }: RefusedVault): string {
  switch (why) {
    case 'planted':
      return words.recoverPlanted({ id })
    case 'revoked':
      return words.recoverRevoked({ id })
    case 'renewed':
      return words.recoverRenewed({ id })
    case 'faulty':
      return words.recoverFaulty({ id, message: errorReport(words, error).message })
  }
}

/** A device as people call it. */
function deviceText(words: Catalogue, { name, device }: Pick<SeenDevice, 'device' | 'name'>): string {
  return name === undefined
    ? words.deviceUnnamed({ key: formatId(device) })
    : words.deviceNamed({ name: printable(name) })
}

/** A device or an identity: what it is called, its role, and who let it in when. */
export function memberText(
  { words, language }: Output,
  vault: SeenVault,
  member: SeenDevice | SeenIdentity,
): string {
  const { role, own, arrival } = member
  const since = formatMoment(arrival.atMs, language)
  const said = { role: roleText(words, role), own, arrival: arrivalText(words, arrival), since }
  if ('device' in member)
    return words.recoverDevice({ ...said, device: deviceText(words, member), id: formatId(member.device) })
  const held = vault.devices.filter(({ identity }) => identity === member.identity)
  const devices = held.map((device) => deviceText(words, device))
  return words.recoverIdentity({
    ...said,
    id: formatId(member.identity),
    devices: words.listed({ items: devices }),
  })
}

function arrivalText(words: Catalogue, { how, by, byName }: Arrival): string {
  if (how === 'made') return words.arrivedMade({})
  if (how === 'words') return words.arrivedWords({})
  return words.arrivedInvited({ by: deviceText(words, { device: by ?? '', name: byName }) })
}

function roleText(words: Catalogue, role: SeenVault['role']): string {
  const roles = { owner: words.roleOwner, writer: words.roleWriter, reader: words.roleReader }
  return roles[role]({})
}

function vaultText(output: Output, vault: SeenVault): string {
  const { words, language } = output
  const members = [...vault.devices, ...vault.identities.filter(({ own }) => !own)]
  const head = words.recoverVault({
    name: printable(vault.name),
    role: roleText(words, vault.role),
    made: formatMoment(vault.madeMs, language),
    device: printable(vault.device),
    sequence: vault.head.seq,
    words: fingerprintOf(vault.head.hash),
    id: vault.id,
  })
  const lines = [
    ...members.map((member) => memberText(output, vault, member)),
    ...vault.invitations.map((invitation) => invitationText(output, invitation)),
  ]
  return [head, ...lines.map((line) => `    ${line}`)].join('\n')
}

/** An invitation that is open: who made it, when, for what, and until when. */
export function invitationText({ words, language }: Output, invitation: SeenInvitation): string {
  const { id, role, expiresMs, by, byName, atMs } = invitation
  return words.recoverInvitation({
    id: formatId(id),
    role: roleText(words, role),
    by: deviceText(words, { device: by, name: byName }),
    made: formatMoment(atMs, language),
    until: formatMoment(expiresMs, language),
  })
}

function jsonOf(words: Catalogue, { vaults, refused, withheld, elsewhere }: RecoverySight) {
  return {
    vaults: vaults.map(({ madeMs, devices, identities, invitations, ...vault }) => ({
      ...vault,
      made: isoTime(madeMs),
      devices: devices.map(memberJson),
      identities: identities.map(memberJson),
      invitations: invitations.map(({ by, byName, expiresMs, seq, atMs, ...invitation }) => ({
        ...invitation,
        invitedBy: by,
        name: byName,
        expires: isoTime(expiresMs),
        since: { seq, at: isoTime(atMs) },
      })),
      fingerprint: fingerprintOf(vault.head.hash),
    })),
    refused: refused.map((one) => ({
      id: one.id,
      reason: one.error?.code ?? one.why,
      message: refusalText(words, one),
    })),
    withheld,
    elsewhere,
  }
}

function memberJson<T extends { readonly arrival: Arrival }>({ arrival, ...member }: T) {
  const { how, by, seq, atMs } = arrival
  return {
    ...member,
    how,
    invitedBy: how === 'invited' ? by : undefined,
    since: { seq, at: isoTime(atMs) },
  }
}

/** A vault is back: who stays, and who went. */
export function tellBack(
  output: Output,
  { folder, vault, gone }: { folder: string; vault: SeenVault; gone: Gone },
): void {
  const { words } = output
  const kept = vault.devices.filter(({ device }) => !gone.devices.includes(device))
  const friends = vault.identities.filter(({ own, identity }) => !own && !gone.identities.includes(identity))
  // One that came since the vault was looked at has no name here.
  const went = gone.devices.map(
    (device) => vault.devices.find((one) => one.device === device) ?? { device, name: undefined },
  )
  const open = vault.invitations.filter(({ id, mayGo }) => !mayGo && !gone.invitations.includes(id))
  type Called = Pick<SeenDevice, 'device' | 'name'>
  const named = (devices: readonly Called[]) => devices.map(({ device, name }) => ({ device, name }))
  const listed = (devices: readonly Called[]): string =>
    words.listed({ items: devices.map((device) => deviceText(words, device)) })
  output.line({
    event: 'recovered',
    folder,
    vault: vault.id,
    name: vault.name,
    kept: named(kept),
    revoked: named(went),
    keptIdentities: friends.map(({ identity }) => identity),
    revokedIdentities: gone.identities,
    voidedInvitations: gone.invitations,
    openInvitations: open.map(({ id }) => id),
  })
  output.note(words.recoverDone({ folder: printable(folder), name: printable(vault.name) }))
  if (kept.length > 0) output.note(words.recoverKept({ devices: listed(kept) }))
  if (went.length > 0) output.note(words.recoverGone({ devices: listed(went) }))
  const ids = (identities: readonly string[]): string => words.listed({ items: identities.map(formatId) })
  if (friends.length > 0)
    output.note(words.recoverFriends({ ids: ids(friends.map(({ identity }) => identity)), own: vault.own }))
  if (gone.identities.length > 0) output.note(words.recoverStrangers({ ids: ids(gone.identities) }))
  if (gone.invitations.length > 0)
    output.note(words.recoverVoided({ count: gone.invitations.length, ids: ids(gone.invitations) }))
  for (const invitation of open)
    output.note(words.recoverStillOpen({ invitation: invitationText(output, invitation) }))
}
