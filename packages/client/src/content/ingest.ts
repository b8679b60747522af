// Reads local files, cuts and hashes them, and places what the vault lacks into packs. Results come in the order of the files. Decides nothing:
// what to read is the planner's word, what to claim and commit is the sender's.
import type { ChunkId } from '@grenier/crypto'
import type { Clock } from '../clock.ts'
import type { FileSystem } from '../disk/file-system.ts'
import { readContent } from './content-list.ts'
import { FileReading, type IngestFile, type IngestResult, type Step } from './file-reading.ts'
import type { PackWriter } from './pack-writer.ts'
import { Placer } from './placer.ts'
import { StreamReading } from './stream-reading.ts'
import type { ContentKeys, WorkerPool } from './worker-pool.ts'

export type { IngestFile, IngestResult } from './file-reading.ts'

export interface IngestOptions {
  readonly fileSystem: FileSystem
  readonly pool: WorkerPool
  readonly keys: ContentKeys
  readonly writer: PackWriter
  readonly clock: Pick<Clock, 'now'>
  /** Whether the vault holds this chunk, as far as this device sent or checked it itself. */
  readonly known: (id: ChunkId) => boolean
}

/** Steps under way at once, of some 4 MiB each: reading and cutting the next overlaps compressing and sealing these. */
const stepsInFlight = 3

/** Reads files. One call of `read` at a time. */
export class Ingest {
  readonly #options: IngestOptions
  readonly #placer: Placer
  /** Resolves when the step before has its chunks on the way: places are given in the order of the files. */
  #begun: Promise<unknown> = Promise.resolve()

  constructor(options: IngestOptions) {
    this.#options = options
    this.#placer = new Placer(options)
  }

  /** Whether the chunk is on its way in a pack that is not claimed yet. */
  holds(id: ChunkId): boolean {
    return this.#placer.holds(id)
  }

  /** Packs up to this ordinal are claimed: the index knows their chunks now. */
  claimed(ordinal: number): void {
    this.#placer.claimed(ordinal)
  }

  /**
   * Reads the files in order. Those that cannot be read are results too. When it ends, or is left early, nothing goes on behind it.
   * @throws what a worker, the taker of packs, or the giver of keys failed with
   */
  async *read(files: Iterable<IngestFile>): AsyncGenerator<IngestResult> {
    for await (const results of this.readTogether(files)) yield* results
  }

  /** The same, as many at a time as become known together: nothing is waited for between them. */
  async *readTogether(files: Iterable<IngestFile>): AsyncGenerator<readonly IngestResult[]> {
    this.#placer.restart()
    this.#begun = Promise.resolve()
    const { fileSystem, pool, keys, clock } = this.#options
    const isHeld = (file: IngestFile): boolean =>
      file.expected !== undefined && readContent(file.expected).ids.every((id) => this.#options.known(id))
    yield* this.#results(new FileReading({ fileSystem, pool, keys, clock, isHeld }).steps(files))
  }

  /** Reads a stream, which is to be a file: parts as they come, and `read` at its end. Its stamp says nothing. @throws as `read`, and as the stream */
  async *stream(file: IngestFile, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<IngestResult> {
    this.#placer.restart()
    this.#begun = Promise.resolve()
    const { pool, keys } = this.#options
    for await (const results of this.#results(new StreamReading({ pool, keys }, file).steps(pieces)))
      yield* results
  }

  async *#results(steps: AsyncIterable<Step>): AsyncGenerator<readonly IngestResult[]> {
    const underWay: Promise<readonly IngestResult[]>[] = []
    try {
      for await (const step of steps) {
        underWay.push(this.#begin(step))
        while (underWay.length > stepsInFlight) yield await next(underWay)
      }
      while (underWay.length > 0) yield await next(underWay)
    } finally {
      await Promise.allSettled(underWay)
    }
  }

  #begin(step: Step): Promise<readonly IngestResult[]> {
    const before = this.#begun
    const begun = (async (): Promise<{ placed: Promise<number[]> }> => {
      const [earlier] = await Promise.allSettled([before, step.cut])
      if (earlier.status === 'rejected') throw earlier.reason
      const { pieces } = await step.cut
      return { placed: this.#placer.place(pieces) }
    })()
    this.#begun = begun
    const done = finish(step, begun)
    done.catch(() => undefined)
    return done
  }
}

async function finish(
  step: Step,
  begun: Promise<{ placed: Promise<number[]> }>,
): Promise<readonly IngestResult[]> {
  const { placed } = await begun
  const { results } = await step.cut
  return results(await placed)
}

async function next(underWay: Promise<readonly IngestResult[]>[]): Promise<readonly IngestResult[]> {
  return (await underWay.shift()) ?? []
}
