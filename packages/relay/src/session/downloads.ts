// The gets of one connection: pieces go out as the client's credit and the wire's queue allow, read straight into the frames that they
// are sent in.
import { layBulk, limits, type ClientMessageOf } from '@grenier/protocol'
import type { BlockPool } from '../core/block-pool.ts'
import type { Clock } from '../core/clock.ts'
import { RelayError } from '../errors.ts'
import { piecesHeldMax, readBytes } from '../limits.ts'
import type { PackPlace, PackReader, PackStore } from '../store/pack-store.ts'
import type { Outbox } from './outbox.ts'

/** What a connection gives its gets. */
export interface DownloadsOptions {
  readonly packs: PackStore
  readonly clock: Clock
  readonly outbox: Outbox
  /** Memory for frames, each of `bulkFrameBytes`. */
  readonly frames: BlockPool
}

interface OpenGet {
  readonly id: number
  creditBytes: number
  /** Called when there is more credit, or the connection ended. */
  wake: (() => void) | undefined
}

/** A frame whose bytes are being read. */
interface Piece {
  readonly memory: Uint8Array
  readonly frame: Uint8Array
  readonly bytes: Uint8Array
}

/** Gets under way on one connection. */
export class Downloads {
  readonly #options: DownloadsOptions
  readonly #open = new Map<number, OpenGet>()
  /** Pieces that are being read, or wait for room on the wire. */
  #heldPieces = 0
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
    const get: OpenGet = { id: message.id, creditBytes: message.creditBytes, wake: undefined }
    this.#open.set(message.id, get)
    try {
      await check()
      const reader = await this.#options.packs.open(place)
      try {
        await this.#sendRange(get, reader, message)
      } finally {
        await reader.close()
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

  async #sendRange(
    get: OpenGet,
    reader: PackReader,
    range: { offset: number; length: number },
  ): Promise<void> {
    const end = range.offset + range.length
    for (let at = range.offset; at < end;) {
      if (get.creditBytes === 0) await this.#moreCredit(get)
      // Nothing is read before there is room for it to go.
      if (this.#closed || !(await this.#options.outbox.ready(true))) return
      const sizeBytes = Math.min(end - at, get.creditBytes, this.#readBytes())
      get.creditBytes -= sizeBytes
      const pieces = this.#pieces(get.id, at, sizeBytes)
      try {
        await reader.read(
          at,
          pieces.map(({ bytes }) => bytes),
        )
        await this.#sendPieces(pieces)
      } finally {
        for (const { memory } of pieces) this.#options.frames.give(memory)
        this.#heldPieces -= pieces.length
      }
      at += sizeBytes
    }
  }

  /** Several pieces in one read, as long as there are not too many in memory already. */
  #readBytes(): number {
    return this.#heldPieces < piecesHeldMax ? readBytes : limits.partBytes
  }

  #pieces(id: number, offset: number, sizeBytes: number): Piece[] {
    const pieces: Piece[] = []
    for (let at = 0; at < sizeBytes; at += limits.partBytes) {
      const memory = this.#options.frames.take()
      const partBytes = Math.min(limits.partBytes, sizeBytes - at)
      const outline = { type: 'data', id, offset: offset + at, sizeBytes: partBytes } as const
      pieces.push({ memory, ...layBulk(memory, outline) })
    }
    this.#heldPieces += pieces.length
    return pieces
  }

  /** Takes the pieces that were handed on out of the list: their memory comes back when the wire has let go of it. */
  async #sendPieces(pieces: Piece[]): Promise<void> {
    while (!this.#closed && (await this.#options.outbox.ready(true))) {
      const piece = pieces.shift()
      if (piece === undefined) return
      this.#heldPieces -= 1
      this.#options.outbox.sendFrame(piece.frame, () => this.#options.frames.give(piece.memory))
    }
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
