// What is to be cut, and what was, as they travel between threads: many small files are a few buffers and arrays of numbers, not an object for
// each piece and each chunk, which cost more to copy than small files to hash.
import { chunkId } from '@grenier/crypto'
import type { ContentKeys, CutChunk, CutPiece, Piece } from './worker-pool.ts'

export interface CutTask {
  readonly keys: ContentKeys
  readonly pieces: readonly Piece[]
}

/** Pieces, each a stretch of one of the buffers: buffer, start, length, bits. */
export interface PackedCutTask {
  readonly keys: ContentKeys
  readonly buffers: readonly ArrayBufferLike[]
  readonly stretches: Float64Array
}

/** The same pieces cut: their stretches, how many chunks each has, and all chunks one after the other. */
export interface PackedCut {
  readonly buffers: readonly ArrayBufferLike[]
  readonly stretches: Float64Array
  readonly counts: Uint32Array
  readonly ids: Uint8Array
  readonly lengths: Uint32Array
  /** What is left of a piece, where something is. */
  readonly rests: readonly { readonly at: number; readonly bytes: Uint8Array }[]
}

const fields = 4
const lastBit = 1
const listBit = 2
const idBytes = 32

export function packCutTask({ keys, pieces }: CutTask): PackedCutTask {
  const bits = pieces.map(({ last, list }) => (last ? lastBit : 0) | (list ? listBit : 0))
  return { keys, ...stretchesOf(pieces, bits) }
}

export function unpackCutTask({ keys, ...packed }: PackedCutTask): CutTask {
  const pieces = piecesOf(packed).map(({ bytes, bits }) => ({
    bytes,
    last: (bits & lastBit) !== 0,
    list: (bits & listBit) !== 0,
  }))
  return { keys, pieces }
}

export function packCut(cut: readonly CutPiece[]): PackedCut {
  const counts = Uint32Array.from(cut, ({ chunks }) => chunks.length)
  const count = counts.reduce((sum, each) => sum + each, 0)
  const [ids, lengths] = [new Uint8Array(count * idBytes), new Uint32Array(count)]
  let at = 0
  for (const { chunks } of cut)
    for (const { id, plainBytes } of chunks) {
      ids.set(id, at * idBytes)
      lengths[at++] = plainBytes
    }
  const rests = cut.flatMap(({ rest }, piece) => (rest.length === 0 ? [] : [{ at: piece, bytes: rest }]))
  return { ...stretchesOf(cut), counts, ids, lengths, rests }
}

export function unpackCut({ counts, ids, lengths, rests, ...packed }: PackedCut): readonly CutPiece[] {
  const restOf = new Map(rests.map(({ at, bytes }) => [at, bytes]))
  let next = 0
  return piecesOf(packed).map(({ bytes }, piece) => {
    const chunks: CutChunk[] = []
    for (let left = counts[piece] ?? 0; left > 0; left -= 1) {
      const start = next * idBytes
      chunks.push({ id: chunkId(ids.subarray(start, start + idBytes)), plainBytes: lengths[next] ?? 0 })
      next += 1
    }
    return { bytes, chunks, rest: restOf.get(piece) ?? new Uint8Array(0) }
  })
}

function stretchesOf(
  pieces: readonly { readonly bytes: Uint8Array }[],
  bits: readonly number[] = [],
): Pick<PackedCutTask, 'buffers' | 'stretches'> {
  const places = new Map<ArrayBufferLike, number>()
  const stretches = new Float64Array(pieces.length * fields)
  for (const [at, piece] of pieces.entries()) {
    // A `Buffer` may share its memory with others: what is moved is a copy.
    const bytes = Buffer.isBuffer(piece.bytes) ? new Uint8Array(piece.bytes) : piece.bytes
    const place = places.get(bytes.buffer) ?? places.size
    places.set(bytes.buffer, place)
    stretches.set([place, bytes.byteOffset, bytes.length, bits[at] ?? 0], at * fields)
  }
  return { buffers: [...places.keys()], stretches }
}

function piecesOf({
  buffers,
  stretches,
}: Pick<PackedCutTask, 'buffers' | 'stretches'>): { readonly bytes: Uint8Array; readonly bits: number }[] {
  const pieces: { bytes: Uint8Array; bits: number }[] = []
  for (let at = 0; at < stretches.length; at += fields) {
    const [place = -1, start = 0, length = 0, bits = 0] = stretches.subarray(at, at + fields)
    const buffer = buffers[place]
    if (buffer === undefined) throw new RangeError('a piece of a buffer that did not come')
    pieces.push({ bytes: new Uint8Array(buffer, start, length), bits })
  }
  return pieces
}
