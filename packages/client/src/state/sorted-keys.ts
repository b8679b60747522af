// Keys in order, for the state store in memory: blocks of bounded length, so that adding one among many stays cheap.

const blockLengthMax = 512

/** A set of strings, ordered by code unit. */
export class SortedKeys {
  readonly #blocks: string[][] = [[]]

  /** Adds a key that is not in it. */
  add(key: string): void {
    const at = this.#blockOf(key)
    const block = this.#blocks[at] ?? []
    block.splice(firstNotBelow(block, key), 0, key)
    if (block.length > blockLengthMax) this.#blocks.splice(at + 1, 0, block.splice(blockLengthMax / 2))
  }

  /** Takes away a key that is in it. */
  delete(key: string): void {
    const at = this.#blockOf(key)
    const block = this.#blocks[at] ?? []
    const index = firstNotBelow(block, key)
    if (block[index] === key) block.splice(index, 1)
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1)
  }

  /** The keys with from ≤ key < to, in order. */
  between(from: string, to: string): string[] {
    const keys: string[] = []
    for (let at = this.#blockOf(from); at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at] ?? []
      const end = firstNotBelow(block, to)
      for (const key of block.slice(firstNotBelow(block, from), end)) keys.push(key)
      if (end < block.length) break
    }
    return keys
  }

  /** The last block whose first key is not above `key`, else the first block. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const first = this.#blocks[middle]?.[0]
      if (first !== undefined && first <= key) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** The index of the first key that is not below `key`. */
function firstNotBelow(block: readonly string[], key: string): number {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((block[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
