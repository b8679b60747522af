// The bytes of a file of the vault, in order, each checked before it is handed on: in windows of bounded size, the next one under way while one
// is being taken. What comes in its turn is handed on where it lies; only what comes too early is copied.
import { chunksInPutMax, equal } from '@grenier/crypto'
import type { Lack } from '../content/bring.ts'
import { contentOf } from '../content/content-list.ts'
import type { LocatedChunk } from '../content/content-walk.ts'
import type { Fetch, FetchResult } from '../content/fetch.ts'
import { ClientError } from '../errors.ts'
import type { Content, FileValue } from '../sync/tree.ts'

/** Chunks fetched at once, of one pack or of several: at most so many bytes. Two windows are there at a time. */
const windowBytesMax = 4 << 20
/** Of several packs no more than these, either: a pack is asked for once where its chunks lie together, and not in parts. */
const mixedChunks = 8
const mixedBytes = 2 << 20

/** Each piece is good until the next one is asked for. @throws ClientError `pack-unavailable` with the path, and as `Fetch.fill` */
export async function* contentBytes(
  fetch: Fetch,
  value: FileValue,
  path: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { content, sizeBytes } = value
  // Nothing is handed on of what cannot be whole.
  const isSound = content !== undefined && (await fetch.isSound(content, sizeBytes))
  if (!isSound || (yield* contentPieces(fetch, { content, sizeBytes })) !== 'filled')
    throw new ClientError('pack-unavailable', 'the relay lacks a part of a file', { data: { path } })
}

/** The same of what may not be whole: ends where something of it lacks, and gives what. `fromBytes`: what stands before it is not fetched. @throws as `Fetch.fill` */
export async function* contentPieces(
  fetch: Fetch,
  { content, sizeBytes }: { readonly content: Content; readonly sizeBytes: number },
  fromBytes = 0,
): AsyncGenerator<Uint8Array, FetchResult, undefined> {
  const windows = windowsOf(behind(fetch.chunks(content, sizeBytes), fromBytes))
  const underWay: Window[] = []
  let lack: Lack | undefined
  const begin = async (): Promise<void> => {
    const { value: chunks } = await windows.next()
    if (typeof chunks === 'string') lack = chunks
    else if (chunks !== undefined) underWay.push(new Window(fetch, chunks))
  }
  try {
    await begin()
    await begin()
    for (let [first] = underWay; first !== undefined; [first] = underWay) {
      const result = yield* first.pieces()
      if (result !== 'filled') return result ?? 'missing'
      underWay.shift()
      await begin()
    }
    return lack ?? 'filled'
  } finally {
    for (const left of underWay) left.giveUp()
  }
}

/** The chunks from a place on, where one of them begins. @throws RangeError where none does */
async function* behind(
  parts: AsyncIterable<readonly LocatedChunk[] | Lack>,
  fromBytes: number,
): AsyncGenerator<readonly LocatedChunk[] | Lack> {
  let offset = 0
  for await (const part of parts) {
    if (typeof part === 'string' || offset >= fromBytes) {
      yield part
      continue
    }
    let passed = 0
    for (const { plainBytes } of part) {
      if (offset >= fromBytes) break
      offset += plainBytes
      passed += 1
    }
    if (offset > fromBytes) throw new RangeError('a content goes on within a chunk')
    if (passed < part.length) yield part.slice(passed)
  }
}

/** Chunks in the portions that they are brought in; then what lacks, if anything does. */
async function* windowsOf(
  parts: AsyncIterable<readonly LocatedChunk[] | Lack>,
): AsyncGenerator<readonly LocatedChunk[] | Lack, undefined, undefined> {
  for await (const part of parts) {
    if (typeof part === 'string') {
      yield part
      return
    }
    let window: LocatedChunk[] = []
    let bytes = 0
    for (const [at, chunk] of part.entries()) {
      if (isFull({ window, bytes }, part, at)) {
        yield window
        ;[window, bytes] = [[], 0]
      }
      window.push(chunk)
      bytes += chunk.plainBytes
    }
    if (window.length > 0) yield window
  }
}

function isFull(
  { window, bytes }: { readonly window: readonly LocatedChunk[]; readonly bytes: number },
  part: readonly LocatedChunk[],
  at: number,
): boolean {
  const [last, next] = [window.at(-1), part[at]]
  if (last === undefined || next === undefined) return false
  // A window is fetched as a content, which has no more chunks than that.
  if (bytes + next.plainBytes > windowBytesMax || window.length >= chunksInPutMax) return true
  if (areOfOnePack(last, next)) return false
  if (window.length >= mixedChunks || bytes >= mixedBytes) return true
  // Where the next pack begins, if its chunks would not all fit: cut within it, all that follow are cut, too.
  const runBytes = bytesOfOnePack(part, at)
  return runBytes <= windowBytesMax && bytes + runBytes > windowBytesMax
}

function areOfOnePack(one: LocatedChunk, other: LocatedChunk): boolean {
  const [pack, next] = [one.places[0]?.pack, other.places[0]?.pack]
  return pack !== undefined && next !== undefined && equal(pack, next)
}

/** Of the chunks from there on that lie in the pack of the first; no more is counted than it takes to be too much. */
function bytesOfOnePack(part: readonly LocatedChunk[], from: number): number {
  let bytes = 0
  const first = part[from]
  for (let at = from; at < part.length && bytes <= windowBytesMax; at += 1) {
    const chunk = part[at]
    if (first === undefined || chunk === undefined || !areOfOnePack(first, chunk)) break
    bytes += chunk.plainBytes
  }
  return bytes
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

  constructor(fetch: Fetch, chunks: readonly LocatedChunk[]) {
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
