// What is known of names in directories, as `BoundedCache` keeps it: by directory, then by name, so that no key has to be made for asking.
import type { Name } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'

/** About what a name costs in memory, bytes. */
const nameCostBytes = 250

/** Two generations, as in `BoundedCache`. */
export class NamesCache<V> {
  readonly #youngCountMax: number
  #young = new Map<NodeId, Map<Name, V>>()
  #old: ReadonlyMap<NodeId, ReadonlyMap<Name, V>> = new Map()
  #youngCount = 0

  /** `costBytesMax`: of both generations together. */
  constructor(costBytesMax: number) {
    this.#youngCountMax = costBytesMax / 2 / nameCostBytes
  }

  get(parent: NodeId, name: Name): V | undefined {
    const young = this.#young.get(parent)?.get(name)
    if (young !== undefined) return young
    const old = this.#old.get(parent)?.get(name)
    if (old !== undefined) this.set(parent, name, old)
    return old
  }

  set(parent: NodeId, name: Name, value: V): void {
    let names = this.#young.get(parent)
    if (names === undefined) {
      names = new Map()
      this.#young.set(parent, names)
    }
    const before = names.size
    names.set(name, value)
    this.#youngCount += names.size - before
    if (this.#youngCount <= this.#youngCountMax) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngCount = 0
  }
}
