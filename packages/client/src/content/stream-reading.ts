// Cuts a stream as it comes, like a file of which nobody knows how long it is: steps with chunks to be placed, and at the end what it was. Memory
// is a step, however long the stream.
import { concat } from '@grenier/crypto'
import type { Stamp } from '../sync/tree.ts'
import { ContentBuilder } from './content-builder.ts'
import { stepBytes, type IngestFile } from './file-opening.ts'
import type { IngestResult, Step } from './file-reading.ts'
import type { ContentKeys, CutPiece, WorkerPool } from './worker-pool.ts'

export interface StreamReadingOptions {
  readonly pool: WorkerPool
  readonly keys: ContentKeys
}

/** A stream is nowhere on a disk. */
const nowhere: Stamp = { dev: 0n, ino: 0n, ctimeNs: 0n, mtimeNs: 0n, sizeBytes: 0, mode: 0o600 }

/** Reads one stream. Used once. */
export class StreamReading {
  readonly #options: StreamReadingOptions
  readonly #file: IngestFile
  readonly #lists: CutPiece[] = []
  readonly #builder: ContentBuilder
  #readyAfter = -1
  #sizeBytes = 0

  constructor(options: StreamReadingOptions, file: IngestFile) {
    this.#options = options
    this.#file = file
    this.#builder = new ContentBuilder(async (bytes, last) => {
      const piece = await this.#cut(bytes, { last, list: true })
      this.#lists.push(piece)
      return { ids: piece.chunks.map(({ id }) => id), rest: piece.rest }
    })
  }

  /** Steps in order: parts, and `read` at the end. @throws what the stream, or a worker, fails with */
  async *steps(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Step> {
    let rest: Uint8Array = new Uint8Array(0)
    for await (const bytes of inSteps(pieces)) {
      const piece = await this.#cut(concat([rest, bytes]), { last: false, list: false })
      rest = piece.rest
      yield await this.#part(piece)
    }
    if (rest.length > 0) yield await this.#part(await this.#cut(rest, { last: true, list: false }))
    const content = await this.#builder.finish()
    const [file, sizeBytes] = [this.#file, this.#sizeBytes]
    yield this.#placed((readyAfter) => ({
      ...{ file, outcome: 'read', content, sizeBytes },
      stamp: nowhere,
      readyAfter,
    }))
  }

  async #part(piece: CutPiece): Promise<Step> {
    const partBytes = piece.chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
    this.#sizeBytes += partBytes
    await this.#builder.add(piece.chunks.map(({ id }) => id))
    return this.#placed(() => ({ file: this.#file, outcome: 'part', partBytes }), piece)
  }

  #placed(result: (readyAfter: number) => IngestResult, piece?: CutPiece): Step {
    const pieces = [...(piece === undefined ? [] : [piece]), ...this.#lists.splice(0)]
    const results = (ordinals: readonly number[]): IngestResult[] => {
      this.#readyAfter = Math.max(this.#readyAfter, ...ordinals)
      return [result(this.#readyAfter)]
    }
    return { cut: Promise.resolve({ pieces, results }) }
  }

  async #cut(bytes: Uint8Array, how: { last: boolean; list: boolean }): Promise<CutPiece> {
    const { pool, keys } = this.#options
    const [piece] = await pool.cut({ keys, pieces: [{ bytes, ...how }] })
    if (piece === undefined) throw new RangeError('the pool did not cut what it was given')
    return piece
  }
}

/** The stream in pieces of a step each; the last one may be shorter. */
async function* inSteps(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    bytes += piece.length
    if (bytes < stepBytes) continue
    yield concat(waiting)
    ;[waiting, bytes] = [[], 0]
  }
  if (bytes > 0) yield concat(waiting)
}
