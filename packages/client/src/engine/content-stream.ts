// The bytes of a file of the vault, in order, each checked before it is handed on: in windows of bounded size, the next one under way while one
// is being taken. What comes in its turn is handed on where it lies; only what comes too early is copied.
import type { ChunkId } from '@grenier/crypto'
import type { Fetch, FetchResult } from '../content/fetch.ts'
import { contentOf } from '../content/content-list.ts'
import { ClientError } from '../errors.ts'
import type { FileValue } from '../sync/tree.ts'

/** Chunks fetched at once: a pack mostly, at most 8 MiB. Two windows are there at a time. */
const windowChunks = 8

/** Each piece is good until the next one is asked for. @throws ClientError `pack-unavailable` with the path, and as `Fetch.fill` */
export async function* contentBytes(
  fetch: Fetch,
  value: FileValue,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const missing = (): ClientError =>
    new ClientError('pack-unavailable', 'the relay lacks a part of a file', { data: { path } })
  if (value.content === undefined) throw missing()
  const chunks = await fetch.chunksOf(value.content, value.sizeBytes)
  if (chunks === undefined) throw missing()
  const window = (at: number): Window | undefined =>
    at < chunks.length ? new Window(fetch, chunks.slice(at, at + windowChunks)) : undefined
  const underWay = [window(0), window(windowChunks)]
  try {
    for (let at = 2 * windowChunks; underWay.length > 0; at += windowChunks) {
      const [first] = underWay
      if (first !== undefined && (yield* first.pieces()) !== 'filled') throw missing()
      underWay.shift()
      const next = window(at)
      if (next !== undefined) underWay.push(next)
    }
  } finally {
    for (const left of underWay) left?.giveUp()
  }
}

/** A chunk in its turn, and whom to tell that it was taken: what is a copy waits for nobody. */
interface Piece {
  readonly bytes: Uint8Array
  readonly taken?: PromiseWithResolvers<boolean>
}

/** Some chunks of a file on their way. */
class Window {
  readonly #pieces: Piece[] = []
  /** Copies of what came before its turn, by its offset. */
  readonly #early = new Map<number, Uint8Array>()
  readonly #result: Promise<FetchResult | undefined>
  /** Where the next piece begins. */
  #offset = 0
  #news = Promise.withResolvers<undefined>()
  #isOver = false
  #isGivenUp = false

  constructor(fetch: Fetch, chunks: readonly { readonly id: ChunkId; readonly plainBytes: number }[]) {
    const sizeBytes = chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
    const content = contentOf(
      0,
      chunks.map(({ id }) => id),
    )
    const file = {
      content,
      sizeBytes,
      write: (offset: number, bytes: Uint8Array) => this.#write(offset, bytes),
    }
    this.#result = fetch
      .fill([file])
      .then(([result]) => result)
      .finally(() => {
        this.#isOver = true
        this.#news.resolve(undefined)
      })
    // Who takes no more leaves it behind.
    this.#result.catch(() => undefined)
  }

  /** All of it, in order; then how it ended. */
  async *pieces(): AsyncGenerator<Uint8Array, FetchResult | undefined, undefined> {
    for (;;) {
      const piece = this.#pieces[0]
      if (piece !== undefined) {
        yield piece.bytes
        this.#pieces.shift()
        piece.taken?.resolve(true)
      } else if (this.#isOver) return await this.#result
      else await this.#news.promise
    }
  }

  /** Nobody takes any more of it. */
  giveUp(): void {
    this.#isGivenUp = true
    for (const { taken } of this.#pieces) taken?.resolve(false)
  }

  #write(offset: number, bytes: Uint8Array): Promise<boolean> {
    if (this.#isGivenUp) return Promise.resolve(false)
    if (offset !== this.#offset) {
      this.#early.set(offset, bytes.slice())
      return Promise.resolve(true)
    }
    const taken = Promise.withResolvers<boolean>()
    this.#add({ bytes, taken })
    for (;;) {
      const copy = this.#early.get(this.#offset)
      if (copy === undefined) break
      this.#early.delete(this.#offset)
      this.#add({ bytes: copy })
    }
    this.#news.resolve(undefined)
    this.#news = Promise.withResolvers()
    return taken.promise
  }

  #add(piece: Piece): void {
    this.#pieces.push(piece)
    this.#offset += piece.bytes.length
  }
}
