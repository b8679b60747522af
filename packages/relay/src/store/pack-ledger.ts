// PackLedger: the state of each pack as a row keyed by (vault, pack), and what is charged for it. It shares its transactions with the
// LogStore: an append changes these rows in its own batch, so that nothing ever asks the pack store what it holds.
//
//   reserve → arriving → pend → pending → (append) → claimed ⇄ dropped → bury → gone → forget
import type { PackId, SigningKey, VaultId } from '@grenier/crypto/verify'
import type { PackArrival, PackPlace } from './pack-store.ts'
import type { Quota, Usage } from './usage.ts'

/**
 * `arriving`: reserved, bytes on their way. `pending`: durable, unclaimed. `claimed`: an entry holds it. `dropped`: an owner let go of
 * it, kept for the floor. `gone`: about to be deleted, for good. `lost`: claimed by a log that was put back, bytes not here.
 */
export type PackState = 'arriving' | 'pending' | 'claimed' | 'dropped' | 'gone' | 'lost'

/** The row of one pack. `since`: by the relay's clock, in ms, when it came into this state. */
export interface PackRow {
  readonly state: PackState
  readonly sizeBytes: number
  readonly since: number
  /** Who pays for it as long as nothing claims it: whoever sent it before the vault had a genesis. Otherwise the vault's own record says. */
  readonly chargedTo?: SigningKey | undefined
}

/** A pack with its row. */
export interface LedgerRow extends PackPlace {
  readonly row: PackRow
}

/** A pack that a client wants to send. */
export interface Reservation extends PackArrival {
  /** Who pays, until something claims it, while the vault has no genesis yet; afterwards the vault's own record says. */
  readonly chargedTo: SigningKey
  readonly quota: Quota
  readonly now: number
}

/** What became of a reservation. */
export type ReserveResult =
  /** Begin the upload, then `pend`. */
  | { readonly result: 'reserved' }
  /** The bytes are here already: nothing to send. A pending one's 24 hours start again. */
  | { readonly result: 'held'; readonly state: 'pending' | 'claimed' | 'dropped' }
  /** The pack of this name has another size. */
  | { readonly result: 'size'; readonly sizeBytes: number }
  | { readonly result: 'quota' }
  /** It is being deleted at this moment: try again shortly. */
  | { readonly result: 'busy' }

/**
 * Rows by (vault, pack), and usage by identity, always true together. Every change is atomic; all but `reserve` and `release` are durable when they
 * resolve, and many at once share one flush.
 */
export interface PackLedger {
  /** The rows of these packs, in the order asked; undefined where there is none. */
  rows(vault: VaultId, packs: readonly PackId[]): Promise<readonly (PackRow | undefined)[]>
  /** Announces a pack before its bytes come: charges it, and holds the sweep off. Idempotent. Not durable by itself. */
  reserve(reservation: Reservation): Promise<ReserveResult>
  /**
   * After the pack store holds it durably: arriving becomes pending, lost becomes claimed. Idempotent. `unreserved`: the reservation
   * was swept meanwhile, the bytes will be deleted, start again. An upload takes less than 24 hours.
   */
  pend(arrival: PackArrival, now: number): Promise<'pending' | 'claimed' | 'dropped' | 'unreserved'>
  /** Its bytes will not come: an arriving pack is forgotten, with its charge. Nothing happens to one in any other state. */
  release(place: PackPlace): Promise<void>
  /** Up to `limit` packs of a vault that are lost, in order of name, after `after`. */
  lost(vault: VaultId, after: PackId | undefined, limit: number): Promise<readonly PackId[]>
  /** What is charged to an identity, over all its vaults. */
  usage(identity: SigningKey): Promise<Usage>
  /** What one vault takes up. */
  vaultUsage(vault: VaultId): Promise<Usage>
  /** Up to `limit` packs that may be deleted: gone ones, unclaimed for 24 hours, dropped and past their vault's floor (at least 24 hours). */
  due(now: number, limit: number): Promise<readonly PackPlace[]>
  /**
   * Looks at each row again and makes those that are still due `gone`: from here on nothing can claim or restore them, and nobody is
   * charged for them. Returns these. Delete their bytes, then `forget`.
   */
  bury(places: readonly PackPlace[], now: number): Promise<readonly PackPlace[]>
  /** Deletes the rows of packs that are gone, after their bytes were deleted. */
  forget(places: readonly PackPlace[]): Promise<void>
  /** Every row of one vault or of all, in order of vault and pack. */
  list(vault?: VaultId): AsyncIterable<LedgerRow>
}
