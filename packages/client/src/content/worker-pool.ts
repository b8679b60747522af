// Work on bytes, off the main thread: cut, hash, compress, seal; open, check, decompress. One interface; the simulation runs it inline.
import type { ChunkId, PackId, SealedBytes } from '@grenier/crypto'

/** Keys and binding of one vault, as the workers need them. */
export interface ContentKeys {
  /** 32 bytes each, from epoch 0. */
  readonly chunkIdKey: Uint8Array
  readonly chunkerKey: Uint8Array
}

/** A chunk of a file, cut and hashed. */
export interface CutChunk {
  readonly id: ChunkId
  /** Where it starts in the bytes given, and its length. */
  readonly start: number
  readonly plainBytes: number
}

export interface CutResult {
  /** The bytes given, handed back. */
  readonly bytes: Uint8Array
  readonly chunks: readonly CutChunk[]
  /** Bytes at the end that belong to a chunk whose end was not seen; 0 when `last`. */
  readonly rest: number
}

/** A chunk as it lies in a pack: compressed where that helps. Equal lengths mean uncompressed. */
export interface StoredChunk {
  readonly id: ChunkId
  readonly plainBytes: number
  readonly stored: Uint8Array
}

export interface SealedPack {
  readonly id: PackId
  readonly bytes: SealedBytes
}

/** Everything a worker does. Buffers given are transferred: the caller must not touch them again. */
export interface WorkerPool {
  cut(task: { keys: ContentKeys; bytes: Uint8Array; last: boolean; list: boolean }): Promise<CutResult>
  compress(task: { chunks: readonly { id: ChunkId; plain: Uint8Array }[] }): Promise<readonly StoredChunk[]>
  seal(task: SealTask): Promise<SealedPack>
  open(task: OpenTask): Promise<Uint8Array>
  /** Decompresses to exactly `plainBytes` and checks the id. Rejects with `CryptoError` `seal-broken`. */
  restore(task: { keys: ContentKeys; chunk: StoredChunk }): Promise<Uint8Array>
  close(): Promise<void>
}

/** Lays `parts` one after the other, then zeros up to the pack's size, and seals. */
export interface SealTask {
  /** Epoch's pack key. */
  readonly key: Uint8Array
  readonly binding: Uint8Array
  readonly epoch: number
  readonly salt: Uint8Array
  readonly parts: readonly Uint8Array[]
  readonly storedBytes: number
}

/** Opens a run of whole cells of a pack and returns their plaintext. */
export interface OpenTask {
  readonly key: Uint8Array
  readonly binding: Uint8Array
  readonly epoch: number
  /** Prefix and commitment, as stored at the front of the pack. */
  readonly front: Uint8Array
  readonly cells: Uint8Array
  readonly firstCell: number
  readonly packBytes: number
}
