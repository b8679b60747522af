// What can still be had of a content of which something is lost: each chunk where it belongs, and the stretches that nobody has. A lost chunk costs
// its own stretch: its length is known. A lost part of the list of chunks costs the chunks that it names; what stands behind it is placed from the
// end of the file, whose length is known too.
import { concat, CryptoError, type ChunkId } from '@grenier/crypto'
import type { Content } from '../sync/tree.ts'
import { ClientError } from '../errors.ts'
import { bring, type Lack, type Wanted } from './bring.ts'
import { idsOf, readContent } from './content-list.ts'
import {
  bytesOf,
  chunksFree,
  fileChunkBytesMin,
  lengthIn,
  listChunkBytesMin,
  locate,
} from './content-walk.ts'
import type { LocatedChunk, WalkOptions } from './content-walk.ts'
import { isPossible } from './fetch-plan.ts'

/** A stretch of a file. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** What is wanted back. `write` may be called in any order of offsets; the bytes are good until it resolves. */
export interface Salvaged {
  readonly content: Content
  readonly sizeBytes: number
  /** What ends before it is not brought: somebody has it. */
  readonly from?: number | undefined
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** All up to there was written, or is lost: nothing before it is written any more. */
  settled?(offset: number): Promise<void>
}

export interface SalvageOptions extends WalkOptions {
  readonly signal: AbortSignal
  /** Told of each thing that could not be had: whole chunks, and parts of lists. */
  readonly lacks?: ((why: Lack) => void) | undefined
}

/** Chunks brought at once. */
const chunksAtOnce = 8
/** Stretches that are told apart: what is lost behind that many is told as one, which may hold something that is whole. */
const rangesMax = 1000
const idBytes = 32

/**
 * Writes what there is, and gives what is lost, in order; undefined where the content contradicts itself, so that no place can be trusted.
 * @throws ClientError `interrupted`; what `get` and `write` throw
 */
export async function salvage(
  options: SalvageOptions,
  file: Salvaged,
): Promise<readonly ByteRange[] | undefined> {
  const measured = await measure(options, file)
  if (measured === undefined) return undefined
  const { headBytes, tailBytes, gaps } = measured
  const lost = new LostRanges()
  let [offset, seen] = [0, 0]
  for await (const part of partsOf(options, file.content)) {
    if (part === 'gap') {
      seen += 1
      if (seen === 1) lost.add({ offset: headBytes, length: file.sizeBytes - headBytes - tailBytes })
      offset = file.sizeBytes - tailBytes
    } else if (seen === 0 || seen === gaps) offset = await place(options, { file, lost, offset }, part)
  }
  return lost.ranges
}

/** What stands before the first gap of unknown length, and behind the last one. */
interface Measured {
  readonly headBytes: number
  readonly tailBytes: number
  readonly gaps: number
}

async function measure(
  options: SalvageOptions,
  { content, sizeBytes }: Salvaged,
): Promise<Measured | undefined> {
  let [headBytes, tailBytes, gaps, count, allBytes] = [0, 0, 0, 0, 0]
  for await (const part of partsOf(options, content)) {
    if (part === 'gap') {
      gaps += 1
      tailBytes = 0
      if (gaps > chunksFree + sizeBytes / fileChunkBytesMin) return undefined
      continue
    }
    const bytes = part.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
    if (gaps === 0) headBytes += bytes
    else tailBytes += bytes
    count += part.length
    allBytes += bytes
    // As for a whole one: lists of a member's making shall not be gone through for ever.
    if (allBytes > sizeBytes || count > chunksFree + allBytes / fileChunkBytesMin) return undefined
  }
  return gaps === 0 && headBytes !== sizeBytes ? undefined : { headBytes, tailBytes, gaps }
}

/** Brings chunks that stand one after the other; gives the offset behind them. */
async function place(
  options: SalvageOptions,
  from: { readonly file: Salvaged; readonly lost: LostRanges; readonly offset: number },
  chunks: readonly LocatedChunk[],
): Promise<number> {
  const { file, lost } = from
  let { offset } = from
  for (let at = 0; at < chunks.length; at += chunksAtOnce) {
    const ranges = new Map<Wanted, ByteRange>()
    for (const { id, places, plainBytes } of chunks.slice(at, at + chunksAtOnce)) {
      const range = { offset, length: plainBytes }
      offset += plainBytes
      if (offset > (file.from ?? 0))
        ranges.set({ id, places, hand: (bytes) => file.write(range.offset, bytes) }, range)
    }
    assertGoesOn(options)
    const lacks = await bring(options, [...ranges.keys()])
    for (const [wanted, range] of ranges) if (lacks.has(wanted)) lost.add(range)
    for (const why of lacks.values()) options.lacks?.(why)
    await file.settled?.(offset)
  }
  return offset
}

/** The chunks of a content, in order; `gap` where lost ones are of an unknown number or length. */
async function* partsOf(options: SalvageOptions, content: Content): AsyncGenerator<LocatedChunk[] | 'gap'> {
  for await (const ids of idsIn(options, content)) {
    let known: LocatedChunk[] = []
    for (const id of ids) {
      const chunk = id === undefined ? undefined : await chunkOf(options, id)
      if (chunk !== undefined) {
        known.push(chunk)
        continue
      }
      if (known.length > 0) yield known
      known = []
      yield 'gap'
    }
    if (known.length > 0) yield known
  }
}

async function chunkOf(options: SalvageOptions, id: ChunkId): Promise<LocatedChunk | undefined> {
  const located = await locate(options, [id])
  if (typeof located !== 'string') return located[0]
  options.lacks?.(located)
  return undefined
}

function assertGoesOn({ signal }: SalvageOptions): void {
  if (signal.aborted) throw new ClientError('interrupted', 'stopped')
}

/** Ids; undefined for those that a lost part of a list names. */
type Ids = readonly (ChunkId | undefined)[]

async function* idsIn(options: SalvageOptions, content: Content): AsyncGenerator<Ids> {
  let top
  try {
    top = readContent(content)
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    yield [undefined]
    return
  }
  let ids: AsyncIterable<Ids> | Iterable<Ids> = [top.ids]
  for (let depth = top.depth; depth > 0; depth -= 1) ids = unfolded(options, ids)
  yield* ids
}

async function* unfolded(
  options: SalvageOptions,
  listed: AsyncIterable<Ids> | Iterable<Ids>,
): AsyncGenerator<Ids> {
  const reader = new TornListReader((id) => options.places(id).some(isPossible))
  let [count, listBytes] = [0, 0]
  for await (const part of listed)
    for (const id of part) {
      const places = id === undefined ? [] : options.places(id).filter(isPossible)
      assertGoesOn(options)
      const bytes = id === undefined ? 'missing' : await bytesOf(options, [{ id, places }])
      if (id !== undefined && typeof bytes === 'string') options.lacks?.(bytes)
      const length = typeof bytes === 'string' ? lengthIn(places) : bytes.length
      if (length === undefined) {
        yield reader.loseAll()
        continue
      }
      count += 1
      listBytes += length
      if (listBytes < (count - chunksFree) * listChunkBytesMin) {
        // An enemy made it.
        yield [undefined]
        return
      }
      yield typeof bytes === 'string' ? reader.lose(length) : reader.take(bytes)
    }
}

/** Of a part of a list, where ids behind a loss of unknown length are looked for: at each byte that one may begin at, so many of them. */
const idsTried = 8

/**
 * Reads a list of ids of which parts are lost. Where their lengths are known, what is behind them is read right; where one is not, an id of the
 * vault tells where ids begin: no other bytes are one.
 */
class TornListReader {
  readonly #isKnown: (id: ChunkId) => boolean
  #rest: Uint8Array = new Uint8Array(0)
  #isRestLost = false
  #isAligned = true

  constructor(isKnown: (id: ChunkId) => boolean) {
    this.#isKnown = isKnown
  }

  take(bytes: Uint8Array): Ids {
    if (this.#isAligned) return this.#next(bytes, false)
    const start = this.#startIn(bytes)
    if (start === undefined) return [undefined]
    this.#isAligned = true
    return this.#next(bytes.subarray(start), false)
  }

  #startIn(bytes: Uint8Array): number | undefined {
    for (let start = 0; start < idBytes; start += 1) {
      const whole = Math.min(idsTried, Math.floor((bytes.length - start) / idBytes))
      const ids = whole > 0 ? idsOf(bytes.slice(start, start + whole * idBytes)) : []
      if (ids.some((id) => this.#isKnown(id))) return start
    }
    return undefined
  }

  lose(lengthBytes: number): Ids {
    return this.#isAligned ? this.#next(new Uint8Array(lengthBytes), true) : [undefined]
  }

  /** A part of a length that nobody knows. */
  loseAll(): Ids {
    this.#rest = new Uint8Array(0)
    this.#isRestLost = false
    this.#isAligned = false
    return [undefined]
  }

  #next(bytes: Uint8Array, isLost: boolean): Ids {
    const all = concat([this.#rest, bytes])
    const whole = all.length - (all.length % idBytes)
    const [beganLost, begun] = [this.#isRestLost, this.#rest.length]
    this.#rest = all.slice(whole)
    this.#isRestLost = this.#rest.length > 0 && (isLost || (whole === 0 && beganLost))
    return idsOf(all.subarray(0, whole)).map((id, at) =>
      isLost || (at === 0 && begun > 0 && beganLost) ? undefined : id,
    )
  }
}

/** Stretches in order, those that touch as one. */
class LostRanges {
  readonly ranges: ByteRange[] = []

  add({ offset, length }: ByteRange): void {
    if (length === 0) return
    const last = this.ranges.at(-1)
    if (last === undefined) this.ranges.push({ offset, length })
    else if (offset === last.offset + last.length || this.ranges.length >= rangesMax)
      this.ranges[this.ranges.length - 1] = { offset: last.offset, length: offset + length - last.offset }
    else this.ranges.push({ offset, length })
  }
}
