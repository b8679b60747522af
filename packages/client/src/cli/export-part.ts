// Where a tar lies until it is whole: beside its place, under a name that the next export to that place knows, and beside it what is written down of it. Only what
// this process wrote, or what was found to be just what was written before, is gone on with and gets the name; nothing else that lies there is touched.
import { randomBytes } from 'node:crypto'
import type { FileIdentity } from '../archive/archive-file.ts'
import { exportFormat, type ExportMark } from '../engine/export-mark.ts'
import { ClientError, type ClientErrorCode } from '../errors.ts'
import {
  decodeBegun,
  encodeBegun,
  encodeFar,
  type BegunExport,
  type BegunFar,
  type BegunProblem,
  type BegunWhat,
} from './begun-export.ts'
import { knowsNoGoingOn } from './older-holder.ts'
import { newSumKey, PartSums, summedAnew } from './part-sum.ts'
import type { NoteFile, PartDisk, PartFile } from './part-disk.ts'

/** Left for longer than this, the vault as it stands now is another one than was asked for then: a script that exports each night gets what is of this night. */
const oldMs = 20 * 3_600_000

/**
 * Why what lies there is not gone on with. `gone`: its moment is not to be had any more. `lost`: something else is not that going on takes. `old`: left
 * long ago, where now means another moment.
 */
export type BegunAnew = 'other' | 'touched' | 'wrapped' | 'gone' | 'lost' | 'old'

/** What going on would take and is not to be had. `cause`: undefined for what somebody else has there. */
export interface PartLack {
  readonly path: string
  readonly cause?: unknown
}

/** `far`: what it goes on from. `alone`: what keeps it from being gone on with, should it be interrupted. */
export interface TakenPart {
  readonly part: ExportPart
  readonly far?: BegunFar | undefined
  readonly anew?: BegunAnew | undefined
  readonly alone?: PartLack | undefined
}

export interface PartPlace {
  readonly out: string
  readonly disk: PartDisk
  /** Of the clock that files go by. */
  readonly nowMs: number
  readonly signal: AbortSignal
  /** Told how much there is before it is read through. */
  readonly reads?: (sizeBytes: number) => void
}

/** The name of what there is of an export to a place. */
export function partOf(out: string): string {
  return `${out}.grenier-part`
}

/** The name of what is written down of it. */
export function noteOf(out: string): string {
  return `${out}.grenier-mark`
}

/** A part that nobody else knows of, and that nobody goes on with. @throws the system's errors */
export function partAlone({ out, disk }: PartPlace): ExportPart {
  const path = nameAlone(out)
  return new ExportPart({ out, disk, path, file: disk.make(path) })
}

function nameAlone(out: string): string {
  return `${out}.${randomBytes(4).toString('hex')}.part`
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
  if (isForeign || noted?.isOwn === false) return { part: partAlone(place), alone: { path: note } }
  if (there === undefined) return await makePart(place, what)
  if (!there.isOwn) return { part: partAlone(place), alone: { path } }
  const file = disk.open(path)
  if (!isSameFile(file.identity, there)) {
    file.close()
    return { part: partAlone(place), alone: { path } }
  }
  const key = newSumKey()
  const far = begun?.far
  const sum = begun && (await sumOfJust(place, { file, begun, key }).catch(closing(file)))
  const { identity } = file
  if (far !== undefined && sum !== undefined && anew === undefined)
    return await goOn(place, { what, far, file, key, sum })
  file.close()
  // Nothing is lost of an empty one.
  const isOurs = sum !== undefined || isMadeThen(begun?.file, identity) || there.sizeBytes === 0
  if (!isOurs) return { part: partAlone(place), alone: { path } }
  disk.remove(path)
  return await makePart(place, what, anew ?? (far === undefined ? undefined : 'touched'))
}

/** undefined where it is what is asked for. */
function whyAnew(
  { vault, at, wrapped }: BegunWhat,
  begun: BegunExport,
  leftMs: number,
): BegunAnew | undefined {
  if (begun.wrapped && wrapped) return 'wrapped'
  const isSame = begun.vault === vault && begun.at === at && begun.wrapped === wrapped
  if (!isSame || begun.format !== exportFormat || begun.key === undefined) return 'other'
  return !isFixed(at) && leftMs > oldMs ? 'old' : undefined
}

/** Whether the words mean the same moment every day: a sequence number, or a date. */
function isFixed(at: string | null): boolean {
  return at !== null && /^(#?\d+$|\d{4}-)/.test(at.trim())
}

/** The sum, by this key, of its bytes up to the mark; undefined where there is none, or they are not those that were written. */
async function sumOfJust(
  { signal, reads }: PartPlace,
  { file, begun, key }: { readonly file: PartFile; readonly begun: BegunExport; readonly key: string },
): Promise<string | undefined> {
  if (begun.far === undefined || begun.key === undefined) return undefined
  reads?.(begun.far.mark.tarBytes)
  return await summedAnew(file, { sums: begun.far.sums, key: begun.key, newKey: key, signal })
}

function closing(file: PartFile): (error: unknown) => never {
  return (error) => {
    file.close()
    throw error
  }
}

interface GoneOn {
  readonly what: BegunWhat
  readonly far: BegunFar
  readonly file: PartFile
  readonly key: string
  /** Of all up to the mark, by this key. */
  readonly sum: string
}

async function goOn({ out, disk }: PartPlace, { what, far, file, key, sum }: GoneOn): Promise<TakenPart> {
  const path = partOf(out)
  const { mark, problems } = far
  try {
    // It may have come back by a copy.
    file.keepToOwner()
    // Anew, so that whoever else may write that file finds another note than his.
    const begun = encodeBegun({ ...what, key, file: file.identity, far: { mark, sum, problems } })
    const note = await disk.writeWhole(noteOf(out), begun)
    file.cut(mark.tarBytes)
    return { part: new ExportPart({ out, disk, path, file, note, sums: new PartSums(key, 1), far }), far }
  } catch (error) {
    file.close()
    throw error
  }
}

async function makePart(place: PartPlace, what: BegunWhat, anew?: BegunAnew): Promise<TakenPart> {
  const { out, disk } = place
  const path = partOf(out)
  const file = disk.make(path)
  try {
    const key = newSumKey()
    const note = await disk.writeWhole(noteOf(out), encodeBegun({ ...what, key, file: file.identity }))
    return { part: new ExportPart({ out, disk, path, file, note, sums: new PartSums(key) }), anew }
  } catch (error) {
    file.close()
    removed(disk, path)
    // It may have its name and not be durable; what it speaks of is gone.
    if (disk.look(noteOf(out))?.isOwn === true) removed(disk, noteOf(out))
    if (!(error instanceof ClientError) || error.code !== 'disk-failed') throw error
    // A directory in which nothing else may be made, or none that is flushed.
    return { part: partAlone(place), anew, alone: { path: noteOf(out), cause: error } }
  }
}

/** What it is removed for counts. */
function removed(disk: PartDisk, path: string): void {
  try {
    disk.remove(path)
  } catch {
    // It is empty.
  }
}

interface PartParts {
  readonly out: string
  readonly disk: PartDisk
  readonly path: string
  readonly file: PartFile
  readonly note?: NoteFile
  /** Where there is a note. */
  readonly sums?: PartSums
  readonly far?: BegunFar
}

/** A tar on its way. Written piece after piece; then `finish`, or `leave`. */
export class ExportPart {
  readonly #parts: PartParts
  #path: string
  /** Since the last mark. */
  #problems: BegunProblem[] = []
  #hasMark: boolean
  /** How much of what is given in marks is written down. */
  #givenCount: number
  #hasMore = false
  /** All is durable, and only the name is missing. */
  #isWhole = false
  /** The last mark: settles when it is durable, or is not to be. */
  #marking: Promise<void> = Promise.resolve()

  constructor(parts: PartParts) {
    const { path, far } = parts
    this.#parts = parts
    this.#path = path
    this.#hasMark = far !== undefined
    this.#givenCount = far?.mark.given.length ?? 0
  }

  /** Where it lies. */
  get path(): string {
    return this.#path
  }

  /** Whether marks are of any use. */
  get takesMarks(): boolean {
    return this.#parts.note !== undefined
  }

  /** Whether anything came since it was taken. */
  get hasMore(): boolean {
    return this.#hasMore
  }

  /** @throws ClientError `disk-full`, `disk-failed` */
  async write(bytes: Uint8Array): Promise<void> {
    this.#hasMore = true
    await this.#parts.file.write(bytes)
    this.#parts.sums?.add(bytes)
  }

  /** A file that is not whole in it: told again when it is gone on with. */
  problem(problem: BegunProblem): void {
    this.#hasMore = true
    this.#problems.push(problem)
  }

  /**
   * From here it can be gone on with, once the disk has all that was written: that goes on while more is written, and is over before the next mark, and
   * before the end. @throws ClientError of the mark before this one: `disk-full`, `disk-failed`; `archive-busy` where another process has it
   */
  async mark(mark: ExportMark): Promise<void> {
    const { file, note, sums } = this.#parts
    if (note === undefined || sums === undefined) return
    if (mark.tarBytes !== file.sizeBytes) throw new RangeError('a mark where an export is not')
    const given = mark.given.slice(this.#givenCount)
    const line = encodeFar({ mark: { ...mark, given }, sum: sums.end(), problems: this.#problems })
    this.#problems = []
    this.#givenCount += given.length
    this.#hasMore = true
    await this.#marking
    this.#marking = this.#noted(note, line)
    // Whoever comes next is told.
    this.#marking.catch(() => undefined)
  }

  async #noted(note: NoteFile, line: string): Promise<void> {
    await this.#parts.file.flush()
    this.#assertHeld()
    await note.append(line)
    this.#hasMark = true
  }

  /** It is whole: gives it the name of its place. @throws as `mark` */
  async finish(): Promise<void> {
    const { file, disk, path, out, note } = this.#parts
    await this.#marking
    await file.flush()
    this.#assertHeld()
    this.#isWhole = true
    disk.move(path, out)
    try {
      if (note !== undefined) disk.remove(noteOf(out))
    } catch {
      // It speaks of a part that is not there, which the next export takes for nothing.
    } finally {
      this.#close()
    }
  }

  /** It does not get its name, for now. What stays of it: all, so much that it is gone on with, or nothing. Throws nothing: what it ended with counts. */
  async leave(error: unknown): Promise<'whole' | 'begun' | undefined> {
    const { out, disk, path, note } = this.#parts
    // No file is closed under a flush.
    await this.#marking.catch(() => undefined)
    try {
      if (this.#isWhole) return this.#laidAside()
      if (!this.#isHeld()) return undefined
      if (this.#hasMark && mayGoOn(error)) return 'begun'
      disk.remove(path)
      if (note !== undefined) disk.remove(noteOf(out))
    } catch {
      // It lies there as after a crash.
    } finally {
      this.#close()
    }
    return undefined
  }

  /** Where the next export to that place does not take it for a part: that would cut it, or replace it. */
  #laidAside(): 'whole' {
    const { out, disk, path, note } = this.#parts
    const aside = nameAlone(out)
    try {
      if (note !== undefined) {
        disk.move(path, aside)
        this.#path = aside
        disk.remove(noteOf(out))
      }
    } catch {
      // It lies where it was written.
    }
    return 'whole'
  }

  #close(): void {
    this.#parts.file.close()
    this.#parts.note?.close()
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
    const { out, file, disk, path, note } = this.#parts
    if (!isSameFile(disk.look(path), file.identity)) return false
    return note === undefined || isSameFile(disk.look(noteOf(out)), note.identity)
  }
}

function isSameFile(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino
}

/** Whether it is that very file, and not another one that has its number by now. */
function isMadeThen(noted: FileIdentity | undefined, found: FileIdentity): boolean {
  return isSameFile(noted, found) && found.born !== undefined && noted?.born === found.born
}

/** Not after a failing disk or a fault of ours; nor of what is not to be had any more. What else ended it may pass, or this is all that there will be of the vault. */
function mayGoOn(error: unknown): boolean {
  if (!(error instanceof ClientError) || error.code === 'disk-failed') return false
  return !gone.includes(error.code) && !lost.includes(error.code)
}

/** The tree that was begun is not to be had any more. */
const gone: readonly ClientErrorCode[] = ['history-gone', 'moment-unknown']
/** What can end an export that has to have an earlier state, and not one of what is now. */
const lost: readonly ClientErrorCode[] = ['pack-unavailable', 'checkpoint-broken', 'relay-corrupt']

/** Why another one is to be begun in its stead; undefined where that would be no better. */
export function whyNotOn({ part, far }: TakenPart, error: unknown): BegunAnew | undefined {
  if (far === undefined) return undefined
  if (knowsNoGoingOn(error)) return 'lost'
  if (!(error instanceof ClientError)) return undefined
  if (gone.includes(error.code)) return 'gone'
  return lost.includes(error.code) && !part.hasMore ? 'lost' : undefined
}
