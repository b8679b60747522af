// What the engine asks of a relay: one logged-in connection, over whatever carries frames.
import type { EntryHash, PackId, SealedBytes, VaultId } from '@grenier/crypto'
import type { VaultFacts } from './relay-account.ts'

export interface RelayHead {
  readonly sequence: number
  readonly hash: EntryHash
  readonly at: number
}

/** An entry as the relay hands it out: whole, or retired to its body hash. */
export type RelayEntry =
  | { readonly sequence: number; readonly entry: Uint8Array }
  | { readonly sequence: number; readonly bodyHash: Uint8Array }

export type PackState = 'absent' | 'pending' | 'claimed' | 'dropped'

/** An entry of an owner's, and the body hashes of those between the relay's head and it, one behind the other. */
export interface OwnersWord {
  readonly bodyHashes: Uint8Array
  readonly entry: Uint8Array
}

/**
 * One connection, logged in. Methods may be called at any time, in any number: requests are pipelined. They reject with
 * `ClientError` `relay-unreachable` (retryable) when the connection ends first, `relay-refused` with `data.reason` when the
 * relay says no.
 */
export interface RelaySession {
  /** undefined when the relay has no such vault, or hides it from this key. */
  head(vault: VaultId): Promise<RelayHead | undefined>
  /** Entries from `from` up to the head, in order, streamed in bounded pieces. */
  entries(vault: VaultId, from: number): AsyncIterable<RelayEntry>
  /**
   * Compare-and-append of one entry (a genesis makes the vault). Resolves when durable. `moved` brings nothing: ask `entries`.
   * Packs put before on this session need not have been acknowledged yet: the relay waits for them. Appends need not wait for each
   * other either: they take effect in the order of their sequence numbers.
   */
  append(vault: VaultId, entry: Uint8Array): Promise<'appended' | 'moved'>
  /**
   * Gives back an entry that the relay lost, where it stood; resolves when it stands there durably, as it may have all along. `moved`: the
   * log has another one there, or ends before it.
   */
  putBack(vault: VaultId, entry: Uint8Array): Promise<'stands' | 'moved'>
  /** On this session, entries of which an owner said by a later one that they stood there may be put back without their packs by anybody. */
  vouch(vault: VaultId, word: OwnersWord): Promise<void>
  /** What it takes up, and whether an owner wished it to be deleted. */
  vaultFacts(vault: VaultId): Promise<VaultFacts>
  /** Packs that the log claims and the relay does not hold, as it says. */
  lost(vault: VaultId): Promise<readonly PackId[]>
  have(vault: VaultId, packs: readonly PackId[]): Promise<readonly PackState[]>
  /** Resolves when the relay holds the pack durably. */
  put(vault: VaultId, pack: { readonly id: PackId; readonly bytes: SealedBytes }): Promise<void>
  /** Exactly `length` bytes from `offset`; undefined when the relay says that it lacks the pack. */
  get(
    vault: VaultId,
    pack: PackId,
    range: { offset: number; length: number },
  ): Promise<Uint8Array | undefined>
  /**
   * From now on, calls `moved` when the log of the vault grows, with the entry that was pushed, in order. Entries that this session
   * appended itself are not pushed: `append` said so. `moved` must not throw. Ends with the session.
   */
  subscribe(vault: VaultId, moved: (entry: RelayEntry) => void): Promise<void>
  /** The relay's clock, estimated: added to the local clock it gives the relay's, ms. */
  readonly clockOffsetMs: number
  /** Changes when the relay's store was made anew or restored; only the wording depends on it. Hex. */
  readonly incarnation: string
  /** Bytes sent and received on this connection so far. */
  readonly traffic: { readonly sentBytes: number; readonly receivedBytes: number }
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<Error | undefined>
  close(): Promise<void>
}
