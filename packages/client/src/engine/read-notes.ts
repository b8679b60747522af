// What comes of reading files that are to be sent: those that were read wait for their packs, the others are told of, or looked for again.
import type { IngestResult } from '../content/ingest.ts'
import { parentOf } from '../disk/ignore.ts'
import { settled } from '../disk/stamp.ts'
import type { RelativePath } from '../sync/name.ts'
import type { NodeId, Stamp } from '../sync/tree.ts'
import type { LeafCheck } from './leaf-check.ts'
import { isAnother } from './read-result.ts'
import type { Tally } from './tally.ts'
import type { WaitingFiles } from './waiting-files.ts'

export interface ReadNotesParts {
  readonly tally: Tally
  readonly leaves: LeafCheck
  readonly waiting: WaitingFiles
  /** When reading began, ms. */
  readonly startedMs: number
  /** The last drop that was known then. */
  readonly dropped: number
  /** Stamps when the files were asked for. */
  readonly asked: ReadonlyMap<NodeId, Stamp | undefined>
}

/** One reading of files. */
export class ReadNotes {
  readonly #parts: ReadNotesParts
  readonly lookAgain: RelativePath[] = []
  /** How many files could be read. */
  count = 0
  /** Of the large file that is under way. */
  #partBytes = 0

  constructor(parts: ReadNotesParts) {
    this.#parts = parts
  }

  /** Whether the result is of a file, or a part of one, that goes on. */
  take(result: IngestResult): boolean {
    const { tally, leaves, waiting, startedMs, dropped } = this.#parts
    const { id, path } = result.file
    if (result.outcome === 'part') {
      tally.did(0, result.partBytes)
      this.#partBytes += result.partBytes
      return true
    }
    const partBytes = this.#partBytes
    this.#partBytes = 0
    if (result.outcome === 'problem') {
      if (result.problem === 'vanished') this.lookAgain.push(parentOf(path))
      else tally.problem({ path, code: result.problem, detail: result.detail })
      return false
    }
    tally.did(1, result.sizeBytes - partBytes)
    const asked = this.#parts.asked.get(id)
    if (isAnother(result.stamp, asked)) {
      this.lookAgain.push(parentOf(path))
      return false
    }
    tally.solved(path)
    leaves.read(result.content, dropped)
    waiting.keep({ result: { ...result, stamp: settled(result.stamp, startedMs) }, asked })
    this.count += 1
    return true
  }
}
