// One put: parts come in order, within the credit given, and go to the pack store block by block as they come. Its bytes are taken from a budget
// when credit for them is given, and given back when they are written.
import { limits, ProtocolError } from '@grenier/protocol'
import type { BlockPool } from '../core/block-pool.ts'
import type { ByteBudget } from '../core/budget.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { RelayError } from '../errors.ts'
import { generousBytes, putWindowBytes, putWindowSmallBytes } from '../limits.ts'
import type { PackUpload } from '../store/pack-store.ts'
import { Incoming } from './incoming.ts'

/** What an upload needs of its connection. */
export interface UploadOptions {
  readonly sizeBytes: number
  readonly budget: ByteBudget
  readonly blocks: BlockPool
  readonly clock: Clock
  /** Tells the client that bytes before `offset` are here, and that bytes before `offset + bytes` may come. */
  readonly credit: (offset: number, bytes: number) => void
}

/** A pack on its way in over one connection. */
export class Upload {
  readonly #options: UploadOptions
  readonly #incoming: Incoming
  #target: PackUpload | undefined
  /** Bytes before this were received in order. */
  #receivedBytes = 0
  #writtenBytes = 0
  /** Bytes before this may come. */
  #allowedBytes: number
  /** Taken from the budget and not given back: what was allowed and is not written. */
  #takenBytes = 0
  /** When the client last sent something, or was given credit, by the monotonic clock. */
  #movedAt = 0
  #stall: Timer | undefined
  #running = false
  #ended = false
  #settle: { resolve: (whole: boolean) => void; reject: (error: unknown) => void } | undefined
  readonly #retry = (): void => this.#grant()

  /** @throws RelayError `busy` when there is no room for what may come before the first credit */
  constructor(options: UploadOptions) {
    this.#options = options
    this.#incoming = new Incoming(options.blocks, options.sizeBytes)
    this.#allowedBytes = Math.min(options.sizeBytes, limits.putFreeBytes)
    if (!this.#take(this.#allowedBytes))
      throw new RelayError('busy', 'too much is on its way in already', { retryable: true })
  }

  /**
   * The next bytes, which are copied. What was received on an earlier connection already is left out.
   * @throws ProtocolError `malformed` for a gap, or for bytes beyond the credit
   */
  part(offset: number, bytes: Uint8Array): void {
    if (this.#ended) return
    const end = offset + bytes.length
    if (offset > this.#receivedBytes || end > this.#allowedBytes)
      throw new ProtocolError('malformed', 'a part out of order, or beyond its credit')
    if (end <= this.#receivedBytes) return
    this.#incoming.append(bytes.subarray(this.#receivedBytes - offset))
    this.#receivedBytes = end
    this.#watch()
    void this.#run()
  }

  /**
   * Writes what comes to `target`, which may hold a beginning already, until the pack is whole (true) or `detach` was called (false).
   * @throws RelayError of the store; `busy` when nothing comes for `limits.stallMs`
   */
  async receive(target: PackUpload): Promise<boolean> {
    if (this.#ended) return false
    const settled = new Promise<boolean>((resolve, reject) => (this.#settle = { resolve, reject }))
    this.#skip(target.receivedBytes)
    this.#target = target
    this.#watch()
    this.#grant()
    void this.#run()
    return await settled
  }

  /** No more parts: ends `receive` once what came is written. */
  detach(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#running) return
    if (this.#target === undefined) this.#finish(undefined)
    else void this.#run()
  }

  // A put that goes on where an earlier connection broke: what came again in the free window is dropped, and paid back.
  #skip(heldBytes: number): void {
    if (heldBytes === 0) return
    this.#incoming.skip(Math.min(heldBytes, this.#receivedBytes))
    this.#give(Math.min(heldBytes, this.#allowedBytes))
    this.#writtenBytes = heldBytes
    this.#receivedBytes = Math.max(heldBytes, this.#receivedBytes)
    this.#allowedBytes = Math.max(heldBytes, this.#allowedBytes)
    this.#options.credit(this.#receivedBytes, this.#allowedBytes - this.#receivedBytes)
  }

  // Credit comes in steps of half a window, so that it costs few messages and the client is never kept waiting for the last step.
  #grant(): void {
    if (this.#ended || this.#target === undefined) return
    const { budget, sizeBytes } = this.#options
    const windowBytes = budget.takenInAllBytes < generousBytes ? putWindowBytes : putWindowSmallBytes
    const wanted = Math.min(sizeBytes, this.#writtenBytes + windowBytes)
    const more = wanted - this.#allowedBytes
    if (more <= 0 || (more < windowBytes / 2 && wanted < sizeBytes)) return
    if (!this.#take(more)) {
      budget.whenFree(this.#retry)
      return
    }
    this.#allowedBytes = wanted
    this.#options.credit(this.#receivedBytes, this.#allowedBytes - this.#receivedBytes)
    this.#watch()
  }

  async #run(): Promise<void> {
    const target = this.#target
    if (this.#running || target === undefined || this.#settle === undefined) return
    this.#running = true
    try {
      while (this.#mustWrite()) await this.#incoming.take((pieces) => this.#write(target, pieces))
    } catch (error) {
      this.#ended = true
      this.#finish({ error })
      return
    } finally {
      this.#running = false
    }
    if (this.#ended || this.#writtenBytes === this.#options.sizeBytes) this.#finish(undefined)
  }

  /** Whole blocks; less only when nothing more can come before it is written. */
  #mustWrite(): boolean {
    if (this.#incoming.full) return true
    return this.#incoming.sizeBytes > 0 && (this.#ended || this.#receivedBytes === this.#allowedBytes)
  }

  async #write(target: PackUpload, pieces: readonly Uint8Array[]): Promise<void> {
    await target.write(...pieces)
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    this.#writtenBytes += bytes
    this.#give(bytes)
    this.#grant()
  }

  #finish(failed: { error: unknown } | undefined): void {
    this.#ended = true
    this.#stall?.cancel()
    this.#options.budget.forget(this.#retry)
    this.#give(this.#takenBytes)
    this.#incoming.clear()
    if (failed === undefined) this.#settle?.resolve(this.#writtenBytes === this.#options.sizeBytes)
    else this.#settle?.reject(failed.error)
  }

  // Time counts only while it is the client's turn. One timer that looks when it moved last, instead of a new one at each part.
  #watch(): void {
    this.#movedAt = this.#options.clock.monotonic()
    this.#watchFor(limits.stallMs)
  }

  #watchFor(afterMs: number): void {
    if (this.#ended || this.#stall !== undefined) return
    this.#stall = this.#options.clock.after(afterMs, () => {
      this.#stall = undefined
      if (this.#ended || this.#receivedBytes === this.#allowedBytes) return
      const quietMs = this.#options.clock.monotonic() - this.#movedAt
      if (this.#running) this.#watch()
      else if (quietMs < limits.stallMs) this.#watchFor(limits.stallMs - quietMs)
      else this.#finish({ error: new RelayError('busy', 'the put did not move', { retryable: true }) })
    })
  }

  #take(bytes: number): boolean {
    const taken = this.#options.budget.take(bytes)
    if (taken) this.#takenBytes += bytes
    return taken
  }

  #give(bytes: number): void {
    const given = Math.min(bytes, this.#takenBytes)
    this.#takenBytes -= given
    if (given > 0) this.#options.budget.give(given)
  }
}
