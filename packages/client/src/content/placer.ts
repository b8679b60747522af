// Places cut chunks into packs: each that neither the vault nor a pack on its way holds, once. Compressing overlaps; what goes into packs
// does so in the order of the calls. Knows chunks and packs; nothing of files.
import { toHex, type ChunkId } from '@grenier/crypto'
import { release } from './moved-bytes.ts'
import type { PackWriter } from './pack-writer.ts'
import type { Compressed, CutChunk, CutPiece, WorkerPool } from './worker-pool.ts'

export interface PlacerOptions {
  readonly pool: WorkerPool
  readonly writer: PackWriter
  /** Whether the vault holds this chunk, as far as this device sent or checked it itself. */
  readonly known: (id: ChunkId) => boolean
}

/** The chunks in one buffer that are to be packed, and where they lie in it: pieces that lie in one are compressed as one. */
interface Lacking {
  readonly bytes: Uint8Array
  readonly chunks: CutChunk[]
  readonly ranges: { start: number; length: number }[]
}

/** The mark of a chunk that is being compressed: a later call counts on it, and fails if this one does. */
const underWay = Number.POSITIVE_INFINITY

/** Places chunks. Calls of `place` may overlap, until one fails: then all that were begun fail, and `restart` comes first. */
export class Placer {
  readonly #options: PlacerOptions
  /** Chunks on their way and not yet claimed, by hex id: the ordinal of their pack. */
  readonly #placed = new Map<string, number>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: PlacerOptions) {
    this.#options = options
  }

  /** Forgets that a call failed. No call may be under way. */
  restart(): void {
    this.#last = Promise.resolve()
  }

  /** Whether the chunk is on its way in a pack that is not claimed yet. */
  holds(id: ChunkId): boolean {
    return this.#placed.has(toHex(id))
  }

  /** Packs up to this ordinal are claimed: the index knows their chunks now. */
  claimed(ordinal: number): void {
    for (const [id, at] of this.#placed) if (at <= ordinal) this.#placed.delete(id)
  }

  /**
   * Places the chunks of these pieces, whose bytes are moved on: the caller must not touch them again. Gives for each piece the
   * ordinal of the last pack that it needs, -1 when it needs none that is not claimed. Resolves when there is room for more.
   * @throws what compressing, sealing or the taker of packs failed with: the chunks are then as if never seen, or in packs
   */
  place(pieces: readonly CutPiece[]): Promise<number[]> {
    const ids = pieces.map((piece) => piece.chunks.map(({ id }) => toHex(id)))
    const lacking: Lacking[] = []
    for (const [at, piece] of pieces.entries()) this.#addLacking(lacking, piece, ids[at] ?? [])
    const inputs = lacking.map(({ bytes, ranges }) => ({ bytes, ranges }))
    const compressed = inputs.length === 0 ? Promise.resolve([]) : this.#options.pool.compress({ inputs })
    const done = this.#pack({ before: this.#last, lacking, compressed, ids })
    this.#last = done
    done.catch(() => undefined)
    return done
  }

  async #pack(work: {
    readonly before: Promise<unknown>
    readonly lacking: readonly Lacking[]
    readonly compressed: Promise<readonly Compressed[]>
    readonly ids: readonly (readonly string[])[]
  }): Promise<number[]> {
    const { before, lacking, compressed, ids } = work
    try {
      const [earlier] = await Promise.allSettled([before, compressed])
      if (earlier.status === 'rejected') throw earlier.reason
      const packed = await compressed
      for (const [at, { chunks }] of lacking.entries()) this.#add(chunks, packed[at])
      release(packed.map(({ bytes }) => bytes))
    } catch (error) {
      this.#unmark(lacking)
      throw error
    }
    const ordinals = ids.map((of) => this.#lastOrdinal(of))
    await this.#options.writer.room()
    return ordinals
  }

  /** Adds chunks not placed yet, each once, even within these pieces; marks them. `keys`: their hex ids. */
  #addLacking(lacking: Lacking[], { bytes, chunks }: CutPiece, keys: readonly string[]): void {
    let start = bytes.byteOffset
    for (const [at, chunk] of chunks.entries()) {
      const key = keys[at] ?? ''
      if (!this.#placed.has(key) && !this.#options.known(chunk.id)) {
        this.#placed.set(key, underWay)
        const of = lackingOf(lacking, bytes)
        of.chunks.push(chunk)
        of.ranges.push({ start: start - of.bytes.byteOffset, length: chunk.plainBytes })
      }
      start += chunk.plainBytes
    }
  }

  #add(chunks: readonly CutChunk[], packed: Compressed | undefined): void {
    if (packed?.storedBytes.length !== chunks.length)
      throw new RangeError('the pool did not compress what it was given')
    let start = 0
    for (const [at, { id, plainBytes }] of chunks.entries()) {
      const storedBytes = packed.storedBytes[at] ?? 0
      const stored = packed.bytes.subarray(start, start + storedBytes)
      start += storedBytes
      this.#placed.set(toHex(id), this.#options.writer.add({ id, plainBytes, storedBytes }, stored))
    }
  }

  #unmark(lacking: readonly Lacking[]): void {
    for (const { chunks } of lacking) {
      for (const { id } of chunks) {
        const key = toHex(id)
        if (this.#placed.get(key) === underWay) this.#placed.delete(key)
      }
    }
  }

  #lastOrdinal(ids: readonly string[]): number {
    return ids.reduce((latest, id) => Math.max(latest, this.#placed.get(id) ?? -1), -1)
  }
}

/** What lacks of the buffer that these bytes lie in, if it is the last one; else a new one. A `Buffer` may share its memory with others. */
function lackingOf(lacking: Lacking[], bytes: Uint8Array): Lacking {
  const last = lacking.at(-1)
  const isShared = Buffer.isBuffer(bytes)
  const isWhole = last !== undefined && !isShared && !Buffer.isBuffer(last.bytes)
  if (isWhole && last.bytes.buffer === bytes.buffer) return last
  const all = isShared ? bytes : new Uint8Array(bytes.buffer)
  const added = { bytes: all, chunks: [], ranges: [] }
  lacking.push(added)
  return added
}
