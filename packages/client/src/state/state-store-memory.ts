// A state store in memory, for tests and the simulation: the contract of the one on disk, deterministic, and it can crash.
import { ClientError } from '../errors.ts'
import { SortedKeys } from './sorted-keys.ts'
import type { StateStore, StateWrite } from './state-store.ts'

/** What a batch that is not flushed yet changed: the values before it, last write first. */
type Undo = readonly (readonly [string, Uint8Array | undefined])[]

/** What survives a crash; open handles come and go over it. */
export class MemoryDisk {
  readonly #values = new Map<string, Uint8Array>()
  readonly #keys = new SortedKeys()
  #unflushed: Undo[] = []
  #open: MemoryStateStore | undefined
  readonly #closed: MemoryStateStore[] = []

  /** @throws ClientError `home-locked` while another handle is open. */
  open(): MemoryStateStore {
    if (this.#open !== undefined) throw new ClientError('home-locked', 'the state is open elsewhere')
    this.#open = new MemoryStateStore(this)
    return this.#open
  }

  /**
   * Ends the open handle as a loss of power does: of the batches since the last flush, in order, the first `kept` survive.
   * Calls on the old handle then fail with `interrupted`.
   */
  crash(kept = 0): void {
    for (const undo of this.#unflushed.splice(kept).reverse())
      for (const [key, value] of undo) this.#put(key, value)
    this.#unflushed = []
    this.#open?.end()
    this.#open = undefined
  }

  /** Loses every value that `wanted` says, for good. No handle may be open. */
  forget(wanted: (key: string) => boolean): void {
    for (const key of [...this.#values.keys()].filter(wanted)) this.#put(key, undefined)
    this.#unflushed = []
  }

  /** How many batches a crash may lose. */
  get unflushedBatches(): number {
    return this.#unflushed.length
  }

  /** For the handle alone. */
  get(key: string): Uint8Array | undefined {
    return this.#values.get(key)
  }

  /** For the handle alone. */
  keysBetween(from: string, to: string): string[] {
    return this.#keys.between(from, to)
  }

  /** For the handle alone. */
  write(writes: readonly StateWrite[], flush: boolean): void {
    const undo: [string, Uint8Array | undefined][] = []
    for (const write of writes) {
      undo.unshift([write.key, this.#values.get(write.key)])
      this.#put(write.key, write.type === 'put' ? write.value : undefined)
    }
    if (flush) this.#unflushed = []
    else this.#unflushed.push(undo)
  }

  /** For the handle alone: closing is no crash, nothing is lost. */
  closed(): void {
    if (this.#open !== undefined) this.#closed.push(this.#open)
    this.#open = undefined
  }

  /** Listings that were begun on a handle which is closed by now, and never ended: on a disk each holds on to all that is written over since. */
  get leftOpen(): number {
    return this.#closed.reduce((sum, { listings }) => sum + listings, 0)
  }

  #put(key: string, value: Uint8Array | undefined): void {
    if (value === undefined) {
      if (this.#values.delete(key)) this.#keys.delete(key)
      return
    }
    if (!this.#values.has(key)) this.#keys.add(key)
    this.#values.set(key, value)
  }
}

/** One open handle. Everything takes effect at once and resolves in the order of the calls. */
export class MemoryStateStore implements StateStore {
  readonly #disk: MemoryDisk
  #ended = false
  #listings = 0

  constructor(disk: MemoryDisk) {
    this.#disk = disk
  }

  get(key: string): Uint8Array | undefined {
    this.#assertOpen()
    return this.#disk.get(key)
  }

  async *range(range: {
    from: string
    to: string
    limit?: number
    reverse?: boolean
  }): AsyncIterable<readonly [string, Uint8Array]> {
    this.#assertOpen()
    const keys = this.#disk.keysBetween(range.from, range.to)
    if (range.reverse === true) keys.reverse()
    const entries = keys.slice(0, range.limit).map((key) => [key, this.#disk.get(key)] as const)
    this.#listings += 1
    try {
      for (const [key, value] of entries) {
        await Promise.resolve()
        this.#assertOpen()
        if (value !== undefined) yield [key, value]
      }
    } finally {
      this.#listings -= 1
    }
  }

  async batch(writes: readonly StateWrite[], options: { flush: boolean }): Promise<void> {
    this.#assertOpen()
    this.#disk.write(writes, options.flush)
    await Promise.resolve()
    this.#assertOpen()
  }

  /** Listings that were begun and not ended. */
  get listings(): number {
    return this.#listings
  }

  async close(): Promise<void> {
    if (!this.#ended) this.#disk.closed()
    this.#ended = true
    await Promise.resolve()
  }

  /** The disk crashed under it. */
  end(): void {
    this.#ended = true
  }

  #assertOpen(): void {
    if (this.#ended) throw new ClientError('interrupted', 'the state is closed')
  }
}
