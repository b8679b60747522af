// How far an export is: all that it takes to go on with it, in another process and on another day, so that not a byte of it is another one.
import type { RelativePath } from '../sync/name.ts'

/** Raised whenever the same tree gives another tar: what an earlier version began is not gone on with. */
export const exportFormat = 1

/** Where a tar stands when all up to `tarBytes` was taken. */
export interface TarMark {
  readonly tarBytes: number
  /** What comes next. */
  readonly path: RelativePath
  /** Its header was written, and so much of its content. */
  readonly begunBytes?: number | undefined
  /** Files that are in it as they are in the vault, and their bytes. */
  readonly filesDone: number
  readonly bytesDone: number
  /** What names of damaged files are like that it has so far: no other one may be. */
  readonly given: readonly string[]
}

/** The same, and of which tree: the one after this entry of the log. */
export interface ExportMark extends TarMark {
  readonly sequence: number
  /** Of the log there, hex. */
  readonly hash: string
}

/** So much is written, or such a time passes, from one mark to the next. */
export interface MarkPace {
  readonly everyBytes: number
  readonly everyMs: number
}

/** A mark has the disk write down all that was written: often enough that little is lost, seldom enough that nobody notices. */
export const markPace: MarkPace = { everyBytes: 32 << 20, everyMs: 5000 }
/** With more names than fit here there are no further marks: a request to a running sync is bounded. */
export const givenCharsMax = 64 << 10
