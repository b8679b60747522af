// Brings chunks from the relay: each run of cells read once, opened, checked, handed on. A chunk that does not check out is tried at its
// other places; what went wrong is told apart: the relay lacks it, the relay changed it, a member lied about it.
import {
  containerFrontBytes,
  CryptoError,
  equal,
  packIdOf,
  toHex,
  type ChunkId,
  type PackId,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { ChunkPlace } from '../state/chunk-index.ts'
import { isPossible, planRuns, type CellRun } from './fetch-plan.ts'
import { release } from './moved-bytes.ts'
import { RunLostError, type ContentKeys, type WorkerPool } from './worker-pool.ts'

export interface BringOptions {
  readonly pool: WorkerPool
  readonly keys: () => ContentKeys
  readonly binding: Uint8Array
  /** The pack key of an epoch, 32 bytes. */
  readonly packKey: (epoch: number) => Uint8Array
  /** `RelaySession.get` of this vault: exactly the bytes asked for, the caller's own; undefined when the relay lacks the pack. */
  readonly get: (pack: PackId, range: { offset: number; length: number }) => Promise<Uint8Array | undefined>
  /** What was found at a place: a chunk opened and checked may be deduplicated against from now on, a wrong one is tried last. */
  readonly found: (id: ChunkId, place: ChunkPlace, known: 'good' | 'bad') => void
  /** Runs under way at once; fewer where what is read is near. */
  readonly runsInFlight?: number | undefined
  /**
   * What is damaged is a lack like another, and ends nothing. Where a run does not open, its chunks are tried one by one: a damaged cell costs no
   * more than what lies in it. `missing`: of what is near, where nobody is to blame. `corrupt`: it is found out who is.
   */
  readonly damaged?: 'missing' | 'corrupt' | undefined
}

/** A chunk that is wanted. `hand` is called at most once, with bytes that were checked; they are good until it resolves. */
export interface Wanted {
  readonly id: ChunkId
  /** As they were when it was asked for, in the order to be tried. */
  readonly places: readonly ChunkPlace[]
  readonly hand: (bytes: Uint8Array) => Promise<void>
  /** Whether it still is; as long as it is wanted if this is left out. */
  readonly isWanted?: () => boolean
}

/**
 * Why a chunk could not be brought. `missing`: the relay says that it lacks it. `wrong`: no place that the log claims holds it. `corrupt`: the
 * relay's bytes are not those of the pack that it was given; a lack only where it is asked for that.
 */
export type Lack = 'missing' | 'wrong' | 'corrupt'

/** A chunk at the place that is tried. */
interface Attempt<W extends Wanted> {
  readonly wanted: W
  readonly place: ChunkPlace
  /** Which of its places comes next. */
  readonly next: number
  readonly before: Past
}

/** The worst that happened at a chunk's earlier places, and in which pack. */
interface Past {
  readonly fault: Lack
  readonly pack: PackId | undefined
}

const nothingYet: Past = { fault: 'wrong', pack: undefined }
const severity: Record<Lack, number> = { wrong: 0, missing: 1, corrupt: 2 }

/** The worst of them. */
export function worstOf(lacks: Iterable<Lack>): Lack | undefined {
  let worst: Lack | undefined
  for (const lack of lacks) if (worst === undefined || severity[lack] > severity[worst]) worst = lack
  return worst
}

/** Runs under way at once unless told: reading overlaps opening, and a few cells of each of many packs do not wait for each other. */
const runsInFlightDefault = 4
/** Bytes of theirs that are under way at once: two whole packs. What is opened takes as much again, and twice that where it was compressed. */
const bytesInFlightMax = 8 << 20

/** Takes what was brought together, as `Wanted.hand` takes each. */
export type HandAll<W> = (
  brought: readonly { readonly wanted: W; readonly bytes: Uint8Array }[],
) => Promise<void>

/**
 * Brings chunks; gives those that are not to be had, and why.
 * @throws ClientError `relay-corrupt` when the relay changed what it holds and no other place serves; and what `get`, `hand`, `packKey` throw
 */
export async function bring<W extends Wanted>(
  options: BringOptions,
  wanted: readonly W[],
  handAll: HandAll<W> = handEach,
): Promise<Map<W, Lack>> {
  const { runsInFlight = runsInFlightDefault } = options
  const lacks = new Map<W, Lack>()
  let queue: Attempt<W>[] = []
  for (const one of wanted) {
    const attempt = nextAttempt(options, { wanted: one, next: 0, before: nothingYet }, lacks)
    if (attempt !== undefined) queue.push(attempt)
  }
  while (queue.length > 0) {
    const again: Attempt<W>[] = []
    await eachRun(planRuns(queue), runsInFlight, async (run) => {
      for (const { attempt, why } of await bringRun(options, run, handAll)) {
        const isWorse = severity[why] > severity[attempt.before.fault]
        const before = isWorse ? { fault: why, pack: run.pack } : attempt.before
        const next = nextAttempt(options, { ...attempt, before }, lacks)
        if (next !== undefined) again.push(next)
      }
    })
    queue = again
  }
  return lacks
}

async function handEach(
  brought: readonly { readonly wanted: Wanted; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (const { wanted, bytes } of brought) await wanted.hand(bytes)
}

/** The chunk at its next possible place; undefined when all were tried. @throws ClientError `relay-corrupt` */
function nextAttempt<W extends Wanted>(
  { damaged }: BringOptions,
  { wanted, next, before }: Omit<Attempt<W>, 'place'>,
  lacks: Map<W, Lack>,
): Attempt<W> | undefined {
  for (let at = next; at < wanted.places.length; at += 1) {
    const place = wanted.places[at]
    if (place !== undefined && isPossible(place)) return { wanted, place, next: at + 1, before }
  }
  const { fault, pack } = before
  if (fault === 'corrupt' && damaged === undefined) {
    const data = pack === undefined ? {} : { pack: toHex(pack) }
    throw new ClientError('relay-corrupt', 'a pack at the relay is not what was put there', { data })
  }
  lacks.set(wanted, fault)
  return undefined
}

interface Failed<W extends Wanted> {
  readonly attempt: Attempt<W>
  readonly why: Lack
}

/** One run: fetched, opened, handed on. Gives the chunks that need another place. */
async function bringRun<W extends Wanted>(
  options: BringOptions,
  run: CellRun<Attempt<W>>,
  handAll: HandAll<W>,
): Promise<Failed<W>[]> {
  if (!run.items.some(({ wanted }) => wanted.isWanted?.() ?? true)) return []
  const { bytes, opened } = await openedRun(options, run)
  if (opened === undefined && isForSingles(options, bytes) && run.items.length > 1)
    return await bringSingly(options, run, handAll)
  if (bytes === undefined) return run.items.map((attempt) => ({ attempt, why: 'missing' }))
  const failed: { attempt: Attempt<W>; at: number }[] = []
  const brought: { wanted: W; bytes: Uint8Array }[] = []
  for (let at = 0; at < run.items.length; at += 1) {
    const attempt = run.items[at]
    const bytes = opened?.[at]
    if (attempt === undefined) continue
    if (bytes === undefined) {
      failed.push({ attempt, at })
      continue
    }
    options.found(attempt.wanted.id, attempt.place, 'good')
    brought.push({ wanted: attempt.wanted, bytes })
  }
  await handAll(brought)
  if (opened !== undefined) release(opened.filter((chunk) => chunk !== undefined))
  if (failed.length === 0) return []
  return await blamed(options, run, failed)
}

/** Of a pack that the relay says it lacks there is nothing to be had; of a file that was cut off there may be. */
function isForSingles({ damaged }: BringOptions, bytes: RunBytes | undefined): boolean {
  return damaged === 'missing' || (damaged === 'corrupt' && bytes !== undefined)
}

/** The chunks of a run, each with the cells that it lies in and no others. */
async function bringSingly<W extends Wanted>(
  options: BringOptions,
  run: CellRun<Attempt<W>>,
  handAll: HandAll<W>,
): Promise<Failed<W>[]> {
  const failed = new Set<Attempt<W>>()
  const unblamed: BringOptions = { ...options, damaged: 'missing' }
  for (const item of run.items)
    for (const single of planRuns([item]))
      for (const { attempt } of await bringRun(unblamed, single, handAll)) failed.add(attempt)
  const positions = [...run.items.entries()].filter(([, attempt]) => failed.has(attempt))
  return await blamed(
    options,
    run,
    positions.map(([at, attempt]) => ({ attempt, at })),
  )
}

/** What became of chunks of a run that are not what they should be. */
async function blamed<W extends Wanted>(
  options: BringOptions,
  run: CellRun<Attempt<W>>,
  failed: readonly { readonly attempt: Attempt<W>; readonly at: number }[],
): Promise<Failed<W>[]> {
  if (failed.length === 0) return []
  if (options.damaged === 'missing') return failed.map(({ attempt }) => ({ attempt, why: 'missing' }))
  const faultOf = await blame(options, run)
  return failed.map(({ attempt, at }) => {
    const why = faultOf(at)
    if (why === 'wrong') options.found(attempt.wanted.id, attempt.place, 'bad')
    return { attempt, why }
  })
}

/**
 * Whose fault it is that chunks of a run are not what they should be. A pack that is what its name says was made so by a member; other
 * bytes, or other bytes now than before, are the relay's.
 */
async function blame(options: BringOptions, run: AnyRun): Promise<(at: number) => Lack> {
  const whole = await options.get(run.pack, { offset: 0, length: run.packBytes })
  if (whole === undefined) return () => 'missing'
  if (!equal(packIdOf(whole), run.pack)) return () => 'corrupt'
  const opened = await openBytes(options, run, {
    front: whole.slice(0, containerFrontBytes),
    cells: whole.slice(run.offset, run.offset + run.length),
  })
  return (at) => (opened?.[at] === undefined ? 'wrong' : 'corrupt')
}

type AnyRun = CellRun<Attempt<Wanted>>

interface RunBytes {
  readonly front: Uint8Array
  readonly cells: Uint8Array
}

/** Front and cells; from the first cell on they lie together. */
async function readRun(
  { get }: BringOptions,
  { pack, firstCell, offset, length }: AnyRun,
): Promise<RunBytes | undefined> {
  if (firstCell === 0) {
    const both = await get(pack, { offset: 0, length: offset + length })
    return both && { front: both.slice(0, offset), cells: both.subarray(offset) }
  }
  const [front, cells] = await Promise.all([
    get(pack, { offset: 0, length: containerFrontBytes }),
    get(pack, { offset, length }),
  ])
  return front === undefined || cells === undefined ? undefined : { front, cells }
}

/** Read and opened; once more, where a thread took the bytes with it. */
async function openedRun(
  options: BringOptions,
  run: AnyRun,
  isAgain = false,
): Promise<{ bytes: RunBytes | undefined; opened: readonly (Uint8Array | undefined)[] | undefined }> {
  const bytes = await readRun(options, run)
  try {
    return { bytes, opened: bytes && (await openBytes(options, run, bytes)) }
  } catch (error) {
    if (isAgain || !(error instanceof RunLostError)) throw error
    return await openedRun(options, run, true)
  }
}

/** undefined when these bytes are not what such a pack has there. */
async function openBytes(
  { pool, keys, binding, packKey }: BringOptions,
  run: AnyRun,
  bytes: RunBytes,
): Promise<readonly (Uint8Array | undefined)[] | undefined> {
  if (bytes.front.length !== containerFrontBytes || bytes.cells.length !== run.length) return undefined
  const { epoch, packBytes, firstCell } = run
  const chunks = run.items.map(({ wanted: { id }, place: { offset, plainBytes, storedBytes } }) => ({
    id,
    offset,
    plainBytes,
    storedBytes,
  }))
  const place = { key: packKey(epoch), binding, epoch, packBytes, firstCell }
  try {
    return await pool.open({ ...place, ...bytes, keys: keys(), chunks })
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}

/** Does `work` on each run, few enough at once, in order of start. Rejects with the first failure, after the others ended. */
async function eachRun<R extends AnyRun>(
  runs: readonly R[],
  runsMax: number,
  work: (run: R) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>()
  let bytes = 0
  let failure: { readonly error: unknown } | undefined
  for (const run of runs) {
    const mustWait = (): boolean => underWay.size >= runsMax || bytes + run.length > bytesInFlightMax
    while (underWay.size > 0 && mustWait()) await Promise.race(underWay)
    if (failure !== undefined) break
    bytes += run.length
    const done = work(run)
      .catch((error: unknown) => {
        failure ??= { error }
      })
      .finally(() => {
        bytes -= run.length
        underWay.delete(done)
      })
    underWay.add(done)
  }
  await Promise.all(underWay)
  if (failure !== undefined) throw failure.error
}
