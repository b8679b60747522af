// `grenier invite`: one code for one more device. Asked of the running `sync` where one holds the folder.
import { renderUnicodeCompact } from 'uqr'
import type { Invitation } from '../engine/api.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { holderOf } from './control-client.ts'
import { knownFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { changeMembers, membersOf, oneOf, roleOf } from './members.ts'
import { openOwnFolder } from './open-own-folder.ts'
import { formatId, formatMoment, parseDuration } from './quantities.ts'

export interface InviteFlags {
  readonly role: string
  readonly expires: string
  readonly qr?: boolean | undefined
  readonly cancel?: string | undefined
}

interface Wanted {
  readonly path: string
  readonly role: Invitation['role']
  readonly expiresMs: number
}

/** Prints the code, once; or takes an open invitation back. @throws ClientError */
export async function invite(invocation: Invocation, folder: string, flags: InviteFlags): Promise<ExitCode> {
  const home = openHome(invocation.homeDirectory)
  const record = knownFolder(home, folder)
  invocation.output.concern({ folder: record.path, vault: record.vault })
  if (flags.cancel !== undefined) return await cancel(invocation, home, { record, text: flags.cancel })
  const wanted = { path: record.path, role: roleOf(flags.role), expiresMs: parseDuration(flags.expires) }
  const running = await holderOf(home.directory, record.path)
  const invitation =
    running === undefined
      ? await inviteHere(invocation, home, wanted)
      : await running.invite(wanted, { signal: invocation.interrupt.signal })
  tell(invocation, { folder: record.path, vault: record.vault }, invitation)
  if (flags.qr === true) showQr(invocation, invitation.code)
  return 0
}

/** The code as squares, where somebody may scan it from a screen. */
function showQr({ output }: Invocation, code: string): void {
  if (output.json) return
  output.note(output.words.inviteQr({}))
  output.result(renderUnicodeCompact(code, { ecc: 'L', border: 2 }))
}

async function cancel(
  invocation: Invocation,
  home: Home,
  { record, text }: { record: FolderRecord; text: string },
): Promise<ExitCode> {
  const { output } = invocation
  const on = { invocation, home, path: record.path }
  const { invitations } = await membersOf(on)
  const invitation = oneOf(invitations, text)?.id ?? text
  await changeMembers(on, { do: 'cancel', invitation })
  output.line({ event: 'cancel', folder: record.path, vault: record.vault, invitation })
  output.result(output.words.cancelDone({ id: formatId(invitation) }))
  return 0
}

async function inviteHere(invocation: Invocation, home: Home, wanted: Wanted): Promise<Invitation> {
  const engine = await openOwnFolder({ invocation, home, path: wanted.path })
  try {
    return await engine.invite({ role: wanted.role, expiresMs: wanted.expiresMs })
  } finally {
    await engine.close()
  }
}

function tell(
  { output }: Invocation,
  place: { folder: string; vault: string },
  invitation: Invitation,
): void {
  const { words, language } = output
  const { code, role, expiresMs } = invitation
  const expires = new Date(expiresMs).toISOString()
  output.line({ event: 'invite', ...place, code, words: invitation.words, role, expires })
  const roles = { owner: words.roleOwner, writer: words.roleWriter, reader: words.roleReader }
  const until = words.inviteUntil({ role: roles[role]({}), until: formatMoment(expiresMs, language) })
  output.note(`${words.inviteCode({})} ${until}`)
  output.result(code)
  output.note(words.inviteWords({}))
  output.result(invitation.words)
  output.note(words.joinHistory({}))
}
