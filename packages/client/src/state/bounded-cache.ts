// A map that forgets what was not used lately when it grows beyond a number of bytes.

/**
 * Two generations: what is used goes into the young one; when that is full, it becomes the old one, and what the old one still
 * held is forgotten. Costs are the caller's estimates, in bytes. (A Map in order of use, with deletions at its front, takes
 * time that grows with what was ever deleted.)
 */
export class BoundedCache<K, V> {
  readonly #youngCostMax: number
  #young = new Map<K, { readonly value: V; readonly costBytes: number }>()
  #old = new Map<K, { readonly value: V; readonly costBytes: number }>()
  #youngCost = 0

  /** `costBytesMax`: of both generations together. */
  constructor(costBytesMax: number) {
    this.#youngCostMax = costBytesMax / 2
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young.value
    const old = this.#old.get(key)
    if (old === undefined) return undefined
    this.set(key, old.value, old.costBytes)
    return old.value
  }

  set(key: K, value: V, costBytes: number): void {
    this.#youngCost += costBytes - (this.#young.get(key)?.costBytes ?? 0)
    this.#young.set(key, { value, costBytes })
    if (this.#youngCost <= this.#youngCostMax) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngCost = 0
  }
}
