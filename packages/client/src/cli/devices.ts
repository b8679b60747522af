// `grenier devices`: who is in a vault, and who could still come: devices, identities, open invitations.
import type { MemberDevice, Members } from '../engine/api.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { openingKey } from '../home/home.ts'
import type { Catalogue } from './catalogue.ts'
import { knownVault } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { membersOf } from './members.ts'
import type { Output } from './output.ts'
import { printable } from './printable.ts'
import { formatId, formatMoment, isoTime } from './quantities.ts'

/** Lists them. Where the relay cannot be reached, what this device last knew, and exit code 4. @throws ClientError */
export async function devices(invocation: Invocation, folder: string): Promise<ExitCode> {
  const { output } = invocation
  const home = openHome(invocation.homeDirectory)
  const record = knownVault(home, folder)
  const place = { folder: record.path, vault: record.vault }
  output.concern(place)
  const members = await membersOf({ invocation, home, path: openingKey(record) })
  output.line({ event: 'devices', ...place, ...jsonOf(members) })
  for (const line of linesOf(output, members)) output.result(line)
  if (members.current) return 0
  output.note(output.words.devicesStale({}))
  return 4
}

function jsonOf({ role, devices: all, identities, invitations, current }: Members): Record<string, unknown> {
  return {
    role: role ?? null,
    current,
    devices: all.map(({ id, name, identity, role: its, since, invitedBy, isThis }) => ({
      id,
      name: name ?? null,
      identity: identity ?? null,
      role: its,
      since: { seq: since.seq, at: since.atMs === undefined ? null : isoTime(since.atMs) },
      invitedBy: invitedBy ?? null,
      this: isThis,
    })),
    identities,
    invitations: invitations.map(({ id, role: its, expiresMs, invitedBy }) => ({
      id,
      role: its,
      expires: isoTime(expiresMs),
      invitedBy,
    })),
  }
}

function linesOf({ words, language }: Output, members: Members): string[] {
  const { role, devices: all, identities, invitations } = members
  const roleName = (of: NonNullable<Members['role']>): string => roleText(words, of)
  const nameOf = (id: string): string => {
    const device = all.find((one) => one.id === id)
    return device === undefined ? formatId(id) : nameText(words, device)
  }
  const deviceLines = all.map((device) =>
    words.deviceLine({
      name: nameText(words, device),
      role: roleName(device.role),
      at: device.since.atMs === undefined ? undefined : formatMoment(device.since.atMs, language),
      inviter: device.invitedBy === undefined ? undefined : nameOf(device.invitedBy),
      id: formatId(device.id),
      identity: device.identity === undefined ? undefined : formatId(device.identity),
      isThis: device.isThis,
    }),
  )
  const identityLines = identities.map(({ id, role: its, madeVault }) => {
    const own = all.filter(({ identity }) => identity === id).map((device) => nameText(words, device))
    return words.identityLine({ id: formatId(id), role: roleName(its), madeVault, held: own })
  })
  const invitationLines = invitations.map(({ id, role: its, expiresMs, invitedBy }) =>
    words.invitationLine({
      id: formatId(id),
      role: roleName(its),
      until: formatMoment(expiresMs, language),
      inviter: nameOf(invitedBy),
    }),
  )
  return [
    words.devicesHead({ count: all.length, role: role === undefined ? '–' : roleName(role) }),
    ...deviceLines,
    ...(identityLines.length === 0 ? [] : [words.identitiesHead({}), ...identityLines]),
    ...(invitationLines.length === 0 ? [] : [words.invitationsHead({ count: invitationLines.length })]),
    ...invitationLines,
  ]
}

/** What people call a device. */
export function nameText(words: Catalogue, { name }: Pick<MemberDevice, 'name'>): string {
  return name === undefined ? words.deviceNameless({}) : printable(name)
}

/** A role, in words. */
export function roleText(words: Catalogue, role: 'owner' | 'writer' | 'reader'): string {
  return { owner: words.roleOwner, writer: words.roleWriter, reader: words.roleReader }[role]({})
}
