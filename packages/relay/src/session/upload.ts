// One put: parts come in order, within the credit given, and go to the pack store as they come. Its bytes are taken from a budget
// when credit for them is given, and given back when they are written.
import { limits, ProtocolError } from '@grenier/protocol'
import type { ByteBudget } from '../core/budget.ts'
import type { Clock, Timer } from '../core/clock.ts'
import { RelayError } from '../errors.ts'
import { putWindowBytes } from '../limits.ts'
import type { PackUpload } from '../store/pack-store.ts'

/** What an upload needs of its connection. */
export interface UploadOptions {
  readonly sizeBytes: number
  readonly budget: ByteBudget
  readonly clock: Clock
  /** Tells the client that bytes before `offset` are here, and that bytes before `offset + bytes` may come. */
  readonly credit: (offset: number, bytes: number) => void
}

/** A pack on its way in over one connection. */
export class Upload {
  readonly #options: UploadOptions
  readonly #queue: Uint8Array[] = []
  #target: PackUpload | undefined
  /** Bytes before this were received in order. */
  #receivedBytes = 0
  #writtenBytes = 0
  /** Bytes before this may come. */
  #allowedBytes: number
  /** Taken from the budget and not given back: what was allowed and is not written. */
  #takenBytes = 0
  #stall: Timer | undefined
  #running = false
  #ended = false
  #settle: { resolve: (whole: boolean) => void; reject: (error: unknown) => void } | undefined
  readonly #retry = (): void => this.#grant()

  /** @throws RelayError `busy` when there is no room for what may come before the first credit */
  constructor(options: UploadOptions) {
    this.#options = options
    this.#allowedBytes = Math.min(options.sizeBytes, limits.putFreeBytes)
    if (!this.#take(this.#allowedBytes))
      throw new RelayError('busy', 'too much is on its way in already', { retryable: true })
  }

  /**
   * The next bytes. What was received on an earlier connection already is left out.
   * @throws ProtocolError `malformed` for a gap, or for bytes beyond the credit
   */
  part(offset: number, bytes: Uint8Array): void {
    if (this.#ended) return
    const end = offset + bytes.length
    if (offset > this.#receivedBytes || end > this.#allowedBytes)
      throw new ProtocolError('malformed', 'a part out of order, or beyond its credit')
    if (end <= this.#receivedBytes) return
    this.#queue.push(bytes.subarray(this.#receivedBytes - offset))
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
    if (!this.#running) this.#finish(undefined)
  }

  // A put that goes on where an earlier connection broke: what came again in the free window is dropped, and paid back.
  #skip(heldBytes: number): void {
    if (heldBytes === 0) return
    const overlap = Math.min(heldBytes, this.#receivedBytes)
    let drop = overlap
    while (drop > 0) {
      const first = this.#queue.shift()
      if (first === undefined) break
      if (first.length > drop) this.#queue.unshift(first.subarray(drop))
      drop -= Math.min(drop, first.length)
    }
    this.#give(Math.min(heldBytes, this.#allowedBytes))
    this.#writtenBytes = heldBytes
    this.#receivedBytes = Math.max(heldBytes, this.#receivedBytes)
    this.#allowedBytes = Math.max(heldBytes, this.#allowedBytes)
    this.#options.credit(this.#receivedBytes, this.#allowedBytes - this.#receivedBytes)
  }

  // Credit comes in steps of half a window, so that it costs few messages and the client is never kept waiting for the last step.
  #grant(): void {
    if (this.#ended || this.#target === undefined) return
    const wanted = Math.min(this.#options.sizeBytes, this.#writtenBytes + putWindowBytes)
    const more = wanted - this.#allowedBytes
    if (more <= 0 || (more < putWindowBytes / 2 && wanted < this.#options.sizeBytes)) return
    if (!this.#take(more)) {
      this.#options.budget.whenFree(this.#retry)
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
      for (let bytes = this.#queue.shift(); bytes !== undefined; bytes = this.#queue.shift()) {
        await target.write(bytes)
        this.#writtenBytes += bytes.length
        this.#give(bytes.length)
        this.#grant()
      }
    } catch (error) {
      this.#ended = true
      this.#finish({ error })
      return
    } finally {
      this.#running = false
    }
    if (this.#ended || this.#writtenBytes === this.#options.sizeBytes) this.#finish(undefined)
  }

  #finish(failed: { error: unknown } | undefined): void {
    this.#ended = true
    this.#stall?.cancel()
    this.#options.budget.forget(this.#retry)
    this.#give(this.#takenBytes)
    this.#queue.length = 0
    if (failed === undefined) this.#settle?.resolve(this.#writtenBytes === this.#options.sizeBytes)
    else this.#settle?.reject(failed.error)
  }

  // Runs only while it is the client's turn.
  #watch(): void {
    this.#stall?.cancel()
    this.#stall = undefined
    if (this.#ended || this.#receivedBytes === this.#allowedBytes) return
    this.#stall = this.#options.clock.after(limits.stallMs, () => {
      if (this.#running) this.#watch()
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
