// What the command asks of a relay about the person's account, beside the vaults of relay-session.ts.
import type { SigningKey, VaultId } from '@grenier/crypto'
import type { DeletionWish } from '@grenier/protocol'

export interface AccountFacts {
  readonly plan: string
  readonly quotaBytes: number
  /** Live, pending and kept after a drop. */
  readonly usedBytes: number
}

/** An owner's wish that a vault be deleted, as the relay tells of it: `signature` proves it. Times in ms, by the relay's clock. */
export interface Deletion {
  readonly keyKind: 'device' | 'identity'
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly at: number
  readonly signature: Uint8Array
  readonly finalAt: number
}

/** What a vault takes up at the relay. */
export interface VaultFacts {
  /** Packs that the log claims. */
  readonly packBytes: number
  /** Packs that were dropped, and are kept for the floor. */
  readonly keptBytes: number
  readonly entryBytes: number
  readonly entries: number
  readonly deletion: Deletion | undefined
}

/** What an owner wishes: `signature` over `deleteVaultBytes`, by the key that logged in. */
export interface OwnersWish {
  readonly wish: DeletionWish
  readonly at: number
  readonly signature: Uint8Array
}

/** What becomes of a wish. `finalAtMs`: when one to delete becomes final; `isRevived`: one to keep came after that, and nothing of the vault is left. */
export interface WishAnswer {
  readonly finalAtMs: number | undefined
  readonly isRevived: boolean
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
  /** Resolves when the wish is kept durably; with `delete` to when it becomes final, by the relay's clock, ms. */
  deleteVault(vault: VaultId, wish: OwnersWish): Promise<WishAnswer>
}
