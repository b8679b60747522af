// RegistrationStore: what a hoster decides about accounts before they exist: plans, and invitations to register. Codes are kept as
// hashes only: who reads the store learns none.
import type { Quota } from '../store/usage.ts'

/** Limits that come with a plan. */
export interface Plan extends Quota {
  readonly name: string
  readonly devicesMax: number
  /** Bytes a second, both ways together; undefined: as fast as it goes. */
  readonly rateBytesMax?: number | undefined
}

/** An invitation to open accounts here. */
export interface RegistrationInvitation {
  /** 32 bytes, see `registrationCodeHash`. */
  readonly codeHash: Uint8Array
  /** Name of the plan that accounts opened with it get. */
  readonly plan: string
  readonly usesMax: number
  readonly used: number
  /** ms, the relay's clock. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt?: number | undefined
}

/** Plans and invitations. Changes are atomic and durable when they resolve. */
export interface RegistrationStore {
  /** All plans in order of name; there always is `default`. */
  plans(): Promise<readonly Plan[]>
  /** Makes or replaces a plan: accounts that have it feel it at once. */
  setPlan(plan: Plan): Promise<void>
  /** All invitations, oldest first. */
  invitations(): Promise<readonly RegistrationInvitation[]>
  /** Keeps a new invitation. False when its plan is unknown. */
  invite(invitation: RegistrationInvitation): Promise<boolean>
  /** Revokes those whose hash begins so (`hashPrefix`: at least 4 bytes). Returns how many were open until now. */
  revoke(hashPrefix: Uint8Array, now: number): Promise<number>
}
