// The hoster's requests, done on the stores: the same whether the relay runs or not.
import { fromHex, toHex, type Random } from '@grenier/crypto/verify'
import type { Account } from '../account/account-store.ts'
import { makeRegistrationCode, registrationCodeHash } from '../account/registration-code.ts'
import type { RegistrationInvitation } from '../account/registration-store.ts'
import { RelayError } from '../errors.ts'
import { accountsListed } from '../limits.ts'
import type { Stores } from '../store/stores.ts'
import { usedBytes } from '../store/usage.ts'
import type { AccountView, AdminRequest, AdminResult, InvitationView } from './admin-request.ts'

/** Characters of an invitation's id: enough that no two are alike. */
const idChars = 16
const defaultPlan = 'default'

/** What is administered. `core`: only of a relay that runs. */
export interface Administered {
  readonly stores: Stores
  readonly random: Random
  readonly now: () => number
  readonly core?:
    | { readonly connections: number; readonly deletionsHeld: boolean; confirmClock(): Promise<void> }
    | undefined
}

/** Does what is asked. @throws RelayError `unknown-name`, `usage` */
export async function administer(relay: Administered, request: AdminRequest): Promise<AdminResult> {
  switch (request.command) {
    case 'invite-create':
      return await inviteCreate(relay, request)
    case 'invite-list':
      return await inviteList(relay)
    case 'invite-revoke':
      return await inviteRevoke(relay, request.name)
    case 'account-list':
      return await accountList(relay, request.after)
    case 'account-show':
      return await accountShow(relay, request.identity)
    case 'status':
      return { connections: running(relay).connections, deletionsHeld: running(relay).deletionsHeld }
    case 'confirm-clock':
      await running(relay).confirmClock()
      return {}
  }
}

function running({ core }: Administered): NonNullable<Administered['core']> {
  if (core === undefined)
    throw new RelayError('usage', 'no relay runs on this data folder', { data: { what: 'no-relay' } })
  return core
}

async function inviteCreate(
  { stores, random, now }: Administered,
  request: Extract<AdminRequest, { command: 'invite-create' }>,
): Promise<AdminResult<'invite-create'>> {
  const code = makeRegistrationCode(random)
  const createdAt = now()
  const invitation: RegistrationInvitation = {
    codeHash: registrationCodeHash(code),
    plan: request.plan ?? defaultPlan,
    usesMax: request.uses,
    used: 0,
    createdAt,
    expiresAt: createdAt + request.lifeMs,
  }
  if (!(await stores.registration.invite(invitation)))
    throw new RelayError('unknown-name', 'no such plan', { data: { name: invitation.plan } })
  return { code, invitation: invitationView(invitation, createdAt) }
}

async function inviteList({ stores, now }: Administered): Promise<AdminResult<'invite-list'>> {
  const invitations = await stores.registration.invitations()
  return { invitations: invitations.map((invitation) => invitationView(invitation, now())) }
}

function invitationView(invitation: RegistrationInvitation, now: number): InvitationView {
  const { codeHash, plan, usesMax: uses, used, expiresAt } = invitation
  return {
    id: toHex(codeHash).slice(0, idChars),
    plan,
    uses,
    used,
    expiresAt,
    state: stateOf(invitation, now),
  }
}

function stateOf(
  { revokedAt, used, usesMax, expiresAt }: RegistrationInvitation,
  now: number,
): InvitationView['state'] {
  if (revokedAt !== undefined) return 'revoked'
  if (used >= usesMax) return 'used'
  return expiresAt <= now ? 'expired' : 'valid'
}

// A code has 26 characters, an id 16: neither is taken for the other.
async function inviteRevoke(
  { stores, now }: Administered,
  name: string,
): Promise<AdminResult<'invite-revoke'>> {
  const prefix = /^(?:[0-9a-f]{2}){4,12}$/.test(name) ? fromHex(name) : registrationCodeHash(name)
  const revoked = await stores.registration.revoke(prefix, now())
  if (revoked === 0) throw new RelayError('unknown-name', 'no such invitation', { data: { name } })
  return { revoked }
}

async function accountList(
  { stores }: Administered,
  after: string | undefined,
): Promise<AdminResult<'account-list'>> {
  const from = after === undefined ? undefined : (await find(stores, after)).identity
  const found = await stores.accounts.list(from, accountsListed)
  const accounts: AccountView[] = []
  for (const account of found) accounts.push(await accountView(stores, account))
  return { accounts, last: found.length < accountsListed }
}

async function accountShow({ stores }: Administered, name: string): Promise<AdminResult<'account-show'>> {
  const account = await find(stores, name)
  const vaults = await stores.logs.vaultsOf(account.identity)
  return { account: { ...(await accountView(stores, account)), vaults: vaults.map(toHex) } }
}

// Accounts are in order of identity: those that begin so stand together.
async function find(stores: Stores, name: string): Promise<Account> {
  const found: Account[] = []
  for (let after: Account['identity'] | undefined; ;) {
    const page = await stores.accounts.list(after, accountsListed)
    found.push(...page.filter(({ identity }) => toHex(identity).startsWith(name)))
    after = page.at(-1)?.identity
    if (page.length < accountsListed) break
  }
  const [account] = found
  if (account === undefined) throw new RelayError('unknown-name', 'no such account', { data: { name } })
  if (found.length > 1) throw new RelayError('usage', `${name}: more than one account begins so`)
  return account
}

async function accountView(stores: Stores, account: Account): Promise<AccountView> {
  const usage = await stores.ledger.usage(account.identity)
  return {
    identity: toHex(account.identity),
    plan: account.plan.name,
    state: account.suspended ? 'suspended' : 'open',
    openedAt: account.openedAt,
    quotaBytes: account.plan.bytesMax,
    usedBytes: usedBytes(usage),
    entries: usage.entries,
    vaultCount: usage.vaults,
    devices: account.devices.map(({ device, addedAt, withdrawnAt }) => ({
      device: toHex(device),
      addedAt,
      ...(withdrawnAt === undefined ? {} : { withdrawnAt }),
    })),
  }
}
