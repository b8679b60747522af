// Work on bytes, off the main thread: cut and hash, compress, seal, open and check. One interface; the simulation runs it inline.
// Nothing here knows of files, vaults or the relay.
import type { ChunkId, PackId, SealedBytes } from '@grenier/crypto'

/** Keys of one vault that content needs, 32 bytes each, from epoch 0: a new epoch re-sends nothing. */
export interface ContentKeys {
  readonly chunkIdKey: Uint8Array
  readonly chunkerKey: Uint8Array
}

/** Bytes of one file, or of one part of it, to be cut. */
export interface Piece {
  readonly bytes: Uint8Array
  /** The end of these bytes is the end of the file. */
  readonly last: boolean
  /** A list of ids, cut by the list chunker. */
  readonly list: boolean
}

/** A chunk, cut and hashed: its id and its length. Chunks lie one after the other from the start of their piece. */
export interface CutChunk {
  readonly id: ChunkId
  readonly plainBytes: number
}

export interface CutPiece {
  /** The bytes given, handed back. */
  readonly bytes: Uint8Array
  readonly chunks: readonly CutChunk[]
  /** A copy of the bytes at the end that belong to a chunk whose end was not seen; empty when `last`. */
  readonly rest: Uint8Array
}

/** Parts of one buffer to be compressed. */
export interface Compressible {
  readonly bytes: Uint8Array
  readonly ranges: readonly { readonly start: number; readonly length: number }[]
}

/** The ranges as they go into a pack, one after the other: compressed where that helps, equal lengths meaning uncompressed. */
export interface Compressed {
  readonly bytes: Uint8Array
  readonly storedBytes: readonly number[]
}

/** Seals the plaintext of one pack, with zeros up to its size. */
export interface SealTask {
  /** The epoch's pack key, 32 bytes. */
  readonly key: Uint8Array
  /** Vault id, 32 bytes. */
  readonly binding: Uint8Array
  readonly epoch: number
  /** 32 fresh random bytes. */
  readonly salt: Uint8Array
  readonly plain: Uint8Array
  readonly storedBytes: number
}

export interface SealedPack {
  readonly id: PackId
  readonly bytes: SealedBytes
}

/** Opens a whole pack, or a run of whole cells of it, checks and decompresses the chunks asked for. */
export interface OpenTask {
  readonly keys: ContentKeys
  readonly key: Uint8Array
  readonly binding: Uint8Array
  readonly epoch: number
  readonly packBytes: number
  /** Prefix and commitment, as stored at the front of the pack. */
  readonly front: Uint8Array
  /** Whole cells from `firstCell` on. */
  readonly cells: Uint8Array
  readonly firstCell: number
  readonly chunks: readonly WantedChunk[]
}

/** A chunk by its place in the pack's plaintext. */
export interface WantedChunk {
  readonly id: ChunkId
  readonly offset: number
  readonly plainBytes: number
  readonly storedBytes: number
}

/** A chunk found elsewhere than in a pack: what it is taken for, and the bytes. */
export interface CheckTask {
  readonly keys: ContentKeys
  readonly chunks: readonly { readonly id: ChunkId; readonly bytes: Uint8Array }[]
}

/** A thread ended with what it had been given. Given once more, it is done. */
export class RunLostError extends Error {}

/**
 * Calls may overlap, in any number. Order of results is the order of what was given. Large bytes (`bytes`, `plain`, `cells`) are
 * moved, not copied, and the whole buffer with them that they lie in: the caller must not touch it again, also when the call fails.
 * Keys, ids, `front` and `salt` are copied.
 */
export interface WorkerPool {
  cut(task: { keys: ContentKeys; pieces: readonly Piece[] }): Promise<readonly CutPiece[]>
  compress(task: { inputs: readonly Compressible[] }): Promise<readonly Compressed[]>
  /** @throws CryptoError `limit` when the plaintext does not fit */
  seal(task: SealTask): Promise<SealedPack>
  /**
   * undefined where a chunk is not what its id says: a member's fault. Chunks may lie in one buffer.
   * @throws CryptoError `seal-broken` when a cell does not open; `malformed` when these are no cells of such a pack; `version-unknown`. RunLostError:
   * what was moved is lost, and nothing is said of it
   */
  open(task: OpenTask): Promise<readonly (Uint8Array | undefined)[]>
  /** The bytes where they are the chunk, else undefined. */
  check(task: CheckTask): Promise<readonly (Uint8Array | undefined)[]>
  /** Ends the threads, after what is under way. No call may come any more. */
  close(): Promise<void>
}
