// What is done to bytes: cut, hash, compress, seal and name, open, check. The functions that the worker threads run, on this thread.
import { randomBytes } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { chunkIdOf, openCells, packBytesMax, plainCapacity, type ChunkId } from '@grenier/crypto'
import { cutPoints, fileChunkSizes, gearTable } from '../../packages/client/src/content/chunker.ts'
import * as work from '../../packages/client/src/content/work.ts'
import type { Compressed } from '../../packages/client/src/content/worker-pool.ts'
import { textOf } from '../data.ts'
import { leastOf } from './cost.ts'
import type { StageCost } from './stage-cost.ts'

const mibBytes = 1 << 20
const key = new Uint8Array(32).fill(7)
/** Bytes before the first cell of a pack: what opening it needs besides the cells. */
const frontBytes = 78

/** What content is made of: bytes that nothing compresses, or words. */
export type Content = 'random' | 'text'

export interface ContentCosts {
  readonly stages: readonly StageCost[]
  /** Bytes after compression for each before. */
  readonly storedShare: number
}

/** Measures the stages of content. */
export async function contentCosts(
  content: Content,
  { mib, runs }: { mib: number; runs: number },
): Promise<ContentCosts> {
  const data = content === 'random' ? new Uint8Array(randomBytes(mib * mibBytes)) : textOf(mib * mibBytes)
  const gear = gearTable(key)
  const rule = { gear, sizes: fileChunkSizes, last: true }
  const ranges = rangesOf(cutPoints(data, rule).lengths)
  const hash = (): ChunkId[] =>
    ranges.map(({ start, length }) => chunkIdOf(key, data.subarray(start, start + length)))
  let compressed: Compressed[] = []
  const compress = (): void => {
    compressed = work.compress({ inputs: [{ bytes: data, ranges }] })
  }
  const stage = async (name: string, what: () => unknown): Promise<StageCost> => {
    const cost = await leastOf(runs, what)
    return { name, thread: 'workers', mib, isStored: false, waitsForDisk: false, ...cost }
  }
  const first = [
    await stage('cut', () => cutPoints(data, rule)),
    await stage('hash', hash),
    await stage('compress', compress),
  ]
  const [{ bytes, storedBytes } = { bytes: data, storedBytes: [] }] = compressed
  const sealed = await sealing(bytes, runs)
  const last = [
    await stage('decompress', () => inflated({ bytes, storedBytes, ranges })),
    await stage('check', hash),
  ]
  return { stages: [...first, ...sealed, ...last], storedShare: bytes.length / data.length }
}

interface Range {
  readonly start: number
  readonly length: number
}

function rangesOf(lengths: readonly number[]): Range[] {
  let start = 0
  return lengths.map((length) => {
    start += length
    return { start: start - length, length }
  })
}

/** Packs as large as they get, of what compression left. */
async function sealing(bytes: Uint8Array, runs: number): Promise<StageCost[]> {
  const plain = new Uint8Array(plainCapacity(packBytesMax))
  plain.set(bytes.subarray(0, plain.length))
  const task = { key, binding: key, epoch: 0, salt: key, plain, storedBytes: packBytesMax }
  const { bytes: pack } = work.seal(task)
  const opening = {
    type: 'pack',
    key,
    binding: key,
    epoch: 0,
    front: pack.slice(0, frontBytes),
    cells: pack.slice(frontBytes),
    firstCell: 0,
    packBytes: pack.length,
  } as const
  const whole = {
    thread: 'workers',
    mib: packBytesMax / mibBytes,
    isStored: true,
    waitsForDisk: false,
  } as const
  return [
    { name: 'seal and name', ...whole, ...(await leastOf(runs * 3, () => work.seal(task))) },
    { name: 'open', ...whole, ...(await leastOf(runs * 3, () => openCells(opening))) },
  ]
}

/** Each chunk as it was, in a buffer of its own. */
function inflated({ bytes, storedBytes: lengths, ranges }: Inflating): Uint8Array[] {
  return rangesOf(lengths).map(({ start, length }, at) => {
    const stored = bytes.subarray(start, start + length)
    return length === ranges[at]?.length ? stored.slice() : zstdDecompressSync(stored)
  })
}

interface Inflating {
  readonly bytes: Uint8Array
  readonly storedBytes: readonly number[]
  readonly ranges: readonly Range[]
}
