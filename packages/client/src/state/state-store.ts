// The device's state for one vault, as ordered keys and values. Reads are synchronous, so that the fold and the trees are plain code.

/** One write. Keys order by code unit; values are bytes. */
export type StateWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/**
 * An ordered store. A batch is atomic. What was written before the last `flush: true` survives a crash; what came after may be
 * lost from the end, batch by batch, never in part.
 */
export interface StateStore {
  get(key: string): Uint8Array | undefined
  /** Entries with from ≤ key < to, in order. Sees the batches that resolved before it began. */
  range(range: {
    from: string
    to: string
    limit?: number
    reverse?: boolean
  }): AsyncIterable<readonly [string, Uint8Array]>
  batch(writes: readonly StateWrite[], options: { flush: boolean }): Promise<void>
  close(): Promise<void>
}
