// `grenier revoke` and `grenier role`: an owner takes a device or an identity out of a vault, or gives it another role.
import type { MemberIdentity, Members } from '../engine/api.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { Catalogue } from './catalogue.ts'
import { nameText, roleText } from './devices.ts'
import { knownFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { changeMembers, memberMeant, membersOf, roleOf, type Meant, type MembersOf } from './members.ts'
import { formatId } from './quantities.ts'
import { usageError } from './usage-error.ts'
import { canAsk, isYes } from './yes-or-no.ts'

/** What one of the two begins with: the folder, its members, and who is meant. */
interface Meaning {
  readonly on: MembersOf
  readonly place: { readonly folder: string; readonly vault: string }
  readonly before: Members
  readonly meant: Meant
}

/** Takes a member out, for good; asks first, unless `--yes`. @throws ClientError */
export async function revoke(invocation: Invocation, folder: string, member: string): Promise<ExitCode> {
  const { output } = invocation
  const { words } = output
  const { on, place, before, meant } = await meaning(invocation, folder, member)
  refuseStranger(before)
  await ask(invocation, before, meant)
  const after = await changeMembers(on, { do: 'revoke', member: meant.id })
  const voided = before.invitations.length
  const stays = identityBehind(before, after, meant)
  output.line({
    event: 'revoke',
    ...place,
    member: meant.id,
    devices: meant.devices,
    voided,
    ...(stays === undefined ? {} : { identityStays: stays.id }),
  })
  output.result(words.revokeDone({ revoked: namesOf(words, before, meant), voided }))
  output.note(words.revokeKeeps({}))
  if (stays !== undefined) output.note(staysText(words, stays, { verb: 'revoke' }))
  return 0
}

/** Gives a member another role. @throws ClientError */
export async function role(
  invocation: Invocation,
  folder: string,
  wanted: { readonly member: string; readonly role: string },
): Promise<ExitCode> {
  const { output } = invocation
  const { words } = output
  const next = roleOf(wanted.role)
  const { on, place, before, meant } = await meaning(invocation, folder, wanted.member)
  const after = await changeMembers(on, { do: 'role', member: meant.id, role: next })
  const voided = before.invitations.filter(({ id }) => after.invitations.every((one) => one.id !== id)).length
  const stays = identityBehind(before, after, meant)
  const isOther = stays !== undefined && stays.role !== next
  output.line({
    event: 'role',
    ...place,
    member: meant.id,
    devices: meant.devices,
    role: next,
    voided,
    ...(isOther ? { identityStays: stays.id } : {}),
  })
  const name = namesOf(words, before, meant).join(', ')
  output.result(words.roleDone({ name, role: roleText(words, next) }))
  if (voided > 0) output.note(words.roleVoided({ voided }))
  if (next === 'reader') output.note(words.roleReads({ name }))
  if (isOther) output.note(staysText(words, stays, { verb: 'role', next }))
  return 0
}

async function meaning(invocation: Invocation, folder: string, member: string): Promise<Meaning> {
  const home = openHome(invocation.homeDirectory)
  const record = knownFolder(home, folder)
  const place = { folder: record.path, vault: record.vault }
  invocation.output.concern(place)
  const on = { invocation, home, path: record.path }
  const before = await membersOf(on)
  return { on, place, before, meant: memberMeant(before, member) }
}

/** Nobody is asked whether to do what they may not. @throws ClientError `member-refused` */
function refuseStranger({ role: own }: Members): void {
  if (own !== 'owner')
    throw new ClientError('member-refused', 'only an owner may', { data: { what: 'no-right' } })
}

/** @throws ClientError `interrupted` when it is not wanted; `usage` when there is nobody to ask */
async function ask({ output, yes }: Invocation, before: Members, meant: Meant): Promise<void> {
  if (yes) return
  const { words } = output
  const names = namesOf(words, before, meant)
  const name = meant.isIdentity ? formatId(meant.id) : names.join(', ')
  if (!canAsk()) throw usageError('revoke-unasked', name)
  const others = meant.isIdentity ? names : []
  const question = words.askRevoke({ name, id: formatId(meant.id), others })
  if (!(await isYes({ words }, question))) throw new ClientError('interrupted', 'not wanted')
}

/** The identity of a device that goes or changes alone, as it stays; not one's own, whose words are one's own. */
function identityBehind(before: Members, after: Members, meant: Meant): MemberIdentity | undefined {
  const of = before.devices.find(({ id }) => id === meant.id)
  const own = before.devices.find(({ isThis }) => isThis)
  if (of?.identity === undefined || of.identity === own?.identity) return undefined
  return after.identities.find(({ id }) => id === of.identity)
}

function staysText(
  words: Catalogue,
  { id, role, madeVault }: MemberIdentity,
  command: { readonly verb: 'revoke' | 'role'; readonly next?: string },
): string {
  if (madeVault) return words.makerStays({ id: formatId(id) })
  const { verb, next } = command
  const rest = [formatId(id), next].filter((word) => word !== undefined).join(' ')
  return words.identityStays({ id: formatId(id), role: roleText(words, role), verb, rest })
}

/** The devices that go or change, by name; an identity without one by its id. */
function namesOf(words: Catalogue, { devices }: Members, meant: Meant): string[] {
  const names = devices
    .filter(({ id }) => meant.devices.includes(id))
    .map((device) => nameText(words, device))
  return names.length > 0 ? names : [formatId(meant.id)]
}
