// The keyed content-defined chunker: FastCDC (Xia et al., USENIX ATC 2016, with normalised chunking, level 2) over a gear table drawn from the
// vault's chunker key, so that cut points tell nothing to who lacks it. Knows bytes and lengths; nothing of files, ids or packs.
import { chunkBytesMax, keyedHash } from '@grenier/crypto'

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
  while (start < bytes.length) {
    const length = firstChunkLength(bytes, { start, last: rule.last }, rule)
    if (length === undefined) break
    lengths.push(length)
    start += length
  }
  return { lengths, rest: bytes.length - start }
}

/**
 * Length of the first chunk of `bytes` from `start`. undefined when no cut point shows and more bytes may come: ask again with more.
 * With `last`, the end of the bytes is a cut point.
 */
function firstChunkLength(
  bytes: Uint8Array,
  at: { start: number; last: boolean },
  { gear, sizes }: CutRule,
): number | undefined {
  const { start } = at
  const { minBytes, averageBytes, maxBytes } = sizes
  const availableBytes = bytes.length - start
  const limit = start + Math.min(availableBytes, maxBytes)
  const normal = Math.min(limit, start + averageBytes)
  const bits = 31 - Math.clz32(averageBytes)
  const hard = { gear, mask: topBits(bits + normalisationBits) }
  const early = scan(bytes, { from: start + minBytes, to: normal, rolling: 0 }, hard)
  if (early.found) return early.at - start
  const easy = { gear, mask: topBits(bits - normalisationBits) }
  const late = scan(bytes, { from: normal, to: limit, rolling: early.rolling }, easy)
  if (late.found) return late.at - start
  if (availableBytes >= maxBytes) return maxBytes
  return at.last ? availableBytes : undefined
}

/**
 * Rolls over bytes from … to; the cut is after the byte whose hash has the mask's bits all zero. All the cost of cutting is here.
 */
function scan(
  bytes: Uint8Array,
  over: { from: number; to: number; rolling: number },
  { gear, mask }: { gear: GearTable; mask: number },
): { found: boolean; at: number; rolling: number } {
  const { to } = over
  let rolling = over.rolling
  for (let at = over.from; at < to; at += 1) {
    rolling = ((rolling << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0
    if ((rolling & mask) === 0) return { found: true, at: at + 1, rolling }
  }
  return { found: false, at: to, rolling }
}

/** The highest bits: they depend on the widest window of bytes. */
function topBits(count: number): number {
  return (0xffffffff << (32 - count)) | 0
}
