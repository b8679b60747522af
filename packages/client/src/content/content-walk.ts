// Goes through the chunks of a content, part by part: lists of ids are brought as they are needed, so that the length of a file costs no
// memory. What contradicts itself (an enemy's lists, lengths that disagree) ends the walk, before it costs much work.
import { concat, CryptoError, toHex, type ChunkId } from '@grenier/crypto'
import type { ChunkPlace } from '../state/chunk-index.ts'
import type { Content } from '../sync/tree.ts'
import { bring, worstOf, type BringOptions, type Lack, type Wanted } from './bring.ts'
import { ListReader, readContent } from './content-list.ts'
import { isPossible } from './fetch-plan.ts'

export interface WalkOptions extends BringOptions {
  /** Where the log says that the chunk lies: not known as bad before bad, latest first. */
  readonly places: (id: ChunkId) => readonly ChunkPlace[]
}

/** A chunk of a content, and its places of that length. */
export interface LocatedChunk {
  readonly id: ChunkId
  readonly plainBytes: number
  readonly places: readonly ChunkPlace[]
}

/** Bytes of lists brought at once: some 64 chunks of them, or one that an enemy made. */
const listBytesAtOnce = 1 << 20
/** Bytes of lists read at once: 4,096 ids, whose places are then looked up. */
const idBytesAtOnce = 128 << 10
/** More chunks than one for each 4 KiB of a file, or each KiB of a list, and it is refused: shorter than any chunker of ours cuts. */
export const fileChunkBytesMin = 4096
export const listChunkBytesMin = 1024
/** But that many are always allowed. */
export const chunksFree = 64

/** The chunks of a content, in order; ends with what is lacking, if anything is. Their lengths sum up to `sizeBytes`, or it ends with `wrong`. */
export async function* chunksIn(
  options: WalkOptions,
  content: Content,
  sizeBytes: number,
): AsyncGenerator<LocatedChunk[] | Lack> {
  let [count, bytes] = [0, 0]
  for await (const ids of idsIn(options, content)) {
    if (typeof ids === 'string') {
      yield ids
      return
    }
    const located = await locate(options, ids)
    if (typeof located === 'string') {
      yield located
      return
    }
    count += located.length
    bytes = located.reduce((sum, { plainBytes }) => sum + plainBytes, bytes)
    if (bytes > sizeBytes || count > chunksFree + bytes / fileChunkBytesMin) {
      yield 'wrong'
      return
    }
    yield located
  }
  if (bytes !== sizeBytes) yield 'wrong'
}

/**
 * The same at once, for a content that names its chunks itself and whose places leave no doubt about lengths; undefined for any other. Most
 * files are such, and a walk costs more than all else that is done to one.
 */
export function chunksAtHand(
  options: WalkOptions,
  content: Content,
  sizeBytes: number,
): LocatedChunk[] | Lack | undefined {
  if (content[0] !== 0) return undefined
  const top = orWrong(() => readContent(content))
  if (typeof top === 'string') return top
  const located: LocatedChunk[] = []
  let bytes = 0
  for (const id of top.ids) {
    const places = options.places(id)
    const plainBytes = places.every(isPossible) ? lengthIn(places) : undefined
    if (plainBytes === undefined) return undefined
    const isOne = places.every((place) => place.plainBytes === plainBytes)
    located.push({
      id,
      plainBytes,
      places: isOne ? places : places.filter((p) => p.plainBytes === plainBytes),
    })
    bytes += plainBytes
  }
  if (bytes !== sizeBytes || located.length > chunksFree + bytes / fileChunkBytesMin) return 'wrong'
  return located
}

type IdParts = AsyncIterable<readonly ChunkId[] | Lack> | Iterable<readonly ChunkId[]>

/** The ids of a file's chunks, in parts of bounded length. */
async function* idsIn(options: WalkOptions, content: Content): AsyncGenerator<readonly ChunkId[] | Lack> {
  const top = orWrong(() => readContent(content))
  if (typeof top === 'string') {
    yield top
    return
  }
  let ids: IdParts = [top.ids]
  for (let depth = top.depth; depth > 0; depth -= 1) ids = unfolded(options, ids)
  yield* ids
}

/** The ids that a list holds, from the ids of its own chunks. */
async function* unfolded(options: WalkOptions, listed: IdParts): AsyncGenerator<readonly ChunkId[] | Lack> {
  const reader = new ListReader()
  let [count, bytes] = [0, 0]
  for await (const part of listed) {
    if (typeof part === 'string') {
      yield part
      return
    }
    for (const some of atOnce(options, part)) {
      const list = await bytesOf(options, some)
      if (typeof list === 'string') {
        yield list
        return
      }
      count += some.length
      bytes += list.length
      if (bytes < (count - chunksFree) * listChunkBytesMin) {
        yield 'wrong'
        return
      }
      for (let at = 0; at < list.length; at += idBytesAtOnce)
        yield reader.take(list.subarray(at, at + idBytesAtOnce))
    }
  }
  const end = orWrong(() => reader.end())
  if (end === 'wrong') yield end
}

/** A chunk, and where the log says that it lies. */
export interface PlacedId {
  readonly id: ChunkId
  readonly places: readonly ChunkPlace[]
}

/** Chunks of lists in the portions that they are brought in. */
function* atOnce(options: WalkOptions, ids: readonly ChunkId[]): Generator<PlacedId[]> {
  let [portion, bytes] = [new Array<PlacedId>(), 0]
  for (const id of ids) {
    const places = options.places(id)
    const longest = Math.max(0, ...places.map(({ plainBytes }) => plainBytes))
    if (bytes > 0 && bytes + longest > listBytesAtOnce) {
      yield portion
      ;[portion, bytes] = [[], 0]
    }
    portion.push({ id, places })
    bytes += longest
  }
  yield portion
}

/** The bytes of a few chunks, one after the other. */
export async function bytesOf(options: WalkOptions, chunks: readonly PlacedId[]): Promise<Uint8Array | Lack> {
  const parts = chunks.map((): Uint8Array => new Uint8Array(0))
  const wanted = chunks.map((chunk, at) => ({
    ...chunk,
    hand: (bytes: Uint8Array) => {
      parts[at] = bytes.slice()
      return Promise.resolve()
    },
  }))
  return worstOf((await bring(options, wanted)).values()) ?? concat(parts)
}

/**
 * Chunks with their lengths. Places may disagree about a length: one that this device checked counts; where there is none, a chunk is
 * brought to see, or a member could make a file of others unreadable by claiming a place of its chunk.
 */
export async function locate(options: WalkOptions, ids: readonly ChunkId[]): Promise<LocatedChunk[] | Lack> {
  const lengths = new Map<string, number>()
  const doubtful = new Map<string, Wanted>()
  const placed = ids.map((id) => ({ id, places: options.places(id).filter(isPossible) }))
  for (const { id, places } of placed) {
    const plainBytes = lengthIn(places)
    if (plainBytes !== undefined) continue
    const key = toHex(id)
    const hand = (bytes: Uint8Array): Promise<void> => {
      lengths.set(key, bytes.length)
      return Promise.resolve()
    }
    doubtful.set(key, { id, places, hand })
  }
  const lack = worstOf((await bring(options, [...doubtful.values()])).values())
  if (lack !== undefined) return lack
  return placed.map(({ id, places }) => {
    const plainBytes = lengthIn(places) ?? lengths.get(toHex(id)) ?? 0
    return { id, plainBytes, places: places.filter((place) => place.plainBytes === plainBytes) }
  })
}

/** The length that places tell, unless they leave doubt. */
export function lengthIn(places: readonly ChunkPlace[]): number | undefined {
  const checked = places.find((place) => place.known === 'good')
  if (checked !== undefined) return checked.plainBytes
  const [first] = places
  return places.every((place) => place.plainBytes === first?.plainBytes) ? first?.plainBytes : undefined
}

function orWrong<T>(read: () => T): T | 'wrong' {
  try {
    return read()
  } catch (error) {
    if (error instanceof CryptoError) return 'wrong'
    throw error
  }
}
