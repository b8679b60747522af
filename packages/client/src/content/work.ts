// What a worker does with bytes, as plain functions: the worker threads and the inline pool run the same ones.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { chunkIdOf, concat, equal, openCells, packIdOf, sealContainer } from '@grenier/crypto'
import { cutPoints, fileChunkSizes, gearTable, listChunkSizes, type GearTable } from './chunker.ts'
import type {
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

/** zstd level: 3 is its default, and what one core of a small machine can feed a line with. */
const zstdLevel = 3

/** Compression must save this much, or the chunk is kept as it is: reading it back is then free. */
const worthwhile = 0.97

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
    const sizes = piece.list ? listChunkSizes : fileChunkSizes
    const { lengths, rest } = cutPoints(piece.bytes, { gear, sizes, last: piece.last })
    let start = 0
    const chunks = lengths.map((plainBytes) => {
      const id = chunkIdOf(task.keys.chunkIdKey, piece.bytes.subarray(start, start + plainBytes))
      start += plainBytes
      return { id, plainBytes }
    })
    return { bytes: piece.bytes, chunks, rest }
  })
}

/** Compresses each range singly, where that helps. */
export function compress(task: { inputs: readonly Compressible[] }): Compressed[] {
  return task.inputs.map(({ bytes, ranges }) => {
    const stored = ranges.map(({ start, length }) => compressChunk(bytes.subarray(start, start + length)))
    return { bytes: concat(stored), storedBytes: stored.map((chunk) => chunk.length) }
  })
}

function compressChunk(plain: Uint8Array): Uint8Array {
  const packed = zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } })
  return packed.length < plain.length * worthwhile ? packed : plain
}

/** Seals and names a pack. */
export function seal(task: SealTask): SealedPack {
  const { key, binding, epoch, salt, storedBytes } = task
  const bytes = sealContainer({ type: 'pack', key, binding, epoch, salt, plain: [task.plain], storedBytes })
  return { id: packIdOf(bytes), bytes }
}

/**
 * Opens cells, decompresses the chunks wanted and checks each against its id: undefined where a chunk is not what the index says.
 * @throws CryptoError `seal-broken` when a cell does not open.
 */
export function open(task: OpenTask): (Uint8Array | undefined)[] {
  const { key, binding, epoch, front, cells, firstCell, packBytes } = task
  const plain = openCells({ type: 'pack', key, binding, epoch, front, cells, firstCell, packBytes })
  const origin = firstCell * cellPlainBytes
  return task.chunks.map((chunk) => restoreChunk(task.keys, chunk, storedPart(plain, origin, chunk)))
}

/** Bytes of plaintext in a whole cell: docs/FORMAT.md, sealed container. */
const cellPlainBytes = 65_536

function storedPart(plain: Uint8Array, origin: number, chunk: WantedChunk): Uint8Array | undefined {
  const from = chunk.offset - origin
  if (from < 0 || from + chunk.storedBytes > plain.length) return undefined
  return plain.subarray(from, from + chunk.storedBytes)
}

function restoreChunk(
  keys: ContentKeys,
  chunk: WantedChunk,
  stored: Uint8Array | undefined,
): Uint8Array | undefined {
  if (stored === undefined) return undefined
  const plain = chunk.storedBytes === chunk.plainBytes ? stored.slice() : decompress(stored, chunk.plainBytes)
  if (plain === undefined || !equal(chunkIdOf(keys.chunkIdKey, plain), chunk.id)) return undefined
  return plain
}

/** Never more than the signed index promised, whatever the bytes claim. */
function decompress(stored: Uint8Array, plainBytes: number): Uint8Array | undefined {
  try {
    const plain = zstdDecompressSync(stored, { maxOutputLength: Math.max(1, plainBytes) })
    return plain.length === plainBytes ? new Uint8Array(plain) : undefined
  } catch {
    return undefined
  }
}
