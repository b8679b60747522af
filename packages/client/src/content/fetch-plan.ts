// Which bytes of which packs give the chunks that are wanted: whole packs where much of one is needed, else aligned runs of cells. Pure.
import {
  cellBytes,
  cellPlainBytes,
  chunkBytesMax,
  containerFrontBytes,
  isReachableSize,
  plainCapacity,
  toHex,
  type PackId,
} from '@grenier/crypto'
import type { ChunkPlace } from '../state/chunk-index.ts'

/** What a place says of where a chunk lies. */
export type PlaceInPack = Pick<
  ChunkPlace,
  'pack' | 'packBytes' | 'epoch' | 'offset' | 'plainBytes' | 'storedBytes'
>

/** Something wanted, at a place. */
export interface Placed {
  readonly place: PlaceInPack
}

/** A run of whole cells of one pack, and what is wanted of it, in order of offsets. */
export interface CellRun<Item extends Placed> {
  readonly pack: PackId
  readonly packBytes: number
  readonly epoch: number
  readonly firstCell: number
  /** Stored bytes of the cells: at least one cell. */
  readonly offset: number
  readonly length: number
  readonly items: readonly Item[]
}

/** Runs closer than this are read as one: a request costs about as much as a cell or two. */
const gapCellsMax = 4

/**
 * Plain bytes that one run gives at most: a pack of text is 20 MiB and more once it is open, one made by an enemy 64 GiB. What is cut
 * apart costs reading one cell twice.
 */
const runPlainBytesMax = 8 << 20

/** Whether a place can be: within its pack, which has a size that packs have. What the log holds was checked; this costs nothing. */
export function isPossible({ packBytes, offset, plainBytes, storedBytes }: PlaceInPack): boolean {
  const whole = [packBytes, offset, plainBytes, storedBytes].every(Number.isSafeInteger)
  return (
    whole &&
    isReachableSize(packBytes) &&
    offset >= 0 &&
    storedBytes >= 1 &&
    storedBytes <= plainBytes &&
    plainBytes <= chunkBytesMax &&
    offset + storedBytes <= plainCapacity(packBytes)
  )
}

/**
 * Groups what is wanted into runs, packs in order of first mention. Places must be possible. A pack that is claimed twice, under two
 * epochs or sizes, is read for each by itself: one of the claims may be a lie.
 */
export function planRuns<Item extends Placed>(wanted: readonly Item[]): CellRun<Item>[] {
  const packs = new Map<string, Item[]>()
  for (const one of wanted) {
    const { pack, epoch, packBytes } = one.place
    const key = `${toHex(pack)} ${epoch} ${packBytes}`
    const list = packs.get(key)
    if (list === undefined) packs.set(key, [one])
    else list.push(one)
  }
  return [...packs.values()].flatMap(runsOfPack)
}

interface OpenRun<Item> {
  readonly first: number
  last: number
  plainBytes: number
  readonly items: Item[]
}

function runsOfPack<Item extends Placed>(wanted: readonly Item[]): CellRun<Item>[] {
  const runs: OpenRun<Item>[] = []
  for (const item of [...wanted].sort((a, b) => a.place.offset - b.place.offset)) {
    const { offset, storedBytes, plainBytes } = item.place
    const first = Math.floor(offset / cellPlainBytes)
    const last = Math.floor((offset + storedBytes - 1) / cellPlainBytes)
    const open = runs.at(-1)
    const joins =
      open !== undefined &&
      first <= open.last + gapCellsMax &&
      open.plainBytes + plainBytes <= runPlainBytesMax
    if (joins) {
      open.last = Math.max(open.last, last)
      open.plainBytes += plainBytes
      open.items.push(item)
    } else {
      runs.push({ first, last, plainBytes, items: [item] })
    }
  }
  return runs.flatMap(cellRun)
}

function cellRun<Item extends Placed>({ first, last, items }: OpenRun<Item>): CellRun<Item>[] {
  const [some] = items
  if (some === undefined) return []
  const { pack, packBytes, epoch } = some.place
  const offset = containerFrontBytes + first * cellBytes
  const end = Math.min(packBytes, containerFrontBytes + (last + 1) * cellBytes)
  return [{ pack, packBytes, epoch, firstCell: first, offset, length: end - offset, items }]
}
