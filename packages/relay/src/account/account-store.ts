// AccountStore: who may use this relay. An account is keyed by identity; its devices come by certificate. What it uses is the
// ledger's (`usage`), because that changes with appends.
import type { SigningKey } from '@grenier/crypto/verify'
import type { Plan } from './registration-store.ts'

/** A device of an account. */
export interface AccountDevice {
  readonly device: SigningKey
  /** The encoded certificate, checked by the caller. */
  readonly certificate: Uint8Array
  /** ms, the relay's clock. */
  readonly addedAt: number
  /** When its identity withdrew it; it may not log in from then on, and never comes back. */
  readonly withdrawnAt?: number | undefined
}

/** All that the relay knows of an account, but for its usage. */
export interface Account {
  readonly identity: SigningKey
  /** The plan in force; the default plan where the named one is no more. */
  readonly plan: Plan
  /** Suspended accounts may read and take their data away, but add nothing. */
  readonly suspended: boolean
  /** ms, the relay's clock. */
  readonly openedAt: number
  /** In order of key. */
  readonly devices: readonly AccountDevice[]
}

/** Whose a device is. */
export interface DeviceOwner {
  readonly identity: SigningKey
  readonly withdrawn: boolean
}

/** Opens an account, or adds a device to one: the certificate was checked by the caller. */
export interface AccountOpening {
  readonly identity: SigningKey
  readonly device: SigningKey
  readonly certificate: Uint8Array
  readonly registration: 'open' | 'invite' | 'closed'
  /** The hash of a registration code (`registrationCodeHash`), where one was given. */
  readonly codeHash?: Uint8Array | undefined
  readonly now: number
}

export type AccountOpeningResult =
  /** A new account; one use of the invitation is spent. */
  | 'opened'
  /** The account was there; the device was added, no invitation needed. */
  | 'device-added'
  /** Both were there: nothing changed. */
  | 'known'
  /** New accounts are not taken. */
  | 'registration-closed'
  /** Not given where one is needed, unknown, expired, revoked or used up: not told apart. */
  | 'invitation-wrong'
  /** The key belongs to another account, or was withdrawn. */
  | 'device-refused'
  /** The plan allows no more devices. */
  | 'too-many-devices'

/** What a hoster may change about an account. */
export interface AccountChange {
  readonly plan?: string | undefined
  readonly suspended?: boolean | undefined
}

/** Accounts by identity. Changes are atomic and durable when they resolve. */
export interface AccountStore {
  find(identity: SigningKey): Promise<Account | undefined>
  findDevice(device: SigningKey): Promise<DeviceOwner | undefined>
  /** Opens or adds; the use of an invitation is spent in the same transaction. */
  open(opening: AccountOpening): Promise<AccountOpeningResult>
  /** Withdraws a device's certificate. False when this account has no such device. Idempotent. */
  withdraw(place: { identity: SigningKey; device: SigningKey; now: number }): Promise<boolean>
  /**
   * Makes an account that of another identity, with its plan and its devices, those withdrawn included. `unknown`: there is none; `taken`: the new
   * identity has one already.
   */
  renew(place: { old: SigningKey; renewed: SigningKey }): Promise<'renewed' | 'unknown' | 'taken'>
  /** False when there is no such account, or no such plan. */
  change(identity: SigningKey, change: AccountChange): Promise<boolean>
  /** Up to `limit` accounts in order of identity, after `after`. */
  list(after: SigningKey | undefined, limit: number): Promise<readonly Account[]>
  /** Removes account and devices; vaults are not its business. False when there was none. */
  remove(identity: SigningKey): Promise<boolean>
}
