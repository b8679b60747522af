// AccountStore over Rows.
import { equal, fromHex, signingKey, type SigningKey } from '@grenier/crypto/verify'
import { under, type Rows, type RowsView } from '../store/rows.ts'
import {
  accountKey,
  accountOf,
  builtInPlan,
  decodeAccountRow,
  decodeInvitation,
  defaultPlanName,
  deviceIn,
  deviceKey,
  encodeAccountRow,
  encodeInvitation,
  invitationKey,
  readPlan,
  type AccountRow,
} from './account-rows.ts'
import type {
  Account,
  AccountChange,
  AccountDevice,
  AccountOpening,
  AccountOpeningResult,
  AccountStore,
  DeviceOwner,
} from './account-store.ts'
import type { Plan } from './registration-store.ts'

/** @see AccountStore */
export class RowsAccountStore implements AccountStore {
  readonly #rows: Rows
  readonly #defaultPlan: Plan

  constructor(rows: Rows, defaultPlan: Plan = builtInPlan) {
    this.#rows = rows
    this.#defaultPlan = defaultPlan
  }

  async find(identity: SigningKey): Promise<Account | undefined> {
    await Promise.resolve()
    return accountOf(this.#rows, identity, this.#defaultPlan)
  }

  async findDevice(device: SigningKey): Promise<DeviceOwner | undefined> {
    await Promise.resolve()
    const bytes = this.#rows.get(deviceKey(device))
    if (bytes === undefined) return undefined
    const identity = signingKey(bytes)
    const row = this.#rows.get(accountKey(identity))
    const found = row === undefined ? undefined : deviceIn(row, device)
    return found === undefined ? undefined : { identity, withdrawn: found.withdrawn }
  }

  open(opening: AccountOpening): Promise<AccountOpeningResult> {
    return this.#rows.commit((view) => openIn(view, opening, this.#defaultPlan))
  }

  withdraw({
    identity,
    device,
    now,
  }: {
    identity: SigningKey
    device: SigningKey
    now: number
  }): Promise<boolean> {
    return this.#rows.commit((view) => {
      const row = readRow(view, identity)
      if (row?.devices.some((one) => equal(one.device, device)) !== true) return false
      const devices = row.devices.map((one) =>
        equal(one.device, device) ? { ...one, withdrawnAt: one.withdrawnAt ?? now } : one,
      )
      view.put(accountKey(identity), encodeAccountRow({ ...row, devices }))
      return true
    })
  }

  renew({
    old,
    renewed,
  }: {
    old: SigningKey
    renewed: SigningKey
  }): Promise<'renewed' | 'unknown' | 'taken'> {
    return this.#rows.commit((view) => {
      const row = readRow(view, old)
      if (row === undefined) return 'unknown'
      if (readRow(view, renewed) !== undefined) return 'taken'
      for (const { device } of row.devices) view.put(deviceKey(device), renewed)
      view.put(accountKey(renewed), encodeAccountRow(row))
      view.del(accountKey(old))
      return 'renewed'
    })
  }

  change(identity: SigningKey, change: AccountChange): Promise<boolean> {
    return this.#rows.commit((view) => {
      const row = readRow(view, identity)
      if (row === undefined) return false
      const plan = change.plan ?? row.plan
      if (change.plan !== undefined && readPlan(view, plan, this.#defaultPlan) === undefined) return false
      const suspended = change.suspended ?? row.suspended
      view.put(accountKey(identity), encodeAccountRow({ ...row, plan, suspended }))
      return true
    })
  }

  async list(after: SigningKey | undefined, limit: number): Promise<readonly Account[]> {
    const { from, to } = under('account/')
    const range = { from: after === undefined ? from : `${accountKey(after)}0`, to, limit }
    const found: Account[] = []
    for await (const [key] of this.#rows.range(range)) {
      const identity = signingKey(fromHex(key.slice('account/'.length)))
      const account = accountOf(this.#rows, identity, this.#defaultPlan)
      if (account !== undefined) found.push(account)
    }
    return found
  }

  remove(identity: SigningKey): Promise<boolean> {
    return this.#rows.commit((view) => {
      const row = readRow(view, identity)
      if (row === undefined) return false
      for (const { device } of row.devices) view.del(deviceKey(device))
      view.del(accountKey(identity))
      return true
    })
  }
}

function readRow(view: Pick<RowsView, 'get'>, identity: SigningKey): AccountRow | undefined {
  const bytes = view.get(accountKey(identity))
  return bytes === undefined ? undefined : decodeAccountRow(bytes)
}

function openIn(view: RowsView, opening: AccountOpening, fallback: Plan): AccountOpeningResult {
  const { identity, device, certificate, now } = opening
  const owner = view.get(deviceKey(device))
  if (owner !== undefined && !equal(owner, identity)) return 'device-refused'
  const row = readRow(view, identity)
  const known = row?.devices.find((one) => equal(one.device, device))
  if (known !== undefined) return known.withdrawnAt === undefined ? 'known' : 'device-refused'
  const added: AccountDevice = { device, certificate, addedAt: now }
  if (row !== undefined) {
    const devicesMax = accountOf(view, identity, fallback)?.plan.devicesMax ?? 0
    if (row.devices.filter((one) => one.withdrawnAt === undefined).length >= devicesMax)
      return 'too-many-devices'
    writeDevice(view, opening, { ...row, devices: sorted([...row.devices, added]) })
    return 'device-added'
  }
  const plan = admit(view, opening)
  if (plan === 'registration-closed' || plan === 'invitation-wrong') return plan
  writeDevice(view, opening, { plan: plan.name, suspended: false, openedAt: now, devices: [added] })
  return 'opened'
}

// Says with which plan a new account may be opened, and spends one use of the invitation.
function admit(
  view: RowsView,
  { registration, codeHash, now }: AccountOpening,
): { readonly name: string } | 'registration-closed' | 'invitation-wrong' {
  if (registration === 'closed') return 'registration-closed'
  if (codeHash === undefined) return registration === 'open' ? { name: defaultPlanName } : 'invitation-wrong'
  const bytes = view.get(invitationKey(codeHash))
  if (bytes === undefined) return 'invitation-wrong'
  const invitation = decodeInvitation(bytes)
  const { used, usesMax, expiresAt, revokedAt } = invitation
  if (revokedAt !== undefined || used >= usesMax || expiresAt <= now) return 'invitation-wrong'
  view.put(invitationKey(codeHash), encodeInvitation({ ...invitation, used: used + 1 }))
  return { name: invitation.plan }
}

function writeDevice(view: RowsView, { identity, device }: AccountOpening, row: AccountRow): void {
  view.put(deviceKey(device), identity)
  view.put(accountKey(identity), encodeAccountRow(row))
}

function sorted(devices: readonly AccountDevice[]): readonly AccountDevice[] {
  return devices.toSorted((a, b) => Buffer.compare(a.device, b.device))
}
