// What files of a checkpoint hold: their chunks stand there by place in the pack table, here by id.
import { concat, type ChunkId } from '@grenier/crypto'
import type { Content, NodeValue } from '../sync/tree.ts'
import { BoundedCache } from './bounded-cache.ts'
import { malformed, type ChunkAt, type RecordedValue } from './checkpoint-records.ts'
import { chunksOf, type ListedChunk } from './pack-table.ts'
import { claimKey } from './state-keys.ts'
import type { StateRows } from './state-rows.ts'

/** Lists of chunks kept at hand: files that lie in the same packs mostly stand together. */
const listsBytes = 32 * 1024 * 1024
const listedChunkBytes = 150

/** Turns recorded values into values. */
export class ContentReader {
  readonly #lists = new BoundedCache<string, readonly ListedChunk[]>(listsBytes)

  /** @throws CryptoError `malformed` when a place is not in the pack table. */
  valueOf(rows: StateRows, value: RecordedValue): NodeValue {
    if (value.kind !== 'file') return value
    const { kind, mode, mtimeNs, sizeBytes, depth, chunks } = value
    const ids = chunks.map((chunk) => this.#idOf(rows, chunk))
    return { kind, mode, mtimeNs, sizeBytes, content: concat([Uint8Array.of(depth), ...ids]) as Content }
  }

  #idOf(rows: StateRows, chunk: ChunkAt): ChunkId {
    if (chunk instanceof Uint8Array) return chunk
    const key = claimKey(chunk.sequence, chunk.position)
    const known = this.#lists.get(key)
    const list = known ?? chunksOf(rows, chunk)
    if (known === undefined) this.#lists.set(key, list, 200 + list.length * listedChunkBytes)
    const listed = list[chunk.chunk]
    if (listed === undefined) throw malformed('a chunk that its pack table does not list')
    return listed.id
  }
}
