// Blocks of memory of one size that are used again and again: fresh memory is mapped, cleared and collected at a cost that is more
// than that of all that the relay does with the bytes in it.

/** Blocks to take and to give back. What is not given back is left to the collector. */
export class BlockPool {
  readonly blockBytes: number
  readonly #freeMax: number
  readonly #free: Uint8Array[] = []

  /** `freeMax`: blocks that are kept for the next who needs one; more are made as they are asked for. */
  constructor(blockBytes: number, freeMax: number) {
    this.blockBytes = blockBytes
    this.#freeMax = freeMax
  }

  /** A block with anything in it. */
  take(): Uint8Array {
    return this.#free.pop() ?? freshBytes(this.blockBytes)
  }

  /** Gives back one that nobody looks at any more. */
  give(block: Uint8Array): void {
    if (this.#free.length < this.#freeMax) this.#free.push(block)
  }
}

/** Memory of its own with anything in it: for bytes that are all written before one is read. */
export function freshBytes(sizeBytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer)
}
