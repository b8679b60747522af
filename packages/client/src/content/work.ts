// What a worker does with bytes, as plain functions: the worker threads and the inline pool run the same ones.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import {
  cellPlainBytes,
  chunkBytesMax,
  chunkIdOf,
  concat,
  equal,
  openCells,
  packIdOf,
  sealContainer,
  sealInPlace,
} from '@grenier/crypto'
import { cutPoints, fileChunkSizes, gearTable, listChunkSizes, type GearTable } from './chunker.ts'
import type { ChunkRange } from '@grenier/crypto/chunk-ids'
import { freshBytes } from '../fresh-bytes.ts'
import { buffersOf, release, releaseOwn } from './moved-bytes.ts'
import type {
  CheckTask,
  Compressed,
  Compressible,
  ContentKeys,
  CutPiece,
  OpenTask,
  Piece,
  SealedPack,
  SealTask,
  WantedChunk,
} from './worker-pool.ts'
import { compressInto, decompressInto, forgetDecompressing } from './zstd-engine.ts'

/** zstd level: 3 is its default, and what one core of a small machine can feed a line with. */
const zstdLevel = 3

/** 8 MiB, what RFC 8878 asks every decoder to support: a frame cannot make us take more memory for its window. */
const zstdWindowLogMax = 23

/** Compression must save this much, or the chunk is kept as it is: reading it back is then free. */
const worthwhile = 0.97

/** Nothing shorter is worth a frame, whose front alone takes 9 bytes. */
const compressibleBytesMin = 32

let lastGear: { key: Uint8Array; table: GearTable } | undefined

function gearOf(chunkerKey: Uint8Array): GearTable {
  if (lastGear === undefined || !equal(lastGear.key, chunkerKey)) {
    lastGear = { key: chunkerKey.slice(), table: gearTable(chunkerKey) }
  }
  return lastGear.table
}

/** Cuts and hashes. */
export function cut(task: { keys: ContentKeys; pieces: readonly Piece[] }): CutPiece[] {
  const gear = gearOf(task.keys.chunkerKey)
  return task.pieces.map((piece) => {
    const { bytes, last } = piece
    const sizes = piece.list ? listChunkSizes : fileChunkSizes
    const { lengths, rest } = cutPoints(bytes, { gear, sizes, last })
    let start = 0
    const chunks = lengths.map((plainBytes) => {
      const id = chunkIdOf(task.keys.chunkIdKey, bytes.subarray(start, start + plainBytes))
      start += plainBytes
      return { id, plainBytes }
    })
    return { bytes, chunks, rest: bytes.slice(bytes.length - rest) }
  })
}

/** Compresses each range singly, where that helps. */
export function compress(task: { inputs: readonly Compressible[] }): Compressed[] {
  return task.inputs.map(({ bytes, ranges }) => {
    const plains = ranges.map(({ start, length }) => bytes.subarray(start, start + length))
    const worth = plains.map((plain) => plain.length >= compressibleBytesMin && !isDense(plain))
    const roomBytes = plains.reduce(
      (sum, { length }, at) => sum + (worth[at] === true ? zstdBytesMax(length) : 0),
      0,
    )
    const room = freshBytes(roomBytes)
    let used = 0
    const stored = plains.map((plain, at) => {
      if (worth[at] !== true) return plain
      const shorter = compressChunk(plain, room.subarray(used, used + zstdBytesMax(plain.length)))
      used += shorter?.length ?? 0
      return shorter ?? plain
    })
    const storedBytes = stored.map((chunk) => chunk.length)
    const all = joined(stored)
    if (all.buffer !== room.buffer) release([room])
    return { bytes: all, storedBytes }
  })
}

/** Of a chunk of this size or more a few places tell whether it is worth to compress all of it. */
const sampledBytesMin = 128 << 10
const sampleBytes = 8 << 10
const sampleRoom = freshBytes(zstdBytesMax(sampleBytes))

/** Whether neither its beginning nor its middle nor its end become shorter: pictures, films, archives, what is encrypted. */
function isDense(plain: Uint8Array): boolean {
  if (plain.length < sampledBytesMin) return false
  const last = plain.length - sampleBytes
  return [0, last >> 1, last].every((start) => {
    const sample = plain.subarray(start, start + sampleBytes)
    const length = compressInto(sample, { out: sampleRoom, start: 0, level: zstdLevel })
    return length !== undefined && length >= sampleBytes * worthwhile
  })
}

/** Compresses to the front of `room`; undefined where that would not help. */
function compressChunk(plain: Uint8Array, room: Uint8Array): Uint8Array | undefined {
  const length = compressInto(plain, { out: room, start: 0, level: zstdLevel }) ?? compressOnce(plain, room)
  return length < plain.length * worthwhile ? room.subarray(0, length) : undefined
}

/** The same with a context of its own. */
function compressOnce(plain: Uint8Array, room: Uint8Array): number {
  const packed = zstdCompressSync(plain, {
    chunkSize: room.length,
    params: { [constants.ZSTD_c_compressionLevel]: zstdLevel },
  })
  const { length } = packed
  room.set(packed)
  releaseOwn([packed])
  return length
}

/** What a chunk of this length can become at most, and a little more: the output then comes in one buffer. */
function zstdBytesMax(plainBytes: number): number {
  return plainBytes + (plainBytes >> 7) + 128
}

/** The parts one after the other; not copied when they lie so already, which is the rule where nothing was compressed. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  if (first === undefined) return new Uint8Array(0)
  let end = first.byteOffset
  for (const part of parts) {
    if (part.buffer !== first.buffer || part.byteOffset !== end) return concat(parts)
    end += part.length
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset)
}

/** Seals and names a pack: in its own place, where the buffer of its plaintext is as long as it will be. */
export function seal(task: SealTask): SealedPack {
  const { key, binding, epoch, salt, plain, storedBytes } = task
  const place = { type: 'pack', key, binding, epoch, salt } as const
  const room = roomAround(plain)
  const bytes =
    room?.length === storedBytes
      ? sealInPlace({ ...place, room, plainBytes: plain.length })
      : sealContainer({ ...place, plain: [plain], storedBytes })
  return { id: packIdOf(bytes), bytes }
}

/** All of the buffer that these bytes begin, if it was moved here with them. */
function roomAround(plain: Uint8Array): Uint8Array | undefined {
  const [buffer] = plain.byteOffset > 0 ? [] : buffersOf([plain])
  return buffer && new Uint8Array(buffer)
}

/**
 * Opens cells, decompresses the chunks wanted and checks each against its id: undefined where a chunk is not what the index says. Small ones
 * share a buffer; larger ones that were not compressed are given where they lie, which is where the cells lay.
 * @throws CryptoError `seal-broken` when a cell does not open.
 */
export function open(task: OpenTask): (Uint8Array | undefined)[] {
  return chunksIn(task, openRun(task))
}

/** The first half of `open`: the plaintext of the run, in the place of its cells. @throws as `open` */
export function openRun({ key, binding, epoch, front, cells, firstCell, packBytes }: OpenTask): Uint8Array {
  const run = { type: 'pack', key, binding, epoch, front, cells, firstCell, packBytes } as const
  return openCells({ ...run, inPlace: true })
}

/** The second half of `open`. */
export function chunksIn(task: OpenTask, plain: Uint8Array): (Uint8Array | undefined)[] {
  const origin = originOf(task)
  const room = new Room(task.chunks)
  const chunks = task.chunks.map((chunk) => {
    const stored = storedPart(plain, origin, chunk)
    if (stored !== undefined && isIn(room, stored, { keys: task.keys, chunk }))
      return room.taken(chunk.plainBytes)
    const restored = restoreChunk(task.keys, chunk, stored)
    return restored === undefined ? undefined : room.take(restored, stored)
  })
  if (!chunks.some((chunk) => chunk?.buffer === plain.buffer)) release([plain])
  return chunks
}

/** Where the chunks lie in the plaintext of the run, if all are large, lie in it, and were not compressed: undefined if not. */
export function rangesOfLarge(task: OpenTask, plain: Uint8Array): ChunkRange[] | undefined {
  const ranges: ChunkRange[] = []
  for (const chunk of task.chunks) {
    if (!isLargeAsItIs(chunk) || storedPart(plain, originOf(task), chunk) === undefined) return undefined
    ranges.push({ start: chunk.offset - originOf(task), length: chunk.plainBytes })
  }
  return ranges
}

/** Whether a chunk is handed out where it lies in its pack. */
export function isLargeAsItIs({ plainBytes, storedBytes }: WantedChunk): boolean {
  return storedBytes === plainBytes && plainBytes > copiedBytesMax
}

/** Where the run begins in the plaintext of the pack. */
function originOf({ firstCell }: OpenTask): number {
  return firstCell * cellPlainBytes
}

/** Up to this length a chunk is copied: moving a buffer to another thread, and giving it back there, costs more. */
const copiedBytesMax = 64 << 10

/** A buffer of a room, at most: what lengths say that a member made up is not believed before the chunks are there. */
const roomBytesMax = 1 << 20

/** Few buffers for the small chunks of a task, which may be thousands. */
class Room {
  #bytes = new Uint8Array(0)
  #end = 0
  /** Bytes that are still to come, as it is said. */
  #due: number

  constructor(chunks: readonly WantedChunk[]) {
    const small = chunks.filter(({ plainBytes }) => plainBytes >= 1 && plainBytes <= copiedBytesMax)
    this.#due = small.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
  }

  /** Free bytes for a chunk of this length, and one more. */
  free(length: number): Uint8Array {
    if (this.#end + length + 1 > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.max(length, Math.min(roomBytesMax, this.#due)) + 1)
      this.#end = 0
    }
    return this.#bytes.subarray(this.#end, this.#end + length + 1)
  }

  /** The first of the free bytes, which hold a chunk now. */
  taken(length: number): Uint8Array {
    const chunk = this.#bytes.subarray(this.#end, this.#end + length)
    this.#end += length
    this.#due -= length
    return chunk
  }

  /** The chunk, copied where it is small; what it lay in is given back where nobody else has it. */
  take(chunk: Uint8Array, stored: Uint8Array | undefined): Uint8Array {
    const { length } = chunk
    if (length > copiedBytesMax) return chunk
    this.free(length).set(chunk)
    if (chunk !== stored) releaseOwn([chunk])
    return this.taken(length)
  }
}

/** The bytes where they are the chunk that they are taken for. */
export function check(task: CheckTask): (Uint8Array | undefined)[] {
  return task.chunks.map(({ id, bytes }) =>
    equal(chunkIdOf(task.keys.chunkIdKey, bytes), id) ? bytes : undefined,
  )
}

function storedPart(plain: Uint8Array, origin: number, chunk: WantedChunk): Uint8Array | undefined {
  const from = chunk.offset - origin
  if (from < 0 || from + chunk.storedBytes > plain.length) return undefined
  return plain.subarray(from, from + chunk.storedBytes)
}

/**
 * Whether a small chunk that was compressed is now, whole and checked, at the front of what is free. Where it is not, nothing is said: a
 * context that is not kept has to be asked.
 */
function isIn(
  room: Room,
  stored: Uint8Array,
  { keys, chunk }: { readonly keys: ContentKeys; readonly chunk: WantedChunk },
): boolean {
  const { plainBytes } = chunk
  if (stored.length === plainBytes || plainBytes < 1 || plainBytes > copiedBytesMax) return false
  const out = room.free(plainBytes)
  if (!decompressInto(stored, { out, plainBytes, windowLogMax: zstdWindowLogMax })) return false
  if (equal(chunkIdOf(keys.chunkIdKey, out.subarray(0, plainBytes)), chunk.id)) return true
  forgetDecompressing()
  return false
}

function restoreChunk(
  keys: ContentKeys,
  chunk: WantedChunk,
  stored: Uint8Array | undefined,
): Uint8Array | undefined {
  if (stored === undefined) return undefined
  const plain = chunk.storedBytes === chunk.plainBytes ? stored : decompress(stored, chunk.plainBytes)
  if (plain === undefined || !equal(chunkIdOf(keys.chunkIdKey, plain), chunk.id)) return undefined
  return plain
}

/** Never more than the signed index promised, nor than a chunk can be, whatever the bytes claim. */
function decompress(stored: Uint8Array, plainBytes: number): Uint8Array | undefined {
  if (plainBytes < 1 || plainBytes > chunkBytesMax) return undefined
  try {
    const plain = zstdDecompressSync(stored, {
      maxOutputLength: plainBytes,
      chunkSize: Math.max(64, plainBytes),
      params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax },
    })
    if (plain.length !== plainBytes) return undefined
    return plain.length <= copiedBytesMax ? plain : own(plain)
  } catch {
    return undefined
  }
}

/** The bytes in a buffer of their own. */
function own(bytes: Uint8Array): Uint8Array {
  const { buffer, byteLength } = bytes
  return byteLength === buffer.byteLength ? new Uint8Array(buffer) : new Uint8Array(bytes)
}
