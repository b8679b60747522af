// `grenier invite`: one code for one more device. Asked of the running `sync` where one holds the folder.
import { renderUnicodeCompact } from 'uqr'
import type { Invitation } from '../engine/api.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { atHolder, withEngine } from './at-holder.ts'
import { knownFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { changeMembers, membersOf, oneOf, roleOf } from './members.ts'
import { formatId, formatMoment, parseDuration } from './quantities.ts'

export interface InviteFlags {
  readonly role: string
  readonly expires: string
  readonly qr?: boolean | undefined
  readonly cancel?: string | undefined
}

/** Prints the code, once; or takes an open invitation back. @throws ClientError */
export async function invite(invocation: Invocation, folder: string, flags: InviteFlags): Promise<ExitCode> {
  const home = openHome(invocation.homeDirectory)
  const record = knownFolder(home, folder)
  invocation.output.concern({ folder: record.path, vault: record.vault })
  if (flags.cancel !== undefined) return await cancel(invocation, home, { record, text: flags.cancel })
  const wanted = { path: record.path, role: roleOf(flags.role), expiresMs: parseDuration(flags.expires) }
  const invitation = await atHolder(home, record.path, {
    ask: (holder) => holder.invite(wanted, { signal: invocation.interrupt.signal }),
    here: () =>
      withEngine({ invocation, home, path: record.path }, (engine) =>
        engine.invite({ role: wanted.role, expiresMs: wanted.expiresMs }),
      ),
  })
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
