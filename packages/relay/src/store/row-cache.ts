// Small rows that were read or written lately. The same few (a vault, what an account uses, a pack on its way in) are asked for several
// times in each transaction, and each time the database takes longer to find them than everything else in it takes together.

/** Larger rows (packs, entries) are asked for once. */
const rowBytesMax = 1024

/** Committed rows by key; at most twice `rowsMax`, those that were not asked for in a while go first. */
export class RowCache {
  readonly #rowsMax: number
  #recent = new Map<string, Uint8Array>()
  #earlier = new Map<string, Uint8Array>()

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax
  }

  get(key: string): Uint8Array | undefined {
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent
    const earlier = this.#earlier.get(key)
    if (earlier !== undefined) this.#keep(key, earlier)
    return earlier
  }

  /** Takes notice of a row as it is committed; undefined: there is none. */
  set(key: string, value: Uint8Array | undefined): void {
    this.#recent.delete(key)
    this.#earlier.delete(key)
    // A copy: the row may be a view of something large.
    if (value !== undefined && value.length <= rowBytesMax) this.#keep(key, new Uint8Array(value))
  }

  clear(): void {
    this.#recent.clear()
    this.#earlier.clear()
  }

  #keep(key: string, value: Uint8Array): void {
    if (this.#recent.size >= this.#rowsMax) {
      this.#earlier = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, value)
  }
}
