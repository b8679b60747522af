// Chance from a seed: the only source of randomness in a simulated run (splitmix32 for choices, a counter hash for bytes).
import { createHash } from 'node:crypto'
import type { Random } from '@grenier/crypto'

/** Choices and bytes that a seed fixes. */
export class Seeded implements Random {
  #state: number
  #counter = 0
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#state = seed >>> 0
  }

  /** Uniform in 0 ≤ x < 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }

  /** Uniform in 0 … count-1. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count)
    for (let at = 0; at < count; at += 32) {
      const block = createHash('sha256').update(`${this.#seed}/${this.#counter++}`).digest()
      out.set(block.subarray(0, Math.min(32, count - at)), at)
    }
    return out
  }
}
