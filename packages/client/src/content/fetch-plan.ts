// Which bytes of which packs give the chunks that are wanted: whole packs where much of one is needed, else aligned runs of cells. Pure.
import {
  cellBytes,
  cellPlainBytes,
  containerFrontBytes,
  toHex,
  type ChunkId,
  type PackId,
} from '@grenier/crypto'
import type { ChunkPlace } from '../state/chunk-index.ts'
import type { WantedChunk } from './worker-pool.ts'

/** A run of whole cells of one pack, and the chunks in it. */
export interface CellRun {
  readonly pack: PackId
  readonly packBytes: number
  readonly epoch: number
  readonly firstCell: number
  /** Stored bytes of the cells. */
  readonly offset: number
  readonly length: number
  readonly chunks: readonly WantedChunk[]
}

/** Runs closer than this are read as one: a request costs about as much as a cell or two. */
const gapCellsMax = 4

/** Groups wanted chunks into runs, packs in order of first mention. */
export function planRuns(wanted: readonly { id: ChunkId; place: ChunkPlace }[]): CellRun[] {
  const packs = new Map<string, { id: ChunkId; place: ChunkPlace }[]>()
  for (const one of wanted) {
    const key = toHex(one.place.pack)
    const list = packs.get(key)
    if (list === undefined) packs.set(key, [one])
    else list.push(one)
  }
  return [...packs.values()].flatMap(runsOfPack)
}

function runsOfPack(wanted: readonly { id: ChunkId; place: ChunkPlace }[]): CellRun[] {
  const sorted = [...wanted].sort((a, b) => a.place.offset - b.place.offset)
  const runs: { first: number; last: number; chunks: { id: ChunkId; place: ChunkPlace }[] }[] = []
  for (const one of sorted) {
    const first = Math.floor(one.place.offset / cellPlainBytes)
    const last = Math.floor(
      Math.max(one.place.offset, one.place.offset + one.place.storedBytes - 1) / cellPlainBytes,
    )
    const open = runs.at(-1)
    if (open !== undefined && first <= open.last + gapCellsMax) {
      open.last = Math.max(open.last, last)
      open.chunks.push(one)
    } else {
      runs.push({ first, last, chunks: [one] })
    }
  }
  return runs.map(cellRun)
}

function cellRun(run: {
  first: number
  last: number
  chunks: { id: ChunkId; place: ChunkPlace }[]
}): CellRun {
  const [some] = run.chunks
  if (some === undefined) throw new RangeError('a run of cells without a chunk')
  const { pack, packBytes, epoch } = some.place
  const offset = containerFrontBytes + run.first * cellBytes
  const end = Math.min(packBytes, containerFrontBytes + (run.last + 1) * cellBytes)
  const chunks = run.chunks.map(({ id, place }) => ({
    id,
    offset: place.offset,
    plainBytes: place.plainBytes,
    storedBytes: place.storedBytes,
  }))
  return { pack, packBytes, epoch, firstCell: run.first, offset, length: end - offset, chunks }
}
