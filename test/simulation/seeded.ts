// Chance from a seed: the only source of randomness in a simulated run (splitmix32 for choices and, from a second state, for bytes).
import type { Random } from '@grenier/crypto'

/** Choices and bytes that a seed fixes. */
export class Seeded implements Random {
  #choices: number
  #bytes: number

  constructor(seed: number) {
    this.#choices = seed >>> 0
    // Far from the choices of near seeds: a seed and the next one share nothing.
    this.#bytes = mixed(mixed(seed >>> 0) ^ 0x6d2b79f5)
  }

  /** A choice of its own for each step, so that leaving one out leaves the others as they are. */
  static of(seed: number, step: number): Seeded {
    return new Seeded(mixed(mixed(seed >>> 0) + step + 1))
  }

  /** Uniform in 0 ≤ x < 1. */
  next(): number {
    this.#choices = (this.#choices + 0x9e3779b9) >>> 0
    return mixed(this.#choices) / 2 ** 32
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

  /** One of the keys, by weight. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const keys = Object.keys(weights) as K[]
    let at = this.next() * keys.reduce((sum, key) => sum + weights[key], 0)
    for (const key of keys) if ((at -= weights[key]) < 0) return key
    return this.pick(keys)
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count)
    const view = new DataView(out.buffer)
    for (let at = 0; at < count; at += 4) {
      this.#bytes = (this.#bytes + 0x9e3779b9) >>> 0
      const word = mixed(this.#bytes)
      if (at + 4 <= count) view.setUint32(at, word)
      else for (let last = at; last < count; last += 1) out[last] = word >>> (8 * (last - at))
    }
    return out
  }
}

function mixed(state: number): number {
  let z = state >>> 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}
