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
/** Losses that are remembered from the first time to the second; where there are more, only what stands before the first one is brought. */
const lossesMax = 1 << 20
const idBytes = 32

/** What its parts share. */
interface Walk extends SalvageOptions {
  readonly losses: Losses
}

/**
 * Writes what there is, and gives what is lost, in order: all that was not written. undefined where the content contradicts itself, so that no place can
 * be trusted. The lists are read twice: what lacked the first time lacks the second time too, and where more lacks then, nothing behind it is brought.
 * @throws ClientError `interrupted`; what `get` and `write` throw
 */
export async function salvage(
  options: SalvageOptions,
  file: Salvaged,
): Promise<readonly ByteRange[] | undefined> {
  const { sizeBytes, content } = file
  const losses = new Losses()
  const walk: Walk = { ...options, losses }
  const measured = await measure(walk, file)
  if (measured === undefined) return undefined
  losses.again()
  const { headBytes, middleBytes, tailBytes, gaps } = measured
  const placing: Placing = { file, had: new Had(file.from ?? 0), offset: 0, endBytes: headBytes }
  let [knownBytes, seen] = [0, 0]
  for await (const part of partsOf(walk, content)) {
    if (part === 'gap') {
      seen += 1
      if (losses.areOthers) break
      if (seen === gaps && knownBytes !== headBytes + middleBytes) break
      Object.assign(placing, { offset: sizeBytes - tailBytes, endBytes: sizeBytes })
      continue
    }
    knownBytes += lengthOf(part)
    if ((seen === 0 || seen === gaps) && !(await place(walk, placing, part))) break
  }
  return placing.had.lostTo(sizeBytes)
}

/** What stands before the first gap of unknown length, between it and the last one, and behind that. */
interface Measured {
  readonly headBytes: number
  readonly middleBytes: number
  readonly tailBytes: number
  readonly gaps: number
}

async function measure(walk: Walk, { content, sizeBytes }: Salvaged): Promise<Measured | undefined> {
  let [headBytes, tailBytes, gaps, count, allBytes] = [0, 0, 0, 0, 0]
  for await (const part of partsOf(walk, content)) {
    if (part === 'gap') {
      gaps += 1
      tailBytes = 0
      if (gaps > chunksFree + sizeBytes / fileChunkBytesMin) return undefined
      continue
    }
    const bytes = lengthOf(part)
    if (gaps === 0) headBytes += bytes
    else tailBytes += bytes
    count += part.length
    allBytes += bytes
    // As for a whole one: lists of a member's making shall not be gone through for ever.
    if (allBytes > sizeBytes || count > chunksFree + allBytes / fileChunkBytesMin) return undefined
  }
  if (gaps === 0 && headBytes !== sizeBytes) return undefined
  return { headBytes, middleBytes: allBytes - headBytes - tailBytes, tailBytes, gaps }
}

function lengthOf(chunks: readonly LocatedChunk[]): number {
  return chunks.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
}

/** Where chunks go: from `offset` on, and never beyond `endBytes`. */
interface Placing {
  readonly file: Salvaged
  readonly had: Had
  offset: number
  endBytes: number
}

/** Brings chunks that stand one after the other; whether all of them have their place. */
async function place(walk: Walk, placing: Placing, chunks: readonly LocatedChunk[]): Promise<boolean> {
  const { file, had } = placing
  const { from = 0 } = file
  let hasRoom = true
  for (let at = 0; at < chunks.length && hasRoom; at += chunksAtOnce) {
    const ranges = new Map<Wanted, ByteRange>()
    for (const { id, places, plainBytes } of chunks.slice(at, at + chunksAtOnce)) {
      const { offset } = placing
      hasRoom &&= offset + plainBytes <= placing.endBytes
      if (!hasRoom) break
      placing.offset += plainBytes
      const begin = Math.max(offset, from)
      const hand = (bytes: Uint8Array): Promise<void> => file.write(begin, bytes.subarray(begin - offset))
      if (placing.offset > from) ranges.set({ id, places, hand }, { offset, length: plainBytes })
    }
    assertGoesOn(walk)
    const lacks = await bring(walk, [...ranges.keys()])
    for (const [wanted, range] of ranges) if (!lacks.has(wanted)) had.add(range)
    for (const why of lacks.values()) walk.lacks?.(why)
    await file.settled?.(placing.offset)
  }
  return hasRoom
}

/** The chunks of a content, in order; `gap` where lost ones are of an unknown number or length. */
async function* partsOf(options: Walk, content: Content): AsyncGenerator<LocatedChunk[] | 'gap'> {
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

async function chunkOf(options: Walk, id: ChunkId): Promise<LocatedChunk | undefined> {
  if (options.losses.next() !== undefined) return undefined
  const located = await locate(options, [id])
  if (typeof located !== 'string') return located[0]
  options.lacks?.(located)
  options.losses.add({})
  return undefined
}

function assertGoesOn({ signal }: SalvageOptions): void {
  if (signal.aborted) throw new ClientError('interrupted', 'stopped')
}

/** Ids; undefined for those that a lost part of a list names. */
type Ids = readonly (ChunkId | undefined)[]

async function* idsIn(options: Walk, content: Content): AsyncGenerator<Ids> {
  let top
  try {
    top = readContent(content)
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    options.lacks?.('wrong')
    yield [undefined]
    return
  }
  let ids: AsyncIterable<Ids> | Iterable<Ids> = [top.ids]
  for (let depth = top.depth; depth > 0; depth -= 1) ids = unfolded(options, ids)
  yield* ids
}

async function* unfolded(options: Walk, listed: AsyncIterable<Ids> | Iterable<Ids>): AsyncGenerator<Ids> {
  const reader = new TornListReader((id) => options.places(id).some(isPossible))
  let [count, listBytes] = [0, 0]
  for await (const part of listed)
    for (const id of part) {
      assertGoesOn(options)
      const bytes = id === undefined ? {} : await listPartOf(options, id)
      const { length } = bytes
      if (length === undefined) {
        yield reader.loseAll()
        continue
      }
      count += 1
      listBytes += length
      if (listBytes < (count - chunksFree) * listChunkBytesMin) {
        // An enemy made it.
        options.lacks?.('wrong')
        yield [undefined]
        return
      }
      yield bytes instanceof Uint8Array ? reader.take(bytes) : reader.lose(length)
    }
}

/** The bytes of a part of a list, or how long it was. */
async function listPartOf(options: Walk, id: ChunkId): Promise<Uint8Array | Loss> {
  const before = options.losses.next()
  if (before !== undefined) return before
  const places = options.places(id).filter(isPossible)
  const bytes = await bytesOf(options, [{ id, places }])
  if (typeof bytes !== 'string') return bytes
  options.lacks?.(bytes)
  const loss = { length: lengthIn(places) }
  options.losses.add(loss)
  return loss
}

/** `length`: where it is known. */
interface Loss {
  readonly length?: number | undefined
}

/**
 * What lacked of the lists and their chunks the first time, by the turn in which it was looked for: ids are those of their bytes, so that the second time is the
 * same as the first, whatever the relay says then.
 */
class Losses {
  readonly #first = new Map<number, Loss>()
  #turn = 0
  #isAgain = false
  #areOthers = false

  /** Whether something lacks that was not remembered: from there on nobody can tell what stands where. */
  get areOthers(): boolean {
    return this.#areOthers
  }

  again(): void {
    this.#turn = 0
    this.#isAgain = true
  }

  /** Before each look: what lacked in this turn the first time. */
  next(): Loss | undefined {
    this.#turn += 1
    return this.#isAgain ? this.#first.get(this.#turn) : undefined
  }

  /** What is looked for in this turn lacks. */
  add(loss: Loss): void {
    if (this.#isAgain || this.#first.size >= lossesMax) this.#areOthers = true
    else this.#first.set(this.#turn, loss)
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

/** What was written, in order, and so what was not: stretches that touch as one. */
class Had {
  readonly #lost: ByteRange[] = []
  #end: number

  /** All up to there is had. */
  constructor(end: number) {
    this.#end = end
  }

  add({ offset, length }: ByteRange): void {
    this.#lose(offset)
    this.#end = Math.max(this.#end, offset + length)
  }

  /** What is lost of so many bytes. */
  lostTo(sizeBytes: number): readonly ByteRange[] {
    this.#lose(sizeBytes)
    return this.#lost
  }

  #lose(to: number): void {
    if (to <= this.#end) return
    const last = this.#lost.length < rangesMax ? undefined : this.#lost.pop()
    const offset = last?.offset ?? this.#end
    this.#lost.push({ offset, length: to - offset })
    this.#end = to
  }
}
