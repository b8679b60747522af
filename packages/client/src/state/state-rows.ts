// Rows of the state beside the trees, as those who keep tables in them see them: `TreesStore` and its transaction are both.

/** Reads of other rows of the state. */
export interface StateRows {
  other(key: string): Uint8Array | undefined
}

/** Writes that go with the transaction's batch, and that it reads itself. */
export interface StateRowsWriter extends StateRows {
  put(key: string, value: Uint8Array): void
  del(key: string): void
}

/** A listing of rows, committed ones only, as they were when it began. */
export interface StateListing extends StateRows {
  others(
    prefix: string,
    options?: { from?: string; reverse?: boolean },
  ): AsyncIterable<readonly [string, Uint8Array]>
}
