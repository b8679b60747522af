// Content as a row names it: depth and up to 64 chunk ids; a longer list of ids is itself content, one level deeper. Pure.
import { chunkId, chunksInPutMax, concat, contentDepthMax, CryptoError, type ChunkId } from '@grenier/crypto'
import type { Content } from '../sync/tree.ts'

/** Bytes of an id, and so of each item of a list. */
const idBytes = 32

/** Packs depth and ids into the form of a row. */
export function contentOf(depth: number, ids: readonly ChunkId[]): Content {
  return concat([Uint8Array.of(depth), ...ids]) as Content
}

/** Depth and ids of a row's content. @throws CryptoError `malformed`, `limit` */
export function readContent(content: Content): { depth: number; ids: ChunkId[] } {
  const depth = content[0]
  if (depth === undefined) throw new CryptoError('malformed', 'content without a depth')
  const ids = idsOf(content.subarray(1))
  if (depth > contentDepthMax || ids.length > chunksInPutMax)
    throw new CryptoError('limit', 'content that is too deep or too long')
  if (depth > 0 && ids.length === 0) throw new CryptoError('malformed', 'a list of chunks that is empty')
  return { depth, ids }
}

/** The ids that a list holds, each in bytes of its own. @throws CryptoError `malformed` unless a whole number of ids. */
export function idsOf(list: Uint8Array): ChunkId[] {
  if (list.length % idBytes !== 0) throw new CryptoError('malformed', 'a list of chunk ids of a wrong length')
  const ids: ChunkId[] = []
  for (let at = 0; at < list.length; at += idBytes) ids.push(chunkId(list.slice(at, at + idBytes)))
  return ids
}

/** The bytes of a list of ids, to be cut by the list chunker. */
export function listOf(ids: readonly ChunkId[]): Uint8Array {
  return concat(ids)
}

/** Reads a list that comes in parts: chunks of a list end anywhere, also within an id. */
export class ListReader {
  #rest: Uint8Array = new Uint8Array(0)

  /** The ids that are whole with these bytes. */
  take(bytes: Uint8Array): ChunkId[] {
    const all = concat([this.#rest, bytes])
    const whole = all.length - (all.length % idBytes)
    this.#rest = all.slice(whole)
    return idsOf(all.subarray(0, whole))
  }

  /** @throws CryptoError `malformed` when the list ends within an id. */
  end(): void {
    idsOf(this.#rest)
  }
}
