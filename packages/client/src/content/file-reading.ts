// Goes through local files and cuts them: small ones whole and many at a time, large ones in segments. Gives steps, each with chunks to be
// placed and what is then known of the files. A file that changes on the way is a problem, never a result; one that only grew is read as it
// was at one moment, if readings before and after that find the same: so a log that is appended to all the time gets there, too.
import { chunkBytesMax, concat, type ChunkId } from '@grenier/crypto'
import type { Clock } from '../clock.ts'
import type { FileReader, FileSystem } from '../disk/file-system.ts'
import type { Content, Stamp } from '../sync/tree.ts'
import { ContentBuilder } from './content-builder.ts'
import { contentOf } from './content-list.ts'
import {
  FileOpening,
  groupFilesMax,
  hasGrown,
  problem,
  problemOf,
  sameBytes,
  sameStamp,
  stampOfWhole,
  stepBytes,
  type FileProblem,
  type IngestFile,
  type Opened,
  type OpenedAlone,
  type Whole,
} from './file-opening.ts'
import { release } from './moved-bytes.ts'
import type { ContentKeys, CutPiece, WorkerPool } from './worker-pool.ts'

export type { IngestFile } from './file-opening.ts'

/** What came of a file, or of a part of a large one. */
export type IngestResult =
  | {
      readonly file: IngestFile
      readonly outcome: 'read'
      readonly content: Content
      readonly sizeBytes: number
      readonly stamp: Stamp
      /** The file can be committed with, or after, the pack of this ordinal; -1: at once. */
      readonly readyAfter: number
    }
  /** A large file is under way, this many more bytes of it: packs that hold its chunks may be claimed before its end is seen. */
  | { readonly file: IngestFile; readonly outcome: 'part'; readonly partBytes: number }
  | FileProblem

/** Chunks to be placed, and what is known once they are: `ordinals` has for each piece the last pack that it needs. */
export interface Cut {
  readonly pieces: readonly CutPiece[]
  readonly results: (ordinals: readonly number[]) => readonly IngestResult[]
}

/** A step of reading. */
export interface Step {
  readonly cut: Promise<Cut>
}

export interface FileReadingOptions {
  readonly fileSystem: FileSystem
  readonly pool: WorkerPool
  readonly keys: ContentKeys
  /** Says whether a file was written so lately that more writes may not show in its stamp. */
  readonly clock: Pick<Clock, 'now'>
  /** Whether the vault holds the chunks that the row of the expected content names, by this device's own hand. */
  readonly isHeld: (file: IngestFile) => boolean
}

/** Reads files. Used once. */
export class FileReading {
  readonly #options: FileReadingOptions

  constructor(options: FileReadingOptions) {
    this.#options = options
  }

  /** Steps in the order of the files. Leaving early closes what is open. @throws what a worker failed with */
  async *steps(files: Iterable<IngestFile>): AsyncGenerator<Step> {
    const { fileSystem, clock } = this.#options
    let group: Whole[] = []
    let bytes = 0
    for await (const opened of new FileOpening(fileSystem, clock).opened(files)) {
      for (const whole of wholesOf(opened)) {
        group.push(whole)
        bytes += whole.sizeBytes
        if (bytes < stepBytes && group.length < groupFilesMax) continue
        yield this.#group(group)
        ;[group, bytes] = [[], 0]
      }
      if (isTogether(opened)) continue
      if (group.length > 0) yield this.#group(group)
      ;[group, bytes] = [[], 0]
      if ('reader' in opened) yield* this.#large(opened.file, opened)
      else yield just([opened])
    }
    if (group.length > 0) yield this.#group(group)
  }

  /** The files lie in one buffer, so that they travel as one. */
  #group(group: readonly Whole[]): Step {
    const all = concat(group.map(({ bytes }) => bytes))
    let start = 0
    const pieces = group.map(({ sizeBytes }) => {
      start += sizeBytes
      return { bytes: all.subarray(start - sizeBytes, start), last: true, list: false }
    })
    // Those that were read in bulk share a buffer, of which others may not have had their turn.
    release(group.flatMap(({ bytes, inBulk }) => (inBulk ? [] : [bytes])))
    return stepOf(this.#cutGroup(group, pieces))
  }

  async #cutGroup(
    group: readonly Whole[],
    pieces: readonly { bytes: Uint8Array; last: boolean; list: boolean }[],
  ): Promise<Cut> {
    const { pool, keys } = this.#options
    const cut = await pool.cut({ keys, pieces })
    const contents = cut.map((piece) => contentOf(0, idsIn(piece)))
    const isNew = contents.map((content, at) => !sameBytes(content, group[at]?.file.expected))
    return {
      pieces: cut.filter((_, at) => isNew[at]),
      results: (ordinals) => {
        let placed = 0
        return group.map(({ file, stamp, sizeBytes }, at) => ({
          file,
          outcome: 'read',
          content: contents[at] ?? contentOf(0, []),
          sizeBytes,
          stamp,
          readyAfter: isNew[at] === true ? (ordinals[placed++] ?? -1) : -1,
        }))
      },
    }
  }

  async *#large(file: IngestFile, opened: Opened): AsyncGenerator<Step> {
    const { reader } = opened
    try {
      // What this device holds no chunk of would all be packed again, in vain if the file is just what the other side says.
      if (file.expected !== undefined && !this.#options.isHeld(file)) {
        const seen = await this.#goThrough(file, opened)
        if (seen.outcome !== 'read' || sameBytes(seen.content, file.expected)) {
          yield just([seen])
          return
        }
      }
      yield* this.#segments(file, opened)
    } catch (error) {
      yield just([problemOf(file, error)])
    } finally {
      await reader.close()
    }
  }

  /** Cuts a large file only to see what it is. */
  async #goThrough(file: IngestFile, opened: Opened): Promise<IngestResult> {
    const seen = await this.#contentNow(opened.reader)
    return (await this.#read(file, opened, seen))(-1)
  }

  async #contentNow(reader: FileReader): Promise<Cutting> {
    const builder = new ContentBuilder(async (bytes, last) => {
      const piece = await this.#cut(bytes, { last, list: true })
      return { ids: idsIn(piece), rest: piece.rest }
    })
    let cutBytes = 0
    for await (const piece of this.#cutThrough(reader)) {
      cutBytes += bytesIn(piece)
      await builder.add(idsIn(piece))
    }
    return { content: await builder.finish(), cutBytes }
  }

  /** The end of a large file: it was read if all of it was cut, and that is still what it was at the start. */
  async #read(
    file: IngestFile,
    opened: Opened,
    { content, cutBytes }: Cutting,
  ): Promise<(readyAfter: number) => IngestResult> {
    const { reader } = opened
    const { sizeBytes } = reader.stamp
    const same = async (): Promise<boolean> => {
      const again = await this.#contentNow(reader)
      return again.cutBytes === sizeBytes && sameBytes(content, again.content)
    }
    const stamp = cutBytes === sizeBytes ? await stampOfWhole(opened, same) : undefined
    if (stamp === undefined) return () => problem(file, 'changing')
    return (readyAfter) => ({ file, outcome: 'read', content, sizeBytes, stamp, readyAfter })
  }

  /** Cuts a large file, segment by segment; its lists of ids are placed as they grow. */
  async *#segments(file: IngestFile, opened: Opened): AsyncGenerator<Step> {
    const lists: CutPiece[] = []
    const builder = new ContentBuilder(async (bytes, last) => {
      const piece = await this.#cut(bytes, { last, list: true })
      lists.push(piece)
      return { ids: idsIn(piece), rest: piece.rest }
    })
    let readyAfter = -1
    const place = (results: (readyAfter: number) => IngestResult, piece?: CutPiece): Step => {
      const pieces = [...(piece === undefined ? [] : [piece]), ...lists.splice(0)]
      return step(pieces, (ordinals) => {
        readyAfter = Math.max(readyAfter, ...ordinals)
        return [results(readyAfter)]
      })
    }
    let cutBytes = 0
    for await (const piece of this.#cutThrough(opened.reader)) {
      const partBytes = bytesIn(piece)
      cutBytes += partBytes
      await builder.add(idsIn(piece))
      yield place(() => ({ file, outcome: 'part', partBytes }), piece)
    }
    const content = await builder.finish()
    yield place(await this.#read(file, opened, { content, cutBytes }))
  }

  /** Cuts through the file, as far as it went when it was opened; ends early when that has changed. The next segment is read meanwhile. */
  async *#cutThrough(reader: FileReader): AsyncGenerator<CutPiece> {
    const { sizeBytes } = reader.stamp
    const readAt = (from: number): Promise<Uint8Array> => {
      const reading = reader.read(from, Math.min(stepBytes, sizeBytes - from), chunkBytesMax)
      // It is awaited after the cut before it: that it may have failed by then is no news to anybody else.
      reading.catch(() => undefined)
      return reading
    }
    let rest: Uint8Array = new Uint8Array(0)
    let offset = 0
    let ahead = readAt(0)
    try {
      while (offset < sizeBytes) {
        const bytes = await ahead
        offset += bytes.length
        if (bytes.length === 0) return
        const stamp = await reader.stampNow()
        if (!sameStamp(reader.stamp, stamp) && !hasGrown(reader.stamp, stamp)) return
        const last = offset === sizeBytes
        if (!last) ahead = readAt(offset)
        const piece = await this.#cut(inFront(rest, bytes), { last, list: false })
        rest = piece.rest
        yield piece
      }
    } finally {
      await ahead.catch(() => undefined)
    }
  }

  async #cut(bytes: Uint8Array, how: { last: boolean; list: boolean }): Promise<CutPiece> {
    const { pool, keys } = this.#options
    const [piece] = await pool.cut({ keys, pieces: [{ bytes, ...how }] })
    if (piece === undefined) throw new RangeError('the pool did not cut what it was given')
    return piece
  }
}

function isTogether(opened: readonly Whole[] | OpenedAlone): opened is readonly Whole[] {
  return Array.isArray(opened)
}

function wholesOf(opened: readonly Whole[] | OpenedAlone): readonly Whole[] {
  return isTogether(opened) ? opened : []
}

/** What a large file was cut to. */
interface Cutting {
  readonly content: Content
  readonly cutBytes: number
}

/** What was left of the bytes before, in front of the next: in the room that was kept for it, if it was. Both are moved. */
function inFront(rest: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (Buffer.isBuffer(bytes) || bytes.byteOffset < rest.length) {
    const joined = concat([rest, bytes])
    release([rest, bytes])
    return joined
  }
  const start = bytes.byteOffset - rest.length
  const joined = new Uint8Array(bytes.buffer, start, rest.length + bytes.length)
  joined.set(rest)
  release([rest])
  return joined
}

function step(pieces: readonly CutPiece[], results: Cut['results']): Step {
  return stepOf(Promise.resolve({ pieces, results }))
}

function just(results: readonly IngestResult[]): Step {
  return step([], () => results)
}

function stepOf(cut: Promise<Cut>): Step {
  cut.catch(() => undefined)
  return { cut }
}

function idsIn(piece: CutPiece): ChunkId[] {
  return piece.chunks.map((chunk) => chunk.id)
}

function bytesIn(piece: CutPiece): number {
  return piece.chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0)
}
