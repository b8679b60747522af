// Group commit: transactions wait in line, a whole line is decided against one overlay and written as one batch with one flush, while
// the next line forms. It owns the order of transactions; the back end below only reads rows and writes batches.
import { RelayError } from '../errors.ts'
import type { RowsView } from './rows.ts'

/** A write of a batch; without a value the row is deleted. */
export interface RowWrite {
  readonly key: string
  readonly value: Uint8Array | undefined
}

/** What is below: reads committed rows, writes a batch atomically. */
export interface RowsBackEnd {
  /** Called before each line: rejects when nothing can be written now. */
  ready(): Promise<void>
  get(key: string): Uint8Array | undefined
  write(batch: readonly RowWrite[], durable: boolean): Promise<void>
}

/** One batch holds at most about this many bytes: the memory of a line is bounded, and the first in it does not wait for ever. */
const lineBytesMax = 8 * 1024 * 1024
/** And at most this many transactions. */
const lineMax = 1024

interface Waiting {
  readonly durable: boolean
  /** Runs the transaction; returns how to settle its promise once the batch is kept, or undefined when it threw and is settled. */
  run(view: RowsView): (() => void) | undefined
  reject(error: unknown): void
}

/** The line of transactions in front of a back end. */
export class GroupCommit {
  readonly #backEnd: RowsBackEnd
  #line: Waiting[] = []
  #working: Promise<void> | undefined
  #closed = false

  constructor(backEnd: RowsBackEnd) {
    this.#backEnd = backEnd
  }

  /** See `Rows.commit`. */
  commit<T>(decide: (view: RowsView) => T, durable: boolean): Promise<T> {
    if (this.#closed) return Promise.reject(new RelayError('store-closed', 'the store is closed'))
    return new Promise<T>((resolve, reject) => {
      const run = (view: RowsView): (() => void) | undefined => {
        try {
          const value = decide(view)
          return () => resolve(value)
        } catch (error) {
          reject(error instanceof Error ? error : new RelayError('internal', String(error)))
          return undefined
        }
      }
      this.#line.push({ durable, run, reject })
      this.#working ??= this.#work()
    })
  }

  /** Waits for the line to be empty; whoever comes later is refused. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#working
  }

  async #work(): Promise<void> {
    await Promise.resolve() // all that is asked for in this turn comes into the first line
    while (this.#line.length > 0) await this.#commitLine()
    this.#working = undefined
  }

  async #commitLine(): Promise<void> {
    try {
      await this.#backEnd.ready()
    } catch (error) {
      for (const waiting of this.#line.splice(0)) waiting.reject(error)
      return
    }
    const overlay = new Overlay((key) => this.#backEnd.get(key))
    const taken: Waiting[] = []
    const settle: (() => void)[] = []
    let durable = false
    while (taken.length < lineMax && overlay.bytes < lineBytesMax) {
      const waiting = this.#line.shift()
      if (waiting === undefined) break
      const own = new Overlay((key) => overlay.get(key))
      const kept = waiting.run(own)
      if (kept === undefined) continue
      overlay.take(own)
      taken.push(waiting)
      settle.push(kept)
      durable ||= waiting.durable
    }
    try {
      const batch = overlay.batch()
      if (batch.length > 0) await this.#backEnd.write(batch, durable)
    } catch (error) {
      for (const waiting of taken) waiting.reject(error)
      return
    }
    for (const resolve of settle) resolve()
  }
}

/** Writes that are not kept yet, over what is. */
class Overlay implements RowsView {
  readonly #below: (key: string) => Uint8Array | undefined
  readonly #writes = new Map<string, Uint8Array | undefined>()
  bytes = 0

  constructor(below: (key: string) => Uint8Array | undefined) {
    this.#below = below
  }

  get(key: string): Uint8Array | undefined {
    return this.#writes.has(key) ? this.#writes.get(key) : this.#below(key)
  }

  put(key: string, value: Uint8Array): void {
    this.#writes.set(key, value)
    this.bytes += value.length
  }

  del(key: string): void {
    this.#writes.set(key, undefined)
  }

  take(other: Overlay): void {
    for (const [key, value] of other.#writes) this.#writes.set(key, value)
    this.bytes += other.bytes
  }

  batch(): RowWrite[] {
    return Array.from(this.#writes, ([key, value]) => ({ key, value }))
  }
}
