// Where a tar lies until it is whole: beside its place, under a name that the next export to that place knows, and beside it what is written down of it. Only what
// this process wrote, or what was found to be just what was written before, is gone on with and gets the name; nothing else that lies there is touched.
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { FileIdentity } from '../archive/archive-file.ts'
import { exportFormat, type ExportMark } from '../engine/export-mark.ts'
import { ClientError } from '../errors.ts'
import {
  decodeBegun,
  encodeBegun,
  encodeFar,
  type BegunExport,
  type BegunFar,
  type BegunProblem,
  type BegunWhat,
} from './begun-export.ts'
import type { PartDisk, PartFile } from './part-disk.ts'

const checkBytes = 1 << 20

/** Left for longer than this, the vault as it stands now is another one than was asked for then: a script that exports each night gets what is of this night. */
const oldMs = 20 * 3_600_000

/** Why what lies there is not gone on with. `gone`: its moment is not to be had any more. `old`: left long ago, where now means another moment. */
export type BegunAnew = 'other' | 'touched' | 'wrapped' | 'gone' | 'old'

/** `far`: what it goes on from. `alone`: what keeps it from being gone on with, should it be interrupted. */
export interface TakenPart {
  readonly part: ExportPart
  readonly far?: BegunFar | undefined
  readonly anew?: BegunAnew | undefined
  readonly alone?: string | undefined
}

export interface PartPlace {
  readonly out: string
  readonly disk: PartDisk
  /** Of the clock that files go by. */
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** The name of what there is of an export to a place. */
export function partOf(out: string): string {
  return `${out}.grenier-part`
}

function noteOf(out: string): string {
  return `${out}.grenier-mark`
}

/** A part that nobody else knows of, and that nobody goes on with. @throws the system's errors */
export function partAlone({ out, disk }: PartPlace): ExportPart {
  const path = `${out}.${randomBytes(4).toString('hex')}.part`
  return new ExportPart({ out, disk, path, file: disk.make(path) })
}

/**
 * The part of an export to a place, begun or anew. To be called by whoever holds the lock of the place.
 * @throws ClientError `disk-full`, `disk-failed`, `interrupted`; the system's errors where no file can be made
 */
export async function takePart(place: PartPlace, what: BegunWhat): Promise<TakenPart> {
  const { out, disk } = place
  const [path, note] = [partOf(out), noteOf(out)]
  const [there, noted] = [disk.look(path), disk.look(note)]
  const begun = noted?.isOwn === true ? decodeBegun(disk.readText(note)) : undefined
  const anew = noted && begun && whyAnew(what, begun, Math.abs(place.nowMs - noted.changedMs))
  const isForeign = noted !== undefined && begun === undefined && noted.sizeBytes !== 0
  if (isForeign || noted?.isOwn === false) return { part: partAlone(place), alone: note }
  if (there === undefined) return await makePart(place, what)
  if (!there.isOwn) return { part: partAlone(place), alone: path }
  const file = disk.open(path)
  if (!isSameFile(file.identity, there)) {
    file.close()
    return { part: partAlone(place), alone: path }
  }
  const isIntact = begun?.far !== undefined && (await hasJust(place, file, begun.far).catch(closing(file)))
  const { ino } = file.identity
  if (begun?.far !== undefined && isIntact && anew === undefined)
    return await goOn(place, { what, far: begun.far, file })
  file.close()
  // Nobody else's file has the number of ours, and nothing is lost of an empty one.
  const isOurs = isIntact || begun?.file === ino || there.sizeBytes === 0
  if (!isOurs) return { part: partAlone(place), alone: path }
  disk.remove(path)
  return await makePart(place, what, anew ?? (begun?.far === undefined ? undefined : 'touched'))
}

/** undefined where it is what is asked for. */
function whyAnew(
  { vault, at, wrapped }: BegunWhat,
  begun: BegunExport,
  leftMs: number,
): BegunAnew | undefined {
  if (begun.wrapped && wrapped) return 'wrapped'
  const isSame = begun.vault === vault && begun.at === at && begun.wrapped === wrapped
  if (!isSame || begun.format !== exportFormat) return 'other'
  return !isFixed(at) && leftMs > oldMs ? 'old' : undefined
}

/** Whether the words mean the same moment every day: a sequence number, or a date. */
function isFixed(at: string | null): boolean {
  return at !== null && /^(#?\d+$|\d{4}-)/.test(at.trim())
}

/** Whether its bytes up to the mark are those that were written. */
async function hasJust({ signal }: PartPlace, file: PartFile, { mark, sum }: BegunFar): Promise<boolean> {
  let found = 0
  for (let at = 0; at < mark.tarBytes; at += checkBytes) {
    if (signal.aborted) throw new ClientError('interrupted', 'stopped')
    const length = Math.min(checkBytes, mark.tarBytes - at)
    const bytes = await file.read(at, length)
    if (bytes.length < length) return false
    found = crc32(bytes, found)
  }
  return found === sum
}

function closing(file: PartFile): (error: unknown) => never {
  return (error) => {
    file.close()
    throw error
  }
}

async function goOn(
  { out, disk }: PartPlace,
  { what, far, file }: { readonly what: BegunWhat; readonly far: BegunFar; readonly file: PartFile },
): Promise<TakenPart> {
  const [path, note] = [partOf(out), noteOf(out)]
  try {
    // Anew, so that whoever else may write that file finds another note than his.
    await disk.writeWhole(note, encodeBegun({ ...what, file: file.identity.ino, far }))
    file.cut(far.mark.tarBytes)
  } catch (error) {
    file.close()
    throw error
  }
  return { part: new ExportPart({ out, disk, path, file, note, far }), far }
}

async function makePart(place: PartPlace, what: BegunWhat, anew?: BegunAnew): Promise<TakenPart> {
  const { out, disk } = place
  const [path, note] = [partOf(out), noteOf(out)]
  const file = disk.make(path)
  try {
    await disk.writeWhole(note, encodeBegun({ ...what, file: file.identity.ino }))
    return { part: new ExportPart({ out, disk, path, file, note }), anew }
  } catch (error) {
    file.close()
    disk.remove(path)
    if (!(error instanceof ClientError) || error.code !== 'disk-failed') throw error
    // A directory in which nothing else may be made, or none that is flushed.
    return { part: partAlone(place), anew, alone: note }
  }
}

interface PartParts {
  readonly out: string
  readonly disk: PartDisk
  readonly path: string
  readonly file: PartFile
  readonly note?: string
  readonly far?: BegunFar
}

/** A tar on its way. Written piece after piece; then `finish`, or `leave`. */
export class ExportPart {
  readonly path: string
  readonly #parts: PartParts
  readonly #noteIdentity: FileIdentity | undefined
  /** Of all bytes so far. */
  #sum: number
  /** Since the last mark. */
  #problems: BegunProblem[] = []
  #hasMark: boolean
  /** The last mark: settles when it is durable, or is not to be. */
  #marking: Promise<void> = Promise.resolve()

  constructor(parts: PartParts) {
    const { disk, path, note, far } = parts
    this.#parts = parts
    this.path = path
    this.#noteIdentity = note === undefined ? undefined : disk.look(note)
    this.#sum = far?.sum ?? 0
    this.#hasMark = far !== undefined
  }

  /** Whether marks are of any use. */
  get takesMarks(): boolean {
    return this.#parts.note !== undefined
  }

  /** @throws ClientError `disk-full`, `disk-failed` */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#parts.file.write(bytes)
    if (this.takesMarks) this.#sum = crc32(bytes, this.#sum)
  }

  /** A file that is not whole in it: told again when it is gone on with. */
  problem(problem: BegunProblem): void {
    this.#problems.push(problem)
  }

  /**
   * From here it can be gone on with, once the disk has all that was written: that goes on while more is written, and is over before the next mark, and
   * before the end. @throws ClientError of the mark before this one: `disk-full`, `disk-failed`; `archive-busy` where another process has it
   */
  async mark(mark: ExportMark): Promise<void> {
    const { file, note } = this.#parts
    if (note === undefined) return
    if (mark.tarBytes !== file.sizeBytes) throw new RangeError('a mark where an export is not')
    const line = encodeFar({ mark, sum: this.#sum, problems: this.#problems })
    this.#problems = []
    await this.#marking
    this.#marking = this.#noted(note, line)
    // Whoever comes next is told.
    this.#marking.catch(() => undefined)
  }

  async #noted(note: string, line: string): Promise<void> {
    const { file, disk } = this.#parts
    await file.flush()
    this.#assertHeld()
    await disk.append(note, line)
    this.#hasMark = true
  }

  /** It is whole: gives it the name of its place. @throws as `mark` */
  async finish(): Promise<void> {
    const { file, disk, path, out, note } = this.#parts
    await this.#marking
    await file.flush()
    this.#assertHeld()
    disk.move(path, out)
    file.close()
    try {
      if (note !== undefined) disk.remove(note)
    } catch {
      // It speaks of a part that is not there, which the next export takes for nothing.
    }
  }

  /** It is not whole, for now. Whether it stays, to be gone on with. */
  async leave(error: unknown): Promise<boolean> {
    const { file, disk, path, note } = this.#parts
    // No file is closed under a flush.
    await this.#marking.catch(() => undefined)
    try {
      if (!this.#isHeld()) return false
      if (this.#hasMark && mayGoOn(error)) return true
      disk.remove(path)
      if (note !== undefined) disk.remove(note)
      return false
    } finally {
      file.close()
    }
  }

  #assertHeld(): void {
    if (this.#isHeld()) return
    const { out } = this.#parts
    throw new ClientError('archive-busy', 'another process has what is being written', {
      data: { path: out },
    })
  }

  /** Whether the names are still those of what was written here. */
  #isHeld(): boolean {
    const { file, disk, path, note } = this.#parts
    if (!isSameFile(disk.look(path), file.identity)) return false
    return note === undefined || isSameFile(disk.look(note), this.#noteIdentity)
  }
}

function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino
}

/** Not after a fault of ours or of the disk, which would meet it again; nor of what is not to be had any more. */
function mayGoOn(error: unknown): boolean {
  return (
    error instanceof ClientError && !['disk-failed', 'history-gone', 'moment-unknown'].includes(error.code)
  )
}
