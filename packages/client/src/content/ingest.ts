// Reads local files, cuts and hashes them, and places what the vault lacks into packs. Results come in the order of the files. Decides nothing:
// what to read is the planner's word, what to claim and commit is the sender's.
import { concat, toHex, type ChunkId } from '@grenier/crypto'
import { DiskError, type FileReader, type FileSystem } from '../disk/file-system.ts'
import type { ProblemCode } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { Content, NodeId, Stamp } from '../sync/tree.ts'
import { contentIdsMax, contentOf, listOf } from './content-list.ts'
import type { PackWriter } from './pack-writer.ts'
import type { ContentKeys, CutChunk, CutPiece, Piece, WorkerPool } from './worker-pool.ts'

/** A file to be read. */
export interface IngestFile {
  readonly id: NodeId
  readonly path: RelativePath
  /** What the other side says it holds: when it is just that, nothing is packed. */
  readonly expected: Content | undefined
}

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
  | {
      readonly file: IngestFile
      readonly outcome: 'problem'
      readonly problem: ProblemCode
      readonly detail: string
    }

export interface IngestOptions {
  readonly fileSystem: FileSystem
  readonly pool: WorkerPool
  readonly keys: ContentKeys
  readonly writer: PackWriter
  /** Whether the vault holds this chunk, as far as this device sent or checked it itself. */
  readonly known: (id: ChunkId) => boolean
}

/** A file up to this is read whole and grouped with others: one message to a worker for many. */
const groupedFileBytesMax = 1 << 20
/** Bytes in one group, and in one step through a larger file. */
const groupBytes = 4 << 20
/** Files in one group. */
const groupFilesMax = 256
/** Groups under way at once: reading the next overlaps work on these. */
const groupsInFlight = 2

interface Whole {
  readonly file: IngestFile
  readonly bytes: Uint8Array
  readonly stamp: Stamp
}

/** Reads files. One call of `read` at a time. */
export class Ingest {
  readonly #options: IngestOptions
  /** Chunks placed by this ingest and not yet claimed, by hex id: the ordinal of their pack. */
  readonly #placed = new Map<string, number>()

  constructor(options: IngestOptions) {
    this.#options = options
  }

  /** Packs up to this ordinal are claimed: the index knows their chunks now. */
  claimed(ordinal: number): void {
    for (const [id, at] of this.#placed) if (at <= ordinal) this.#placed.delete(id)
  }

  /** Reads the files in order. Those that cannot be read are results too. */
  async *read(files: Iterable<IngestFile>): AsyncGenerator<IngestResult> {
    const waiting: Promise<IngestResult[]>[] = []
    for await (const step of this.#steps(files)) {
      waiting.push(this.#guarded(step))
      if (waiting.length > groupsInFlight) yield* await next(waiting)
    }
    while (waiting.length > 0) yield* await next(waiting)
  }

  /** Placing must go in order: each step begins to place only when the one before has. */
  #turn: Promise<void> = Promise.resolve()

  #guarded(step: Step): Promise<IngestResult[]> {
    const before = this.#turn
    const done = step(before)
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    )
    done.catch(() => undefined)
    return done
  }

  async *#steps(files: Iterable<IngestFile>): AsyncGenerator<Step> {
    let group: Whole[] = []
    let bytes = 0
    for (const file of files) {
      const opened = await this.#open(file)
      if ('outcome' in opened) {
        yield () => Promise.resolve([opened])
        continue
      }
      if ('reader' in opened) {
        const large = opened
        yield (before) => this.#readLarge(large.file, large.reader, before)
        continue
      }
      group.push(opened)
      bytes += opened.bytes.length
      if (bytes < groupBytes && group.length < groupFilesMax) continue
      yield this.#groupStep(group)
      ;[group, bytes] = [[], 0]
    }
    if (group.length > 0) yield this.#groupStep(group)
  }

  #groupStep(group: readonly Whole[]): Step {
    return (before) => this.#readGroup(group, before)
  }

  /** Opens a file; a small one is read at once. */
  async #open(file: IngestFile): Promise<IngestResult | Whole | { file: IngestFile; reader: FileReader }> {
    try {
      const reader = await this.#options.fileSystem.openForReading(file.path)
      if (reader.stamp.sizeBytes > groupedFileBytesMax) return { file, reader }
      try {
        const bytes = await reader.read(0, reader.stamp.sizeBytes)
        const after = await reader.stampNow()
        if (!sameStamp(reader.stamp, after) || bytes.length !== after.sizeBytes)
          return problem(file, 'changing')
        return { file, bytes, stamp: after }
      } finally {
        await reader.close()
      }
    } catch (error) {
      return problemOf(file, error)
    }
  }

  async #readGroup(group: readonly Whole[], before: Promise<void>): Promise<IngestResult[]> {
    const { pool, keys } = this.#options
    const pieces: Piece[] = group.map((whole) => ({ bytes: whole.bytes, last: true, list: false }))
    const sizes = group.map((whole) => whole.bytes.length)
    const cut = await pool.cut({ keys, pieces })
    await before
    const contents = cut.map((piece) => contentOf(0, idsIn(piece)))
    const places = await this.#place(
      cut.filter((_, at) => !sameBytes(contents[at], group[at]?.file.expected)),
    )
    return group.map((whole, at) => {
      const content = contents[at] ?? contentOf(0, [])
      const readyAfter = places.get(cut[at]) ?? -1
      return {
        file: whole.file,
        outcome: 'read',
        content,
        sizeBytes: sizes[at] ?? 0,
        stamp: whole.stamp,
        readyAfter,
      }
    })
  }

  async #readLarge(file: IngestFile, reader: FileReader, before: Promise<void>): Promise<IngestResult[]> {
    await before
    try {
      return [await this.#readThrough(file, reader)]
    } catch (error) {
      return [problemOf(file, error)]
    } finally {
      await reader.close()
    }
  }

  async #readThrough(file: IngestFile, reader: FileReader): Promise<IngestResult> {
    if (file.expected !== undefined) {
      const dry = await this.#walk(reader, false)
      if (sameBytes(dry.content, file.expected)) return finished(file, reader, { ...dry, readyAfter: -1 })
    }
    return finished(file, reader, await this.#walk(reader, true))
  }

  /** Goes through a large file once; places its chunks, unless it is only asked what it is. */
  async #walk(reader: FileReader, place: boolean): Promise<Walked> {
    const { pool, keys } = this.#options
    const ids: ChunkId[] = []
    let [readyAfter, offset, last] = [-1, 0, false]
    let rest: Uint8Array = new Uint8Array(0)
    while (!last) {
      const read = await reader.read(offset, groupBytes)
      offset += read.length
      last = read.length < groupBytes
      const [piece] = await pool.cut({ keys, pieces: [{ bytes: concat([rest, read]), last, list: false }] })
      if (piece === undefined) break
      rest = piece.bytes.slice(piece.bytes.length - piece.rest)
      for (const chunk of piece.chunks) ids.push(chunk.id)
      if (place) readyAfter = Math.max(readyAfter, ...(await this.#place([piece])).values())
    }
    const listed = await this.#contentOf(ids, place)
    return { content: listed.content, sizeBytes: offset, readyAfter: Math.max(readyAfter, listed.readyAfter) }
  }

  /** Content of a file of these chunks: a long list of ids is cut and placed like content. */
  async #contentOf(
    ids: readonly ChunkId[],
    place: boolean,
  ): Promise<{ content: Content; readyAfter: number }> {
    const { pool, keys } = this.#options
    let [depth, level, readyAfter] = [0, ids, -1]
    while (level.length > contentIdsMax) {
      const [piece] = await pool.cut({ keys, pieces: [{ bytes: listOf(level), last: true, list: true }] })
      if (piece === undefined) break
      level = idsIn(piece)
      depth += 1
      if (place) readyAfter = Math.max(readyAfter, ...(await this.#place([piece])).values())
    }
    return { content: contentOf(depth, level), readyAfter }
  }

  /** Places the chunks that the vault lacks. Gives for each piece the ordinal of its last pack, -1 when it needs none. */
  async #place(pieces: readonly CutPiece[]): Promise<Map<CutPiece | undefined, number>> {
    const places = new Map<CutPiece | undefined, number>()
    const lacking = pieces.map((piece) => this.#lackingIn(piece))
    const inputs = lacking
      .map(({ piece, ranges }) => ({ bytes: piece.bytes, ranges }))
      .filter((input) => input.ranges.length > 0)
    const compressed = inputs.length === 0 ? [] : await this.#options.pool.compress({ inputs })
    let taken = 0
    for (const { piece, chunks, ranges } of lacking) {
      const packed = ranges.length === 0 ? undefined : compressed[taken++]
      let start = 0
      for (const [at, chunk] of chunks.entries()) {
        const storedBytes = packed?.storedBytes[at] ?? 0
        const stored = packed?.bytes.subarray(start, start + storedBytes) ?? new Uint8Array(0)
        start += storedBytes
        this.#placed.set(toHex(chunk.id), this.#options.writer.add({ ...chunk, storedBytes }, stored))
      }
      places.set(piece, this.#readyAfter(piece))
    }
    await this.#options.writer.room()
    return places
  }

  /** The chunks of a piece that neither the vault nor a pack under way holds, each once, and where they lie. */
  #lackingIn(piece: CutPiece): {
    piece: CutPiece
    chunks: CutChunk[]
    ranges: { start: number; length: number }[]
  } {
    const chunks: CutChunk[] = []
    const ranges: { start: number; length: number }[] = []
    let start = 0
    for (const chunk of piece.chunks) {
      const key = toHex(chunk.id)
      if (!this.#placed.has(key) && !this.#options.known(chunk.id)) {
        this.#placed.set(key, Number.POSITIVE_INFINITY)
        chunks.push(chunk)
        ranges.push({ start, length: chunk.plainBytes })
      }
      start += chunk.plainBytes
    }
    return { piece, chunks, ranges }
  }

  #readyAfter(piece: CutPiece): number {
    return piece.chunks.reduce(
      (latest, chunk) => Math.max(latest, this.#placed.get(toHex(chunk.id)) ?? -1),
      -1,
    )
  }
}

type Step = (before: Promise<void>) => Promise<IngestResult[]>

interface Walked {
  readonly content: Content
  readonly sizeBytes: number
  readonly readyAfter: number
}

async function finished(file: IngestFile, reader: FileReader, walked: Walked): Promise<IngestResult> {
  const stamp = await reader.stampNow()
  if (!sameStamp(reader.stamp, stamp) || walked.sizeBytes !== stamp.sizeBytes)
    return problem(file, 'changing')
  return { file, outcome: 'read', stamp, ...walked }
}

async function next(waiting: Promise<IngestResult[]>[]): Promise<IngestResult[]> {
  return (await waiting.shift()) ?? []
}

function idsIn(piece: CutPiece): ChunkId[] {
  return piece.chunks.map((chunk) => chunk.id)
}

function sameStamp(a: Stamp, b: Stamp): boolean {
  return (
    a.ino === b.ino &&
    a.dev === b.dev &&
    a.ctimeNs === b.ctimeNs &&
    a.mtimeNs === b.mtimeNs &&
    a.sizeBytes === b.sizeBytes
  )
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && Buffer.compare(a, b) === 0
}

function problem(file: IngestFile, code: ProblemCode, detail = ''): IngestResult {
  return { file, outcome: 'problem', problem: code, detail }
}

/** What a refusal of the file system means for one file. Anything else is not about this file, and is thrown on. */
function problemOf(file: IngestFile, error: unknown): IngestResult {
  if (!(error instanceof DiskError)) throw error
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return problem(file, 'vanished', error.code)
  if (error.code === 'ELOOP' || error.code === 'EISDIR') return problem(file, 'changing', error.code)
  return problem(file, 'unreadable', error.code)
}
