// LogStore: the logs of all vaults, in order, with compare-and-append. It trusts its caller to have judged the entry (signature,
// right, chain); what it decides itself, inside its own transaction, is the head, the states of packs and the quota.
import type { BodyHash, EntryHash, PackId, SigningKey, VaultId } from '@grenier/crypto/verify'
import type { Quota } from './usage.ts'

/** Where a log stands. `at`: the header's time of that entry, in ms. */
export interface LogHead {
  readonly sequence: number
  readonly hash: EntryHash
  readonly at: number
}

/** What the relay keeps of a vault beside its entries and packs. */
export interface VaultRecord {
  readonly head: LogHead
  /** The identity of the genesis (as renewed), to which everything here is charged. */
  readonly chargedTo: SigningKey
  /**
   * The encoded LogState as given with the latest append that had one. Non-spine entries change nothing in it but the head, so they
   * come without: its own head may be older than `head`, which is the true one.
   */
  readonly state: Uint8Array
}

/** A pack that an entry adds or restores, as its header names it. */
export interface ClaimedPack {
  readonly id: PackId
  readonly sizeBytes: number
}

/** One entry to be added, judged already, with everything that changes with it. */
export interface Append {
  readonly vault: VaultId
  /** The head that the entry follows; undefined for a genesis. Compared inside the transaction. */
  readonly previous: { readonly sequence: number; readonly hash: EntryHash } | undefined
  /** The head that it makes. */
  readonly head: LogHead
  readonly bodyHash: BodyHash
  /** The entry's exact bytes; undefined when a retired one is put back, of which only the body hash is left. */
  readonly bytes: Uint8Array | undefined
  /** Spine entries are never retired. */
  readonly spine: boolean
  /** Pending packs that become claimed. */
  readonly added: readonly ClaimedPack[]
  /** Dropped packs that become claimed again. */
  readonly restored: readonly ClaimedPack[]
  /** Claimed packs that become dropped, from `now` on. */
  readonly dropped: readonly PackId[]
  /** `lost` when a restored log is put back: packs that are not here are claimed all the same and marked as lost. */
  readonly absentPacks: 'refuse' | 'lost'
  /** Of a `prune`: non-spine entries up to `upTo` may retire once the floor has passed, but not the one at `checkpoint`. */
  readonly prune?: { readonly upTo: number; readonly checkpoint: number } | undefined
  /** With spine entries: the encoded LogState after this entry. Required for a genesis. */
  readonly state?: Uint8Array | undefined
  /** With spine entries: all keys that the vault knows after it (devices, identities, open invites; who left, too). Kept otherwise. */
  readonly members?: readonly SigningKey[] | undefined
  /** With spine entries: the retention floor in force after it, in ms. Required for a genesis. Lowering it is held back here. */
  readonly retentionMs?: number | undefined
  /** Required for a genesis; later only when the identity was renewed: all that the vault uses moves along. */
  readonly chargedTo?: SigningKey | undefined
  /** Held against what is charged after this entry. For entries that free space or protect (drop, prune, member): `protectingQuota`. */
  readonly quota?: Quota | undefined
  /** The relay's clock, in ms: from when a drop or prune counts. */
  readonly now: number
}

/** What became of an append. Anything but `appended` changed nothing. */
export type AppendResult =
  | { readonly result: 'appended' }
  /** The log stands elsewhere; undefined when there is no such vault. */
  | { readonly result: 'head-moved'; readonly head: LogHead | undefined }
  /** `absent`: not held in a state that allows it; `wrong`: held with another size, or named twice. */
  | { readonly result: 'packs'; readonly absent: readonly PackId[]; readonly wrong: readonly PackId[] }
  | { readonly result: 'quota'; readonly what: 'bytes' | 'entries' | 'vaults' }

/** An entry as it is kept: whole, or retired to its body hash. */
export type StoredEntry =
  | { readonly sequence: number; readonly bytes: Uint8Array }
  | { readonly sequence: number; readonly bodyHash: BodyHash }

/** An entry that was just made durable. `bytes` may be left out where it came from another process. */
export interface AppendedEntry {
  readonly vault: VaultId
  readonly sequence: number
  readonly bytes?: Uint8Array | undefined
}

/**
 * Logs by vault. Appends are atomic, ordered and durable when they resolve; many at once share one flush. Reads see every append that
 * resolved before they began.
 */
export interface LogStore {
  /** 16 random bytes made with the store and kept with it. */
  readonly incarnation: Uint8Array
  /** undefined when there is no genesis. */
  vault(vault: VaultId): Promise<VaultRecord | undefined>
  /**
   * Entries from sequence `from` on, consecutive and in order, up to `limitBytes` in all, but at least one where there is one. Empty
   * beyond the head and for an unknown vault.
   */
  entries(vault: VaultId, from: number, limitBytes: number): Promise<readonly StoredEntry[]>
  /** Compares the head and appends, with all that goes with it, in one transaction. Durable when it resolves. */
  append(append: Append): Promise<AppendResult>
  /** Vaults that name this key among their `members`, in order of id. */
  vaultsOf(key: SigningKey): Promise<readonly VaultId[]>
  /** Calls back for each durable append, in order of sequence within a vault, also for those of other processes. Returns how to stop. */
  watch(listener: (entry: AppendedEntry) => void): () => void
  /** Retires up to `limit` entries whose prune is older than the floor. Returns how many; fewer than `limit` when there are no more. */
  retire(now: number, limit: number): Promise<number>
}
