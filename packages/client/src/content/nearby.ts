// Chunks that this disk has already, in an older version of the file that is wanted: where they lie there, and taking them. They are only
// ever used after the check by their id: the older version may have changed since it was read.
import { toHex, type ChunkId } from '@grenier/crypto'
import type { Content } from '../sync/tree.ts'
import { release } from './moved-bytes.ts'
import { chunksIn, type WalkOptions } from './content-walk.ts'

/** An older version of a wanted file, as this device last read or wrote it. */
export interface Nearby {
  readonly content: Content
  readonly sizeBytes: number
  /** Bytes of it, fewer where it ends; undefined when it cannot be read any more. */
  read(offset: number, length: number): Promise<Uint8Array | undefined>
}

/** A chunk in an older version. */
export interface NearbyChunk {
  readonly id: ChunkId
  readonly from: Pick<Nearby, 'read'>
  readonly offset: number
  readonly plainBytes: number
  /** It is taken before anything of its window is fetched: then what is written is whole from its beginning. */
  readonly isFirst?: boolean | undefined
}

/** Chunks of one older version that are kept in mind: 64 GiB of a usual file. */
const chunksMax = 262_144
/** Bytes that are read and checked at once. */
const bytesAtOnce = 8 << 20

/** Where the chunks of an older version lie in it, by hex id; of one that is not to be had any more, as far as it goes. */
export async function chunksNearby(options: WalkOptions, from: Nearby): Promise<Map<string, NearbyChunk>> {
  const found = new Map<string, NearbyChunk>()
  let offset = 0
  for await (const part of chunksIn(options, from.content, from.sizeBytes)) {
    if (typeof part === 'string' || found.size >= chunksMax) break
    for (const { id, plainBytes } of part) {
      found.set(toHex(id), { id, from, offset, plainBytes })
      offset += plainBytes
    }
  }
  return found
}

/** Reads and checks chunks, and hands on each that is what it should be. Gives those that are not. */
export async function takeNearby<T extends { readonly near: NearbyChunk }>(
  options: WalkOptions,
  wanted: readonly T[],
  hand: (one: T, bytes: Uint8Array) => Promise<void>,
): Promise<T[]> {
  const missed: T[] = []
  for (const portion of portionsOf(wanted)) {
    const read = await Promise.all(portion.map(({ near }) => near.from.read(near.offset, near.plainBytes)))
    const chunks = portion.map(({ near: { id } }, at) => ({ id, bytes: read[at] ?? new Uint8Array(0) }))
    const checked = await options.pool.check({ keys: options.keys(), chunks })
    for (const [at, one] of portion.entries()) {
      const bytes = checked[at]
      if (bytes === undefined) missed.push(one)
      else await hand(one, bytes)
    }
    release(checked.filter((bytes) => bytes !== undefined))
  }
  return missed
}

function* portionsOf<T extends { readonly near: NearbyChunk }>(wanted: readonly T[]): Generator<T[]> {
  let [portion, bytes] = [new Array<T>(), 0]
  for (const one of wanted) {
    if (bytes > 0 && bytes + one.near.plainBytes > bytesAtOnce) {
      yield portion
      ;[portion, bytes] = [[], 0]
    }
    portion.push(one)
    bytes += one.near.plainBytes
  }
  if (portion.length > 0) yield portion
}
