// Rows in memory: for tests and the simulation. Ordered, transactional, and gone with the process.
import { RelayError } from '../errors.ts'
import { GroupCommit, type RowWrite } from './group-commit.ts'
import type { Rows, RowsRange, RowsView } from './rows.ts'

/** @see Rows */
export class MemoryRows implements Rows {
  readonly #rows = new Map<string, Uint8Array>()
  #sorted: string[] = []
  readonly #group: GroupCommit
  #closed = false
  flushes = 0

  constructor() {
    this.#group = new GroupCommit({
      ready: () => Promise.resolve(),
      get: (key) => this.#rows.get(key),
      write: (batch, durable) => this.#write(batch, durable),
    })
  }

  get(key: string): Uint8Array | undefined {
    this.#check()
    return this.#rows.get(key)
  }

  async *range(range: RowsRange): AsyncIterable<readonly [string, Uint8Array]> {
    this.#check()
    const start = this.#placeOf(range.from)
    const end = Math.min(this.#placeOf(range.to), start + (range.limit ?? Infinity))
    const found = this.#sorted.slice(start, end).map((key) => [key, this.#rows.get(key)] as const)
    for (const [key, value] of found) {
      await Promise.resolve()
      if (value !== undefined) yield [key, value]
    }
  }

  commit<T>(decide: (view: RowsView) => T, options = { durable: true }): Promise<T> {
    return this.#group.commit(decide, options.durable)
  }

  async close(): Promise<void> {
    await this.#group.close()
    this.#closed = true
  }

  async #write(batch: readonly RowWrite[], durable: boolean): Promise<void> {
    await Promise.resolve()
    for (const { key, value } of batch) {
      if (value === undefined) this.#delete(key)
      else this.#put(key, value)
    }
    if (durable) this.flushes++
  }

  #put(key: string, value: Uint8Array): void {
    if (!this.#rows.has(key)) this.#sorted.splice(this.#placeOf(key), 0, key)
    this.#rows.set(key, value)
  }

  #delete(key: string): void {
    if (this.#rows.delete(key)) this.#sorted.splice(this.#placeOf(key), 1)
  }

  // The first place whose key is not before `key`.
  #placeOf(key: string): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sorted[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }

  #check(): void {
    if (this.#closed) throw new RelayError('store-closed', 'the store is closed')
  }
}
