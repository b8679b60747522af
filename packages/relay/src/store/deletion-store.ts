// DeletionStore: what owners wished about the deletion of vaults, and the end of a vault. It trusts its caller to have checked signature
// and right; what it decides itself, in its own transactions, is the order of wishes, the floor and the head. It shares its transactions with
// the LogStore.
//
//   wish(delete) → asked → finish → deleted → wish(keep) → unknown
//   wish(keep) before finish: asked → kept
import type { SigningKey, VaultId } from '@grenier/crypto/verify'
import type { DeletionWish } from '@grenier/protocol'
import type { LogHead } from './log-store.ts'

/** An owner's wish, as it was signed. `at`: ms, the signer's estimate of the relay's clock. */
export interface SignedWish {
  readonly wish: DeletionWish
  readonly keyKind: 'device' | 'identity'
  readonly key: SigningKey
  readonly at: number
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** The latest wish about a vault that is here. `finalAt`: when a wish to delete becomes final as things are; undefined for one to keep. */
export interface KeptWish {
  readonly signed: SignedWish
  readonly finalAt: number | undefined
}

/** A vault that was deleted. `state`: the encoded LogState as it was in the end: who was an owner, who was a member. */
export interface DeletedVault {
  readonly signed: SignedWish
  readonly state: Uint8Array
}

/**
 * What became of a wish. `revived`: the vault was deleted, and that is forgotten: nothing of it is here. `replayed`: one as late, or later, is kept
 * already. `sweeping`: what is left of the vault is being deleted now.
 */
export type WishResult = 'kept' | 'revived' | 'unknown' | 'replayed' | 'sweeping'

/** Wishes and ends of vaults. Every change is atomic, and durable when it resolves. */
export interface DeletionStore {
  /** The latest wish about a vault that is here; undefined when there is none. */
  wish(vault: VaultId, now: number): Promise<KeptWish | undefined>
  /** A vault that was deleted; undefined for one that is here, or never was. */
  deleted(vault: VaultId): Promise<DeletedVault | undefined>
  /** Keeps a wish. The floor counts from the first of wishes to delete by the same key. About a vault that was deleted: `keep` forgets that it was, `delete` is `replayed`. */
  keep(vault: VaultId, signed: SignedWish, now: number): Promise<WishResult>
  /** Vaults whose latest wish is to delete, and whose floor has passed. Up to `limit`. */
  due(now: number, limit: number): Promise<readonly VaultId[]>
  /**
   * Looks again, and makes the deletion final: from here on the vault is unknown, and its id taken. false when the head is another one than
   * the one that was judged, or when it is not due.
   */
  finish(vault: VaultId, head: LogHead, now: number): Promise<boolean>
  /** Forgets a wish that counts no more; one that came meanwhile stays. */
  lapse(vault: VaultId, judged: Pick<SignedWish, 'key' | 'at'>): Promise<void>
  /**
   * Takes away up to `limit` rows of vaults that were deleted: entries go, packs become `gone`, nobody is charged for them. Returns how many;
   * 0 when there is nothing left.
   */
  clear(now: number, limit: number): Promise<number>
}
