// The gets of one connection: pieces go out as the client's credit and the wire's queue allow.
import { limits, type ClientMessageOf } from '@grenier/protocol'
import type { Clock } from '../core/clock.ts'
import { RelayError } from '../errors.ts'
import type { PackPlace, PackStore } from '../store/pack-store.ts'
import type { Outbox } from './outbox.ts'

/** What a connection gives its gets. */
export interface DownloadsOptions {
  readonly packs: PackStore
  readonly clock: Clock
  readonly outbox: Outbox
}

interface OpenGet {
  creditBytes: number
  /** Called when there is more credit, or the connection ended. */
  wake: (() => void) | undefined
}

/** Gets under way on one connection. */
export class Downloads {
  readonly #options: DownloadsOptions
  readonly #open = new Map<number, OpenGet>()
  #closed = false

  constructor(options: DownloadsOptions) {
    this.#options = options
  }

  /** How many are under way. */
  get count(): number {
    return this.#open.size
  }

  /**
   * Sends a range of a pack that the vault holds; resolves when the last piece is queued, or the connection ended.
   * `check` says whether it may: what it throws is thrown.
   * @throws RelayError `pack-missing`; `busy` when no credit comes for `limits.stallMs`
   */
  async send(message: ClientMessageOf<'get'>, place: PackPlace, check: () => Promise<void>): Promise<void> {
    const get: OpenGet = { creditBytes: message.creditBytes, wake: undefined }
    this.#open.set(message.id, get)
    try {
      await check()
      let offset = message.offset
      const range = { offset, length: message.length }
      for await (const piece of this.#options.packs.get(place, range)) {
        if (!(await this.#sendPiece(get, { id: message.id, offset, bytes: piece }))) return
        offset += piece.length
      }
    } finally {
      this.#open.delete(message.id)
    }
  }

  /** More credit; for a get that has ended it means nothing. */
  more(message: ClientMessageOf<'more'>): void {
    const get = this.#open.get(message.id)
    if (get === undefined) return
    get.creditBytes = Math.min(get.creditBytes + message.bytes, limits.packBytes)
    get.wake?.()
  }

  /** The connection ended. */
  close(): void {
    this.#closed = true
    for (const get of this.#open.values()) get.wake?.()
  }

  async #sendPiece(get: OpenGet, piece: { id: number; offset: number; bytes: Uint8Array }): Promise<boolean> {
    for (let sent = 0; sent < piece.bytes.length;) {
      if (get.creditBytes === 0) await this.#moreCredit(get)
      if (this.#closed || !(await this.#options.outbox.ready(true))) return false
      const bytes = piece.bytes.subarray(sent, sent + Math.min(get.creditBytes, limits.partBytes))
      this.#options.outbox.send({ type: 'data', id: piece.id, offset: piece.offset + sent, bytes })
      get.creditBytes -= bytes.length
      sent += bytes.length
    }
    return true
  }

  async #moreCredit(get: OpenGet): Promise<void> {
    const timedOut = await new Promise<boolean>((resolve) => {
      const timer = this.#options.clock.after(limits.stallMs, () => resolve(true))
      get.wake = () => {
        timer.cancel()
        resolve(false)
      }
    })
    get.wake = undefined
    if (timedOut) throw new RelayError('busy', 'the get did not move', { retryable: true })
  }
}
