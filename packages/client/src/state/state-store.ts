// The device's state for one vault, as ordered keys and values. Reads are synchronous, so that the fold and the trees are plain code.

/** One write. Keys are ASCII text and order by character; values are bytes. `state-keys.ts` says who owns which keys. */
export type StateWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/**
 * An ordered store. A batch is atomic. What was written before the last `flush: true` survives a crash; what came after may be
 * lost from the end, batch by batch, never in part. Values handed in or out are never changed afterwards, by either side.
 */
export interface StateStore {
  get(key: string): Uint8Array | undefined
  /** Entries with from ≤ key < to, in order. Sees the batches that resolved before it began, as they were then. */
  range(range: {
    from: string
    to: string
    limit?: number
    reverse?: boolean
  }): AsyncIterable<readonly [string, Uint8Array]>
  /** Applies all or nothing. One at a time: the caller waits for one before it starts the next. */
  batch(writes: readonly StateWrite[], options: { flush: boolean }): Promise<void>
  close(): Promise<void>
}
