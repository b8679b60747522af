// Fills packs: chunks one after the other until the next does not fit, then the pack is sealed and handed on, in order. Knows plaintext and
// sizes; nothing of files, commits or the relay.
import {
  chunksInPackMax,
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
import { freshBytes } from '../fresh-bytes.ts'
import type { SealedPack, WorkerPool } from './worker-pool.ts'

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
  /** Given back, and empty, once the relay holds the pack and the log claims it. */
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
  /** Asked at each sealing: a new epoch may open meanwhile. What it throws, `add` and `finish` throw, and nothing is lost. */
  readonly sealing: () => PackSealing
  /**
   * Takes packs, one after the other, in order of their ordinals; resolves when there is room for another. A pack is taken when this
   * is called: if it rejects, the next `room` or `finish` says so, once, and packs go on.
   */
  readonly emit: (pack: OutgoingPack) => Promise<void>
}

/** Packs that are sealed or being sealed and not yet taken: 12 MiB, so that sealing overlaps sending and memory stays bounded. */
const waitingPacksMax = 3

/** Plaintext bytes in a pack of the full size. */
const fullPackPlainBytes = plainCapacity(packBytesMax)
/** Room for a writer's first chunks: most have a few small files to send. */
const firstRoomBytes = 64 << 10
/** How much more room each time it does not do: it is copied three times at most. */
const roomGrowth = 4

/**
 * Fills packs. Calls of `add` and `finish` are one after the other; sealing overlaps them. A seal that fails takes chunks with it: from
 * then on every call fails with its error.
 */
export class PackWriter {
  readonly #options: PackWriterOptions
  #plain: Uint8Array | undefined
  #usedBytes = 0
  /** Room that the next pack begins with: all of it where one was full, for then the next is likely to be. */
  #firstBytes = firstRoomBytes
  #chunks: PackedChunk[] = []
  #ordinal = 0
  /** Bulk bytes stored since the last short pack: T of the size rule. */
  #bulkBytes: number
  /** Packs not yet taken, oldest first: each resolves when it is. */
  #waiting: Promise<void>[] = []
  #refusal: { readonly error: unknown } | undefined
  #broken: { readonly error: unknown } | undefined

  /** `bulkBytes`: what this device's packs since its last short bulk pack sum up to, as the state tells. */
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

  /** Places a chunk and returns the ordinal of its pack. `stored`: 1 to 1 MiB, copied. @throws what a seal failed with */
  add(chunk: PackedChunk, stored: Uint8Array): number {
    this.#throwIfBroken()
    const isFull =
      this.#usedBytes + stored.length > fullPackPlainBytes || this.#chunks.length >= chunksInPackMax
    if (isFull && this.pending) {
      this.#closePack(packBytesMax)
      this.#firstBytes = fullPackPlainBytes
    }
    this.#roomFor(stored.length).set(stored, this.#usedBytes)
    this.#usedBytes += stored.length
    this.#chunks.push(chunk)
    return this.#ordinal
  }

  /**
   * Seals what waits in a short pack; after it the queue is empty. Resolves when all packs were taken.
   * @throws what a seal, or `emit`, failed with
   */
  async finish(): Promise<void> {
    this.#throwIfBroken()
    if (this.pending) {
      this.#closePack(this.#shortPackBytes())
      this.#bulkBytes = 0
      this.#firstBytes = firstRoomBytes
    }
    await Promise.all(this.#waiting)
    this.#throwRefusal()
  }

  /** Resolves when few enough packs wait to be taken: the brake on reading. @throws what a seal, or `emit`, failed with */
  async room(): Promise<void> {
    while (this.#waiting.length > waitingPacksMax) await this.#waiting[0]
    this.#throwIfBroken()
    this.#throwRefusal()
  }

  /** What the pack is filled in, with room for so much more. */
  #roomFor(bytes: number): Uint8Array {
    const neededBytes = this.#usedBytes + bytes
    const before = this.#plain
    if (before !== undefined && neededBytes <= before.length) return before
    let roomBytes = before === undefined ? this.#firstBytes : before.length * roomGrowth
    while (roomBytes < neededBytes) roomBytes *= roomGrowth
    // Not zeroed: only what was set in it is ever used. A full pack is sealed where it lies.
    const plain = freshBytes(roomBytes < fullPackPlainBytes ? roomBytes : packBytesMax)
    if (before !== undefined) plain.set(before.subarray(0, this.#usedBytes))
    this.#plain = plain
    return plain
  }

  #shortPackBytes(): number {
    const isAlone = this.#bulkBytes === 0
    if (isAlone) return packBytesAlone(this.#usedBytes)
    return packBytesShort(this.#usedBytes, this.#bulkBytes + storedBytesFor(this.#usedBytes))
  }

  #closePack(storedBytes: number): void {
    const { pool, random, sealing } = this.#options
    const { key, binding, epoch } = sealing()
    const salt = random.bytes(32)
    const plain = (this.#plain ?? new Uint8Array(0)).subarray(0, this.#usedBytes)
    const sealed = pool.seal({ key, binding, epoch, salt, plain, storedBytes })
    const taken = this.#handOn(sealed, { ordinal: this.#ordinal, epoch, chunks: this.#chunks })
    this.#waiting.push(taken)
    this.#plain = undefined
    this.#usedBytes = 0
    this.#chunks = []
    this.#ordinal += 1
    this.#bulkBytes += storedBytes
    taken.then(
      () => void this.#waiting.shift(),
      (error: unknown) => {
        this.#broken ??= { error }
      },
    )
  }

  async #handOn(sealing: Promise<SealedPack>, pack: Omit<OutgoingPack, 'id' | 'bytes'>): Promise<void> {
    const [before] = await Promise.allSettled([this.#waiting.at(-1), sealing])
    if (before.status === 'rejected') throw before.reason
    const { id, bytes } = await sealing
    try {
      await this.#options.emit({ ...pack, id, bytes })
    } catch (error) {
      this.#refusal ??= { error }
    }
  }

  #throwIfBroken(): void {
    if (this.#broken !== undefined) throw this.#broken.error
  }

  #throwRefusal(): void {
    const refusal = this.#refusal
    this.#refusal = undefined
    if (refusal !== undefined) throw refusal.error
  }
}
