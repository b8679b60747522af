// What the hoster may ask of a relay, running or not: one request, one answer. Checked at the door like everything else.
import * as v from 'valibot'
import { RelayError } from '../errors.ts'
import { invitationLifeMaxMs, invitationLifeMinMs, invitationUsesMax } from '../limits.ts'

const hexName = v.pipe(v.string(), v.regex(/^[0-9a-f]{8,64}$/))

const adminRequest = v.variant('command', [
  v.strictObject({
    command: v.literal('invite-create'),
    plan: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(64))),
    uses: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(invitationUsesMax)),
    lifeMs: v.pipe(v.number(), v.integer(), v.minValue(invitationLifeMinMs), v.maxValue(invitationLifeMaxMs)),
  }),
  v.strictObject({ command: v.literal('invite-list') }),
  /** By the id that the list shows, or by the code itself. */
  v.strictObject({ command: v.literal('invite-revoke'), name: v.pipe(v.string(), v.maxLength(128)) }),
  v.strictObject({ command: v.literal('account-list'), after: v.optional(hexName) }),
  /** By identity, or by a beginning of it that only one has. */
  v.strictObject({ command: v.literal('account-show'), identity: hexName }),
  v.strictObject({ command: v.literal('status') }),
  /** The clock is right: final deletions go on. */
  v.strictObject({ command: v.literal('confirm-clock') }),
])

/** A request of the hoster. */
export type AdminRequest = v.InferOutput<typeof adminRequest>

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const invitationView = v.object({
  /** The beginning of the code's hash, in hex. */
  id: v.string(),
  plan: v.string(),
  uses: count,
  used: count,
  /** ms. */
  expiresAt: count,
  state: v.picklist(['valid', 'used', 'expired', 'revoked']),
})
const accountView = v.object({
  /** Keys in hex, times in ms. */
  identity: v.string(),
  plan: v.string(),
  state: v.picklist(['open', 'suspended']),
  openedAt: count,
  quotaBytes: count,
  usedBytes: count,
  entries: count,
  vaultCount: count,
  devices: v.array(v.object({ device: v.string(), addedAt: count, withdrawnAt: v.optional(count) })),
  /** Ids of the vaults that the identity is a member of; only in `account-show`. */
  vaults: v.optional(v.array(v.string())),
})

const results = {
  /** The code is shown this once. */
  'invite-create': v.object({ code: v.string(), invitation: invitationView }),
  'invite-list': v.object({ invitations: v.array(invitationView) }),
  'invite-revoke': v.object({ revoked: count }),
  'account-list': v.object({ accounts: v.array(accountView), last: v.boolean() }),
  'account-show': v.object({ account: accountView }),
  status: v.object({ connections: count, deletionsHeld: v.boolean() }),
  'confirm-clock': v.object({}),
} satisfies Record<AdminRequest['command'], v.GenericSchema>

/** An invitation to register. */
export type InvitationView = v.InferOutput<typeof invitationView>
/** An account, as the hoster sees it. */
export type AccountView = v.InferOutput<typeof accountView>
/** What is answered, by the command. */
export type AdminResult<C extends AdminRequest['command'] = AdminRequest['command']> = v.InferOutput<
  (typeof results)[C]
>

/** @throws RelayError `usage` for what is no request */
export function decodeAdminRequest(value: unknown): AdminRequest {
  const checked = v.safeParse(adminRequest, value)
  if (checked.success) return checked.output
  const [issue] = checked.issues
  throw new RelayError('usage', `${v.getDotPath(issue) ?? 'request'}: ${issue.message}`)
}

const envelope = v.variant('ok', [
  v.strictObject({ ok: v.literal(true), result: v.unknown() }),
  v.strictObject({
    ok: v.literal(false),
    code: v.picklist(['usage', 'unknown-name', 'internal']),
    message: v.string(),
    data: v.record(v.string(), v.union([v.string(), v.number()])),
  }),
])

/** An answer as it goes over the socket. */
export type AdminEnvelope = v.InferOutput<typeof envelope>

/** The result in an answer. @throws RelayError with the code that the relay gave; `admin-failed` for what is no answer */
export function decodeAdminResult<C extends AdminRequest['command']>(
  command: C,
  value: unknown,
): AdminResult<C> {
  const checked = v.safeParse(envelope, value)
  if (!checked.success) throw new RelayError('admin-failed', 'not an answer of this version')
  const answer = checked.output
  if (!answer.ok) throw new RelayError(answer.code, answer.message, { data: answer.data })
  const result = v.safeParse(results[command], answer.result)
  if (!result.success) throw new RelayError('admin-failed', 'not an answer of this version')
  return result.output
}

/** The answer for a failure. */
export function failureEnvelope(error: unknown): AdminEnvelope {
  if (error instanceof RelayError && (error.code === 'usage' || error.code === 'unknown-name'))
    return { ok: false, code: error.code, message: error.message, data: { ...error.data } }
  return { ok: false, code: 'internal', message: 'the relay failed', data: {} }
}
