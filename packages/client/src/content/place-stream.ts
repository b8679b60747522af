// Cuts and places bytes that come as a stream and are no file: the state of a checkpoint. The same cuts, lists and packs as a file of these
// bytes would have.
import { concat, type ChunkId } from '@grenier/crypto'
import type { Content } from '../sync/tree.ts'
import { ContentBuilder } from './content-builder.ts'
import { Placer, type PlacerOptions } from './placer.ts'
import type { ContentKeys, CutPiece } from './worker-pool.ts'

export interface PlaceStreamOptions extends PlacerOptions {
  readonly keys: ContentKeys
}

/** Bytes that are cut at once. */
const stepBytes = 4 << 20

/**
 * Places a stream, and finishes the writer: when it resolves all packs were taken.
 * @throws what the stream, a worker or the taker of packs failed with
 */
export async function placeStream(
  options: PlaceStreamOptions,
  pieces: AsyncIterable<Uint8Array>,
): Promise<{ readonly content: Content; readonly sizeBytes: number }> {
  const { pool, keys, writer } = options
  const placer = new Placer(options)
  const place = async (
    bytes: Uint8Array,
    how: { last: boolean; list: boolean },
  ): Promise<{ ids: ChunkId[]; rest: Uint8Array }> => {
    const [piece] = await pool.cut({ keys, pieces: [{ bytes, ...how }] })
    if (piece === undefined) throw new RangeError('the pool did not cut what it was given')
    const cut = { ids: idsIn(piece), rest: piece.rest }
    await placer.place([piece])
    return cut
  }
  const builder = new ContentBuilder((bytes, last) => place(bytes, { last, list: true }))
  let sizeBytes = 0
  let rest: Uint8Array = new Uint8Array(0)
  for await (const { bytes, last } of stepsOf(pieces)) {
    sizeBytes += bytes.length
    const cut = await place(concat([rest, bytes]), { last, list: false })
    rest = cut.rest
    await builder.add(cut.ids)
  }
  const content = await builder.finish()
  await writer.finish()
  return { content, sizeBytes }
}

function idsIn(piece: CutPiece): ChunkId[] {
  return piece.chunks.map(({ id }) => id)
}

/** The stream in steps of at least `stepBytes`; the last one is marked. */
async function* stepsOf(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ bytes: Uint8Array; last: boolean }> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    if (length >= stepBytes) {
      yield { bytes: concat(waiting), last: false }
      waiting = []
      length = 0
    }
    waiting.push(piece)
    length += piece.length
  }
  yield { bytes: concat(waiting), last: true }
}
