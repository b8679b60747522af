// A map that forgets what was used longest ago when it grows beyond a number of bytes.

/** Least recently used goes first. The costs are the caller's estimates, in bytes. */
export class BoundedCache<K, V> {
  readonly #costBytesMax: number
  readonly #entries = new Map<K, { readonly value: V; readonly costBytes: number }>()
  #costBytes = 0

  constructor(costBytesMax: number) {
    this.#costBytesMax = costBytesMax
  }

  /** What is held, and makes it the most recently used. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: K, value: V, costBytes: number): void {
    this.delete(key)
    this.#entries.set(key, { value, costBytes })
    this.#costBytes += costBytes
    for (const oldest of this.#entries.keys()) {
      if (this.#costBytes <= this.#costBytesMax) return
      this.delete(oldest)
    }
  }

  delete(key: K): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#costBytes -= entry.costBytes
  }

  /** Estimated bytes held, never more than the bound. */
  get costBytes(): number {
    return this.#costBytes
  }
}
