// Content as a row names it: depth and up to 64 chunk ids; a longer list of ids is itself content, one level deeper. Pure.
import { chunkId, concat, CryptoError, type ChunkId } from '@grenier/crypto'
import type { Content } from '../sync/tree.ts'

/** Ids in one row, and in one `put`: docs/FORMAT.md. */
export const contentIdsMax = 64

/** Deeper lists than this are refused: 64 ids of lists of at most 2,048 ids, thrice, is more than any disk. */
export const contentDepthMax = 4

/** Packs depth and ids into the form of a row. */
export function contentOf(depth: number, ids: readonly ChunkId[]): Content {
  return concat([Uint8Array.of(depth), ...ids]) as Content
}

/** Depth and ids of a row's content. @throws CryptoError `malformed` */
export function readContent(content: Content): { depth: number; ids: ChunkId[] } {
  const depth = content[0]
  if (depth === undefined || depth > contentDepthMax)
    throw new CryptoError('malformed', 'content without a depth')
  return { depth, ids: idsOf(content.subarray(1)) }
}

/** The ids that a list holds. @throws CryptoError `malformed` unless a whole number of ids. */
export function idsOf(list: Uint8Array): ChunkId[] {
  if (list.length % 32 !== 0) throw new CryptoError('malformed', 'a list of chunk ids of a wrong length')
  const ids: ChunkId[] = []
  for (let at = 0; at < list.length; at += 32) ids.push(chunkId(list.subarray(at, at + 32)))
  return ids
}

/** The bytes of a list of ids, to be cut by the list chunker. */
export function listOf(ids: readonly ChunkId[]): Uint8Array {
  return concat(ids)
}
