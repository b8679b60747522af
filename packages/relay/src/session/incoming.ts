// What was received of one pack and is not written yet, gathered in blocks: the frames that it came in are let go of at once, while
// they are young and cost the collector nothing.
import { freshBytes, type BlockPool } from '../core/block-pool.ts'

interface Block {
  readonly memory: Uint8Array
  readonly pooled: boolean
  from: number
  until: number
}

/** Bytes on their way to the store, first in, first out. */
export class Incoming {
  readonly #pool: BlockPool
  /** Memory of a whole pack that is less than a block. */
  readonly #ownBytes: number | undefined
  readonly #blocks: Block[] = []
  #sizeBytes = 0

  /** `packBytes`: of the whole pack, and the most that is appended. */
  constructor(pool: BlockPool, packBytes: number) {
    this.#pool = pool
    this.#ownBytes = packBytes < pool.blockBytes ? packBytes : undefined
  }

  /** Bytes in it. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Whether the oldest block is full. */
  get full(): boolean {
    const oldest = this.#blocks[0]
    return oldest !== undefined && oldest.until === oldest.memory.length
  }

  /** Copies `bytes` to its end. */
  append(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length
    for (let at = 0; at < bytes.length;) {
      const block = this.#open()
      const count = Math.min(bytes.length - at, block.memory.length - block.until)
      block.memory.set(bytes.subarray(at, at + count), block.until)
      block.until += count
      at += count
    }
  }

  /** Drops so many of the oldest bytes. */
  skip(count: number): void {
    this.#sizeBytes -= count
    for (let left = count; left > 0;) {
      const oldest = this.#blocks[0]
      if (oldest === undefined) throw new RangeError('fewer bytes than are to be dropped')
      const dropped = Math.min(left, oldest.until - oldest.from)
      oldest.from += dropped
      left -= dropped
      if (oldest.from === oldest.until) this.#free(this.#blocks.shift())
    }
  }

  /** Takes the oldest blocks out, those that are full or else the one that is not, hands their bytes to `use`, and has their memory again when that has ended. */
  async take(use: (pieces: readonly Uint8Array[]) => Promise<void>): Promise<void> {
    const isLastFull = this.#blocks.at(-1)?.until === this.#blocks.at(-1)?.memory.length
    const taken = this.#blocks.splice(
      0,
      isLastFull ? this.#blocks.length : Math.max(1, this.#blocks.length - 1),
    )
    if (taken.length === 0) return
    const pieces = taken.map(({ memory, from, until }) => memory.subarray(from, until))
    for (const { length } of pieces) this.#sizeBytes -= length
    try {
      await use(pieces)
    } finally {
      for (const block of taken) this.#free(block)
    }
  }

  /** Drops everything. */
  clear(): void {
    this.#sizeBytes = 0
    for (const block of this.#blocks.splice(0)) this.#free(block)
  }

  #open(): Block {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.until < last.memory.length) return last
    const pooled = this.#ownBytes === undefined
    const memory = pooled ? this.#pool.take() : freshBytes(this.#ownBytes)
    const block: Block = { memory, pooled, from: 0, until: 0 }
    this.#blocks.push(block)
    return block
  }

  #free(block: Block | undefined): void {
    if (block?.pooled === true) this.#pool.give(block.memory)
  }
}
