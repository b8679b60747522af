// RegistrationStore over Rows.
import { toHex } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import { under, type Rows } from '../store/rows.ts'
import {
  builtInPlan,
  decodeInvitation,
  decodePlan,
  defaultPlanName,
  encodeInvitation,
  encodePlan,
  invitationKey,
  planKey,
  readPlan,
} from './account-rows.ts'
import type { Plan, RegistrationInvitation, RegistrationStore } from './registration-store.ts'

/** Shorter prefixes name too many invitations by accident. */
const prefixBytesMin = 4

/** @see RegistrationStore */
export class RowsRegistrationStore implements RegistrationStore {
  readonly #rows: Rows
  readonly #defaultPlan: Plan

  constructor(rows: Rows, defaultPlan: Plan = builtInPlan) {
    this.#rows = rows
    this.#defaultPlan = defaultPlan
  }

  async plans(): Promise<readonly Plan[]> {
    const found: Plan[] = []
    for await (const [, bytes] of this.#rows.range(under('plan/'))) found.push(decodePlan(bytes))
    if (!found.some((plan) => plan.name === defaultPlanName))
      found.push({ ...this.#defaultPlan, name: defaultPlanName })
    return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  setPlan(plan: Plan): Promise<void> {
    return this.#rows.commit((view) => view.put(planKey(plan.name), encodePlan(plan)))
  }

  async invitations(): Promise<readonly RegistrationInvitation[]> {
    const found: RegistrationInvitation[] = []
    for await (const [, bytes] of this.#rows.range(under('invitation/'))) found.push(decodeInvitation(bytes))
    return found.sort((a, b) => a.createdAt - b.createdAt || Buffer.compare(a.codeHash, b.codeHash))
  }

  invite(invitation: RegistrationInvitation): Promise<boolean> {
    return this.#rows.commit((view) => {
      if (readPlan(view, invitation.plan, this.#defaultPlan) === undefined) return false
      view.put(invitationKey(invitation.codeHash), encodeInvitation(invitation))
      return true
    })
  }

  async revoke(hashPrefix: Uint8Array, now: number): Promise<number> {
    if (hashPrefix.length < prefixBytesMin)
      throw new RelayError('unknown-name', 'an invitation is named by more of its hash')
    const from = `invitation/${toHex(hashPrefix)}`
    const named: string[] = []
    for await (const [key] of this.#rows.range({ from, to: `${from}g` })) named.push(key)
    return this.#rows.commit((view) => {
      let open = 0
      for (const key of named) {
        const bytes = view.get(key)
        const invitation = bytes === undefined ? undefined : decodeInvitation(bytes)
        if (invitation === undefined || invitation.revokedAt !== undefined) continue
        if (invitation.used < invitation.usesMax && invitation.expiresAt > now) open++
        view.put(key, encodeInvitation({ ...invitation, revokedAt: now }))
      }
      return open
    })
  }
}
