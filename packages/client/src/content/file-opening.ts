// Opens local files to be read: small ones whole, many at a time where they are as they were seen; large ones for reading in steps. A file that
// changes on the way is a problem, never a result; one that only grew is read as it was at one moment.
import type { Clock } from '../clock.ts'
import { DiskError, type FileReader, type FileSystem } from '../disk/file-system.ts'
import { isUnsettled, settled } from '../disk/stamp.ts'
import type { ProblemCode } from '../sync/action.ts'
import type { RelativePath } from '../sync/name.ts'
import type { Content, NodeId, Stamp } from '../sync/tree.ts'

/** A file to be read. */
export interface IngestFile {
  readonly id: NodeId
  readonly path: RelativePath
  /** What the other side says it holds: when it is just that, nothing is packed. */
  readonly expected: Content | undefined
  /** As it was seen last: a small file that is still just that is read in bulk. */
  readonly stamp?: Stamp | undefined
}

/** Why a file was not read. */
export interface FileProblem {
  readonly file: IngestFile
  readonly outcome: 'problem'
  readonly problem: ProblemCode
  readonly detail: string
}

/** Bytes in one group of files, and in one step through a larger file. A file up to this has no more than 64 chunks. */
export const stepBytes = 4 << 20
/** Files in one group: one message to a worker for many. */
export const groupFilesMax = 256

/** A large file, open. */
export interface Opened {
  readonly reader: FileReader
  /** Written so lately that another write may have left the very same stamp. */
  readonly isLate: boolean
}

/** A file of which it is known how it looked. */
interface Seen extends IngestFile {
  readonly stamp: Stamp
}

/** A small file, read. */
export interface Whole {
  readonly file: IngestFile
  readonly sizeBytes: number
  readonly bytes: Uint8Array
  readonly stamp: Stamp
  /** Its bytes lie in a buffer with those of others. */
  readonly inBulk: boolean
}

/** A file that is not small, or was not read. */
export type OpenedAlone = (Opened & { readonly file: IngestFile }) | FileProblem

/** Opens files of one folder. */
export class FileOpening {
  readonly #files: FileSystem
  readonly #clock: Pick<Clock, 'now'>

  /** `clock`: says whether a file was written so lately that more writes may not show in its stamp. */
  constructor(files: FileSystem, clock: Pick<Clock, 'now'>) {
    this.#files = files
    this.#clock = clock
  }

  /** Files in order; those that are likely to be small and still as they were seen are read, and given, many at a time. */
  async *opened(files: Iterable<IngestFile>): AsyncGenerator<readonly Whole[] | OpenedAlone> {
    let run: Seen[] = []
    let bytes = 0
    for (const file of files) {
      const { stamp } = file
      // One that was written so lately that its stamp cannot tell is read by itself, twice.
      const isLikely =
        stamp !== undefined && stamp.sizeBytes <= stepBytes && !isUnsettled(settled(stamp, this.#clock.now()))
      if (isLikely) {
        run.push({ ...file, stamp })
        bytes += stamp.sizeBytes
        if (bytes < stepBytes && run.length < groupFilesMax) continue
      }
      yield* this.#openedRun(run)
      ;[run, bytes] = [[], 0]
      if (!isLikely) yield await this.#open(file)
    }
    yield* this.#openedRun(run)
  }

  async *#openedRun(run: readonly Seen[]): AsyncGenerator<readonly Whole[] | OpenedAlone> {
    if (run.length === 0) return
    const read = await this.#files.readWhole(run)
    let together: Whole[] = []
    for (let at = 0; at < run.length; at += 1) {
      const [file, bytes] = [run[at], read[at]]
      if (file === undefined) continue
      if (bytes !== undefined) {
        const { stamp } = file
        together.push({ file, bytes, stamp, sizeBytes: stamp.sizeBytes, inBulk: true })
        continue
      }
      if (together.length > 0) yield together
      together = []
      yield await this.#open(file)
    }
    if (together.length > 0) yield together
  }

  /** Opens a file; a small one is read at once. */
  async #open(file: IngestFile): Promise<readonly Whole[] | OpenedAlone> {
    try {
      const nowMs = this.#clock.now()
      const reader = await this.#files.openForReading(file.path)
      const opened = { reader, isLate: isUnsettled(settled(reader.stamp, nowMs)) }
      if (reader.stamp.sizeBytes > stepBytes) return { file, ...opened }
      try {
        const whole = await wholeNow(opened)
        return whole === undefined ? problem(file, 'changing') : [{ file, ...whole, inBulk: false }]
      } finally {
        await reader.close()
      }
    } catch (error) {
      return problemOf(file, error)
    }
  }
}

/**
 * The stamp under which what was read is whole: that of now, when nothing has changed; that of the opening, when the file only grew. Where
 * the stamp alone cannot tell, reading the same part again has to give the same. undefined when it is torn.
 */
export async function stampOfWhole(
  { reader, isLate }: Opened,
  isSame: () => Promise<boolean>,
): Promise<Stamp | undefined> {
  const stamp = await reader.stampNow()
  if (sameStamp(reader.stamp, stamp)) return !isLate || (await isSame()) ? stamp : undefined
  if (!hasGrown(reader.stamp, stamp) || !(await isSame())) return undefined
  return hasGrown(reader.stamp, await reader.stampNow()) ? reader.stamp : undefined
}

/**
 * A small file, and the stamp under which it was that; undefined when it is torn. When it grew since it was opened, that may have been a new
 * version from its start, too: then it is read to where it ended by then, and that counts if readings before and after that agree.
 */
async function wholeNow({ reader, isLate }: Opened): Promise<Omit<Whole, 'file' | 'inBulk'> | undefined> {
  const { sizeBytes } = reader.stamp
  const read = await reader.read(0, sizeBytes)
  const now = await reader.stampNow()
  if (sameStamp(reader.stamp, now)) {
    const isWhole = !isLate || sameBytes(await reader.read(0, sizeBytes), read)
    return isWhole && read.length === sizeBytes ? { bytes: read, sizeBytes, stamp: now } : undefined
  }
  if (!hasGrown(reader.stamp, now)) return undefined
  if (now.sizeBytes > stepBytes) return undefined
  const bytes = await reader.read(0, now.sizeBytes)
  if (bytes.length !== now.sizeBytes || !sameBytes(bytes.subarray(0, read.length), read)) return undefined
  const again = await reader.read(0, bytes.length)
  return sameBytes(again, bytes) ? { bytes, sizeBytes: bytes.length, stamp: now } : undefined
}

/** Whether it may be the same file with more at its end. */
export function hasGrown(before: Stamp, now: Stamp): boolean {
  return before.ino === now.ino && before.dev === now.dev && before.sizeBytes < now.sizeBytes
}

/** Whether nothing about the file has changed. */
export function sameStamp(a: Stamp, b: Stamp): boolean {
  return (
    a.ino === b.ino &&
    a.dev === b.dev &&
    a.ctimeNs === b.ctimeNs &&
    a.mtimeNs === b.mtimeNs &&
    a.sizeBytes === b.sizeBytes
  )
}

/** Whether two are the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && Buffer.compare(a, b) === 0
}

/** A file that was not read. */
export function problem(file: IngestFile, code: ProblemCode, detail = ''): FileProblem {
  return { file, outcome: 'problem', problem: code, detail }
}

/** What a refusal of the file system means for one file. Anything else is not about this file, and is thrown on. */
export function problemOf(file: IngestFile, error: unknown): FileProblem {
  if (!(error instanceof DiskError)) throw error
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return problem(file, 'vanished', error.code)
  if (error.code === 'ELOOP' || error.code === 'EISDIR' || error.code === 'EINVAL')
    return problem(file, 'changing', error.code)
  return problem(file, 'unreadable', error.code)
}
