// What the command asks of a relay about the person's account, beside the vaults of relay-session.ts.
import type { SigningKey, VaultId } from '@grenier/crypto'

export interface AccountFacts {
  readonly plan: string
  readonly quotaBytes: number
  /** Live, pending and kept after a drop. */
  readonly usedBytes: number
}

/** The same connection, seen from the account. Rejects as RelaySession does. */
export interface RelayAccount {
  /** Logged in by the identity: makes the account, or adds the device of this encoded certificate. `invite`: the hoster's code. */
  openAccount(certificate: Uint8Array, invite?: string): Promise<void>
  /** The vaults that this key may see, rising. For a one-time key: those where its invitation is open. */
  vaults(): Promise<readonly VaultId[]>
  account(): Promise<AccountFacts>
  /** Logged in by the identity: the relay lets this device in no more. */
  withdrawDevice(device: SigningKey): Promise<void>
  /** Logged in by the identity: its account is that of the new one from here on, which signs `renewAccountBytes`. */
  renewAccount(identity: SigningKey, signature: Uint8Array): Promise<void>
}
