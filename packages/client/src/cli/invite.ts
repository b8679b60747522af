// `grenier invite`: one code for one more device. Asked of the running `sync` where one holds the folder.
import type { Invitation } from '../engine/api.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { holderOf } from './control-client.ts'
import { knownFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { openOwnFolder } from './open-own-folder.ts'
import { formatMoment, parseDuration } from './quantities.ts'
import { usageError } from './usage-error.ts'

export interface InviteFlags {
  readonly role: string
  readonly expires: string
}

interface Wanted {
  readonly path: string
  readonly role: Invitation['role']
  readonly expiresMs: number
}

/** Prints the code, once. @throws ClientError */
export async function invite(invocation: Invocation, folder: string, flags: InviteFlags): Promise<ExitCode> {
  const home = openHome(invocation.homeDirectory)
  const record = knownFolder(home, folder)
  invocation.output.concern({ folder: record.path, vault: record.vault })
  const wanted = { path: record.path, role: roleOf(flags.role), expiresMs: parseDuration(flags.expires) }
  const running = await holderOf(home.directory, record.path)
  const invitation =
    running === undefined
      ? await inviteHere(invocation, home, wanted)
      : await running.invite(wanted, { signal: invocation.interrupt.signal })
  tell(invocation, { folder: record.path, vault: record.vault }, invitation)
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

function roleOf(text: string): Invitation['role'] {
  if (text === 'owner' || text === 'writer' || text === 'reader') return text
  throw usageError('role', text)
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
