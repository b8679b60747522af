// `invite`, `account` and `clock`: asked of the running relay, or done on the stores where none runs.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@grenier/crypto/verify'
import { administer } from '../admin/administer.ts'
import { askAdmin } from '../admin/admin-socket.ts'
import {
  decodeAdminResult,
  type AccountView,
  type AdminRequest,
  type AdminResult,
  type InvitationView,
} from '../admin/admin-request.ts'
import { RelayError } from '../errors.ts'
import { openStores } from '../store/stores-embedded.ts'
import type { Output } from './output.ts'
import { formatSize } from './quantities.ts'

/** Asks the relay of this data folder, running or not. @throws RelayError, `data-missing` in `what` where there is none */
export async function ask<C extends AdminRequest['command']>(
  folder: string,
  request: Extract<AdminRequest, { command: C }>,
): Promise<AdminResult<C>> {
  if (!existsSync(join(folder, 'database')))
    throw new RelayError('unknown-name', 'no data folder', { data: { what: 'data-missing', folder } })
  const answered = await askAdmin<C>(folder, request)
  if (answered !== undefined) return answered
  const now = Date.now
  const stores = await openStores({ folder, random: systemRandom, now: now() })
  try {
    const result = await administer({ stores, random: systemRandom, now }, request)
    const command: C = request.command
    return decodeAdminResult(command, { ok: true, result })
  } finally {
    await stores.close()
  }
}

/** `invite create`: the code on stdout, what it is good for on stderr. */
export async function inviteCreate(
  output: Output,
  folder: string,
  wanted: { plan: string | undefined; uses: number; lifeMs: number },
): Promise<void> {
  const { plan, uses, lifeMs } = wanted
  const request = { command: 'invite-create', uses, lifeMs, ...(plan === undefined ? {} : { plan }) } as const
  const { code, invitation } = await ask<'invite-create'>(folder, request)
  output.data({ event: 'invitation', code, ...invitation }, code)
  output.note('invitationNote', { expires: output.time(invitation.expiresAt), uses: invitation.uses })
}

/** `invite list`. */
export async function inviteList(output: Output, folder: string): Promise<void> {
  const { invitations } = await ask<'invite-list'>(folder, { command: 'invite-list' })
  for (const invitation of invitations) showInvitation(output, invitation)
  if (invitations.length === 0) output.note('invitationsNone')
}

function showInvitation(output: Output, invitation: InvitationView): void {
  const { id, uses, used, expiresAt, state } = invitation
  const fields = { id, uses, left: uses - used, expires: output.time(expiresAt), state: output.say(state) }
  output.data({ event: 'invitation', ...invitation }, output.say('invitationLine', fields))
}

/** `invite revoke`. */
export async function inviteRevoke(output: Output, folder: string, name: string): Promise<void> {
  const { revoked } = await ask<'invite-revoke'>(folder, { command: 'invite-revoke', name })
  output.data({ event: 'revoked', revoked }, output.say('invitationRevoked', { id: name }))
}

/** `account list`. */
export async function accountList(output: Output, folder: string): Promise<void> {
  let after: string | undefined
  for (let last = false; !last;) {
    const page: AdminResult<'account-list'> = await ask<'account-list'>(folder, {
      command: 'account-list',
      ...(after === undefined ? {} : { after }),
    })
    for (const account of page.accounts) showAccount(output, account)
    if (after === undefined && page.accounts.length === 0) output.note('accountsNone')
    after = page.accounts.at(-1)?.identity
    last = page.last
  }
}

function showAccount(output: Output, account: AccountView): void {
  const fields = {
    identity: account.identity,
    used: formatSize(account.usedBytes, output.lang),
    quota: formatSize(account.quotaBytes, output.lang),
    devices: account.devices.length,
    since: output.time(account.openedAt),
    state: output.say(account.state),
  }
  output.data({ event: 'account', ...account }, output.say('accountLine', fields))
}

/** `account show`. */
export async function accountShow(output: Output, folder: string, identity: string): Promise<void> {
  const request = { command: 'account-show', identity: identity.toLowerCase() } as const
  const { account } = await ask<'account-show'>(folder, request)
  showAccount(output, account)
  if (output.json) return
  for (const { device, withdrawnAt } of account.devices) {
    const state = withdrawnAt === undefined ? '' : output.say('withdrawn')
    process.stdout.write(`${output.say('deviceLine', { device, state }).trimEnd()}\n`)
  }
  for (const vault of account.vaults ?? []) process.stdout.write(`${output.say('vaultLine', { vault })}\n`)
}

/** `clock confirm`. */
export async function clockConfirm(output: Output, folder: string): Promise<void> {
  await ask<'confirm-clock'>(folder, { command: 'confirm-clock' })
  output.data({ event: 'clock-confirmed' }, output.say('clockConfirmed'))
}
