// The keyed content-defined chunker: FastCDC (Xia et al., USENIX ATC 2016, with normalised chunking, level 2) over a gear table drawn from the
// vault's chunker key, so that cut points tell nothing to who lacks it. Knows bytes and lengths; nothing of files, ids or packs.
import { chunkBytesMax, keyedHash } from '@grenier/crypto'
import { makeScanner, type Scanner } from './chunker-wasm.ts'

/** Where chunks may end. All in bytes; `averageBytes` is a power of two. */
export interface ChunkSizes {
  readonly minBytes: number
  readonly averageBytes: number
  readonly maxBytes: number
}

/** Content of files. */
export const fileChunkSizes: ChunkSizes = {
  minBytes: 64 << 10,
  averageBytes: 256 << 10,
  maxBytes: chunkBytesMax,
}
/** Lists of chunk ids, themselves content. */
export const listChunkSizes: ChunkSizes = { minBytes: 4 << 10, averageBytes: 16 << 10, maxBytes: 64 << 10 }

/** 256 words of 32 bits, one for each byte value. */
export type GearTable = Int32Array

/** How to cut. */
export interface CutRule {
  readonly gear: GearTable
  readonly sizes: ChunkSizes
}

/** Bits by which the mask is harder before the average length, and easier after it. */
const normalisationBits = 2

/** The gear table of a chunker key (32 bytes): 32 keyed hashes with a one-byte counter, read as little-endian words. */
export function gearTable(chunkerKey: Uint8Array): GearTable {
  const table = new Int32Array(256)
  for (let block = 0; block < 32; block += 1) {
    const bytes = keyedHash(chunkerKey, 'grenier/v1/gear', Uint8Array.of(block))
    const view = new DataView(bytes.buffer, bytes.byteOffset, 32)
    for (let word = 0; word < 8; word += 1) table[block * 8 + word] = view.getInt32(word * 4, true)
  }
  return table
}

/**
 * Lengths of the chunks of `bytes`, in order. What is left over (no cut point yet, and not `last`) is `rest` bytes at the end, always
 * fewer than the longest chunk: give them again, in front of what follows, and the cuts are those of the whole.
 * Empty bytes have no chunk.
 */
export function cutPoints(
  bytes: Uint8Array,
  rule: CutRule & { readonly last: boolean },
): { lengths: number[]; rest: number } {
  const lengths: number[] = []
  let start = 0
  // What is shorter than any chunk but the last has no cut point to look for.
  if (bytes.length > rule.sizes.minBytes) scanner.load(rule.gear, bytes)
  while (start < bytes.length) {
    const length = firstChunkLength({ start, end: bytes.length, last: rule.last }, rule.sizes)
    if (length === undefined) break
    lengths.push(length)
    start += length
  }
  return { lengths, rest: bytes.length - start }
}

const scanner: Scanner = makeScanner()

/**
 * Length of the first chunk of what is loaded, from `start`. undefined when no cut point shows and more bytes may come: ask again with
 * more. With `last`, the end of the bytes is a cut point.
 */
function firstChunkLength(
  at: { readonly start: number; readonly end: number; readonly last: boolean },
  { minBytes, averageBytes, maxBytes }: ChunkSizes,
): number | undefined {
  const { start } = at
  const availableBytes = at.end - start
  const limit = start + Math.min(availableBytes, maxBytes)
  const normal = Math.min(limit, start + averageBytes)
  if (availableBytes > minBytes) {
    const bits = 31 - Math.clz32(averageBytes)
    scanner.begin()
    const cut =
      scanner.scan(start + minBytes, normal, topBits(bits + normalisationBits)) ??
      scanner.scan(normal, limit, topBits(bits - normalisationBits))
    if (cut !== undefined) return cut - start
  }
  if (availableBytes >= maxBytes) return maxBytes
  return at.last ? availableBytes : undefined
}

/** The highest bits: they depend on the widest window of bytes. */
function topBits(count: number): number {
  return (0xffffffff << (32 - count)) | 0
}
