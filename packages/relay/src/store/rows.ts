// Rows: ordered keys and bytes with atomic, group-committed transactions. What the embedded and the memory stores are built on, so that
// their rules are written once. Keys are ASCII; nothing here knows what they mean.

/** What a transaction sees: everything committed before it, and its own writes. Synchronous, so that nothing comes between. */
export interface RowsView {
  get(key: string): Uint8Array | undefined
  put(key: string, value: Uint8Array): void
  del(key: string): void
}

/** Keys with from ≤ key < to. */
export interface RowsRange {
  readonly from: string
  readonly to: string
  readonly limit?: number | undefined
}

/** An ordered store with transactions. */
export interface Rows {
  /** How many flushes to disk were made so far. */
  readonly flushes: number
  /** A committed row. The bytes belong to the caller only for reading. */
  get(key: string): Uint8Array | undefined
  /** Committed rows in order of key, as they were when the loop began. */
  range(range: RowsRange): AsyncIterable<readonly [string, Uint8Array]>
  /**
   * Runs `decide` on its own, one transaction after the other, and resolves with what it returned once its writes are kept; durable
   * unless said otherwise. Transactions that wait at the same time share one flush. If `decide` throws, nothing of it is written.
   * @throws RelayError `disk-full`, `data-broken`, `store-closed`
   */
  commit<T>(decide: (view: RowsView) => T, options?: { durable: boolean }): Promise<T>
  /** Waits for what was asked for before. Idempotent. */
  close(): Promise<void>
}

/** The range of all keys that begin with `prefix`, which ends in `/`. */
export function under(prefix: string): { from: string; to: string } {
  return { from: prefix, to: `${prefix.slice(0, -1)}0` }
}
