// Bytes that may be held at once, by a connection and by the process: what is taken is given back, and who found nothing is called.

/** A number of bytes to share. A budget with a `parent` takes from both or from none. */
export class ByteBudget {
  readonly #limitBytes: number
  readonly #parent: ByteBudget | undefined
  readonly #waiting = new Set<() => void>()
  #takenBytes = 0

  constructor(limitBytes: number, parent?: ByteBudget) {
    this.#limitBytes = limitBytes
    this.#parent = parent
  }

  /** Bytes taken and not given back. */
  get takenBytes(): number {
    return this.#takenBytes
  }

  /** The same of the budget above all others: of the whole process. */
  get takenInAllBytes(): number {
    return this.#parent?.takenInAllBytes ?? this.#takenBytes
  }

  /** Takes `bytes`, or nothing and says false. */
  take(bytes: number): boolean {
    if (this.#takenBytes + bytes > this.#limitBytes) return false
    if (this.#parent !== undefined && !this.#parent.take(bytes)) return false
    this.#takenBytes += bytes
    return true
  }

  /** Gives `bytes` back and calls those who wait, once each, in the order they came. */
  give(bytes: number): void {
    this.#takenBytes = Math.max(0, this.#takenBytes - bytes)
    this.#parent?.give(bytes)
    this.#call()
  }

  /** Calls `free` once, at the next return of bytes to this budget or to one above it. */
  whenFree(free: () => void): void {
    this.#waiting.add(free)
    this.#parent?.whenFree(free)
  }

  /** No longer calls `free`. */
  forget(free: () => void): void {
    this.#waiting.delete(free)
    this.#parent?.forget(free)
  }

  #call(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const free of waiting) free()
  }
}
