// Fills packs: chunks one after the other until the next does not fit, then the pack is sealed and handed on, in order. Knows plaintext and
// sizes; nothing of files, commits or the relay.
import {
  packBytesAlone,
  packBytesMax,
  packBytesShort,
  plainCapacity,
  storedBytesFor,
  type ChunkId,
  type PackId,
  type Random,
  type SealedBytes,
} from '@grenier/crypto'
import type { SealTask, WorkerPool } from './worker-pool.ts'

/** A chunk's place in a pack: chunks lie one after the other, so offsets are implied by the order. */
export interface PackedChunk {
  readonly id: ChunkId
  readonly plainBytes: number
  readonly storedBytes: number
}

/** A sealed pack, not yet claimed. */
export interface OutgoingPack {
  /** Counts from 0 within one writer. */
  readonly ordinal: number
  readonly id: PackId
  readonly bytes: SealedBytes
  readonly epoch: number
  readonly chunks: readonly PackedChunk[]
}

/** The key packs are sealed under at this moment. */
export interface PackSealing {
  readonly key: Uint8Array
  readonly binding: Uint8Array
  readonly epoch: number
}

export interface PackWriterOptions {
  readonly pool: WorkerPool
  readonly random: Random
  /** Asked at each sealing: a new epoch may open meanwhile. */
  readonly sealing: () => PackSealing
  /** Takes packs, in order of their ordinals. */
  readonly emit: (pack: OutgoingPack) => Promise<void>
}

/** Fills packs. Calls of `add` and `finish` are one after the other; sealing overlaps them. */
export class PackWriter {
  readonly #options: PackWriterOptions
  #plain: Uint8Array | undefined
  #used = 0
  #chunks: PackedChunk[] = []
  #ordinal = 0
  /** Bulk bytes stored since the last short pack: T of the size rule. */
  #bulkBytes: number
  #emitted: Promise<void> = Promise.resolve()
  #emittedCount = 0

  /** `bulkBytes`: what this device's packs since its last short bulk pack sum up to, as the log tells. */
  constructor(options: PackWriterOptions, bulkBytes = 0) {
    this.#options = options
    this.#bulkBytes = bulkBytes
  }

  /** Ordinal of the pack that the next chunk goes to, unless it does not fit any more. */
  get ordinal(): number {
    return this.#ordinal
  }

  /** Whether chunks wait for their pack to be full. */
  get pending(): boolean {
    return this.#chunks.length > 0
  }

  /** Places a chunk and returns the ordinal of its pack. */
  add(chunk: PackedChunk, stored: Uint8Array): number {
    if (this.#used + stored.length > fullPackPlainBytes) this.#closePack(packBytesMax)
    this.#plain ??= new Uint8Array(fullPackPlainBytes)
    this.#plain.set(stored, this.#used)
    this.#used += stored.length
    this.#chunks.push(chunk)
    return this.#ordinal
  }

  /** Seals what waits in a short pack; after it the queue is empty. Resolves when all packs were emitted. */
  async finish(): Promise<void> {
    if (this.pending) {
      const alone = this.#bulkBytes === 0
      this.#closePack(
        alone ? packBytesAlone(this.#used) : packBytesShort(this.#used, this.#bulkBytes + storedBytesFor(this.#used)),
      )
    }
    this.#bulkBytes = 0
    await this.#emitted
  }

  /** Resolves when few enough packs wait to be taken: the brake on reading. */
  async room(): Promise<void> {
    while (this.#ordinal - this.#emittedCount > waitingPacksMax) await this.#emitted
  }

  #closePack(storedBytes: number): void {
    const { key, binding, epoch } = this.#options.sealing()
    const plain = (this.#plain ?? new Uint8Array(0)).slice(0, this.#used)
    const salt = this.#options.random.bytes(32)
    const task: SealTask = { key, binding, epoch, salt, plain, storedBytes }
    const sealed = this.#options.pool.seal(task)
    const { ordinal, chunks } = { ordinal: this.#ordinal, chunks: this.#chunks }
    const before = this.#emitted
    this.#emitted = before.then(async () => {
      const { id, bytes } = await sealed
      await this.#options.emit({ ordinal, id, bytes, epoch, chunks })
      this.#emittedCount += 1
    })
    sealed.catch(() => undefined)
    this.#emitted.catch(() => undefined)
    this.#ordinal += 1
    this.#bulkBytes += storedBytes
    this.#chunks = []
    this.#used = 0
  }
}

/** Packs that are sealed or being sealed and not yet taken: 16 MiB, so that sealing overlaps sending and memory stays bounded. */
const waitingPacksMax = 4

/** Plaintext bytes in a pack of the full size. */
const fullPackPlainBytes = plainCapacity(packBytesMax)
