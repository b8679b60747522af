// Rows of accounts, plans and invitations: their keys and what stands in them. JSON, checked when read.
import { fromHex, signingKey, toHex, type SigningKey } from '@grenier/crypto/verify'
import * as v from 'valibot'
import { decodeJson, encodeJson } from '../store/row-codec.ts'
import type { RowsView } from '../store/rows.ts'
import type { Account, AccountDevice } from './account-store.ts'
import type { Plan, RegistrationInvitation } from './registration-store.ts'

/** Name of the plan that there always is. */
export const defaultPlanName = 'default'

// What a neighbour's documents and photographs of some years take.
const bytesDefault = 10 * 1024 ** 3
// Limits beside the bytes: far above what people have, far below what hurts the relay.
const entriesDefault = 10_000_000
const vaultsDefault = 1000
const devicesDefault = 100

/** What accounts get where the hoster has said nothing. */
export const builtInPlan: Plan = {
  name: defaultPlanName,
  bytesMax: bytesDefault,
  entriesMax: entriesDefault,
  vaultsMax: vaultsDefault,
  devicesMax: devicesDefault,
}

export const accountKey = (identity: SigningKey): string => `account/${toHex(identity)}`
/** Index of devices: the identity that each belongs to. */
export const deviceKey = (device: SigningKey): string => `device/${toHex(device)}`
export const planKey = (name: string): string => `plan/${toHex(new TextEncoder().encode(name))}`
export const invitationKey = (codeHash: Uint8Array): string => `invitation/${toHex(codeHash)}`

/** An account as it is kept: its plan by name. */
export interface AccountRow {
  readonly plan: string
  readonly suspended: boolean
  readonly openedAt: number
  readonly devices: readonly AccountDevice[]
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const accountSchema = v.strictObject({
  plan: v.string(),
  suspended: v.boolean(),
  openedAt: count,
  devices: v.array(
    v.strictObject({
      device: v.string(),
      certificate: v.string(),
      addedAt: count,
      withdrawnAt: v.optional(count),
    }),
  ),
})
const planSchema = v.strictObject({
  name: v.string(),
  bytesMax: count,
  entriesMax: count,
  vaultsMax: count,
  devicesMax: count,
  rateBytesMax: v.optional(count),
})
const invitationSchema = v.strictObject({
  codeHash: v.string(),
  plan: v.string(),
  usesMax: count,
  used: count,
  createdAt: count,
  expiresAt: count,
  revokedAt: v.optional(count),
})

export function encodeAccountRow(row: AccountRow): Uint8Array {
  const devices = row.devices.map((one) => ({
    ...one,
    device: toHex(one.device),
    certificate: toHex(one.certificate),
  }))
  return encodeJson({ ...row, devices })
}

export function decodeAccountRow(bytes: Uint8Array): AccountRow {
  const row = decodeJson(accountSchema, bytes)
  const devices = row.devices.map((one) => ({
    ...one,
    device: signingKey(fromHex(one.device)),
    certificate: fromHex(one.certificate),
  }))
  return { ...row, devices }
}

/** What an account's row says of one of its devices; undefined where it is none. Of the others nothing is decoded. @throws RelayError `data-broken` */
export function deviceIn(bytes: Uint8Array, device: SigningKey): { readonly withdrawn: boolean } | undefined {
  const name = toHex(device)
  const found = decodeJson(accountSchema, bytes).devices.find((one) => one.device === name)
  return found === undefined ? undefined : { withdrawn: found.withdrawnAt !== undefined }
}

export const encodePlan = (plan: Plan): Uint8Array => encodeJson(plan)
export const decodePlan = (bytes: Uint8Array): Plan => decodeJson(planSchema, bytes)

export function encodeInvitation(invitation: RegistrationInvitation): Uint8Array {
  return encodeJson({ ...invitation, codeHash: toHex(invitation.codeHash) })
}

export function decodeInvitation(bytes: Uint8Array): RegistrationInvitation {
  const row = decodeJson(invitationSchema, bytes)
  return { ...row, codeHash: fromHex(row.codeHash) }
}

/** The plan of that name; undefined when there is none. `default` is what was set, else `fallback`. */
export function readPlan(view: Pick<RowsView, 'get'>, name: string, fallback: Plan): Plan | undefined {
  const bytes = view.get(planKey(name))
  if (bytes !== undefined) return decodePlan(bytes)
  return name === defaultPlanName ? { ...fallback, name: defaultPlanName } : undefined
}

/** An account with its plan in force. */
export function accountOf(
  view: Pick<RowsView, 'get'>,
  identity: SigningKey,
  fallback: Plan,
): Account | undefined {
  const bytes = view.get(accountKey(identity))
  if (bytes === undefined) return undefined
  const row = decodeAccountRow(bytes)
  const plan = readPlan(view, row.plan, fallback) ?? readPlan(view, defaultPlanName, fallback) ?? fallback
  return { ...row, identity, plan }
}
