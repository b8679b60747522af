// `grenier export`: the whole vault as it stands at the relay, decrypted, as a tar: a file that is whole or not there, or standard output.
import { existsSync, openSync, closeSync, statSync, write as writeSome } from 'node:fs'
import type { Encrypter } from 'age-encryption'
import { sinkFault } from '../archive/archive-file.ts'
import type { FolderEvent } from '../engine/events.ts'
import type { HistoryAnswer, HistoryRow, Moment } from '../engine/history-query.ts'
import type { Platform } from '../engine/platform.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { youngCollector } from '../young-garbage.ts'
import { ageOf, wrappedSink, type AgeFlags } from './age-wrap.ts'
import type { BegunFar, BegunProblem } from './begun-export.ts'
import {
  noteOf,
  partAlone,
  partOf,
  takePart,
  whyNotOn,
  type ExportPart,
  type PartLack,
  type TakenPart,
} from './export-part.ts'
import { whileLocked } from './file-lock.ts'
import type { Catalogue } from './catalogue.ts'
import { eventLine } from './folder-lines.ts'
import { FolderReport } from './folder-report.ts'
import { askedFolder, askHistory, endHistory, type Asked } from './history.ts'
import type { Invocation } from './invocation.ts'
import { leftOutText } from './lost-lines.ts'
import { parseMoment } from './moments.ts'
import { askedForMarks } from './older-holder.ts'
import { realPartDisk } from './part-disk.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { exportPool, frugal } from './real-platform.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'
import { canAsk, isYes } from './yes-or-no.ts'

/** Writes the archive. @throws ClientError */
export async function exportFolder(
  invocation: Invocation,
  folder: string,
  flags: AgeFlags & { readonly out: string; readonly at?: string | undefined },
): Promise<ExitCode> {
  const startMs = performance.now()
  const { output } = invocation
  const { out, at } = flags
  const moment = at === undefined ? undefined : parseMoment(at, Date.now())
  if (out === '-') output.giveStdoutAway()
  const age = await ageOf(flags, output.words.askAgePassphrase({}))
  const asked = askedFolder(invocation, folder)
  if (out !== '-') await refuseOverwriting(invocation, out)
  const report = new FolderReport(output, new RunProgress(output), asked.place)
  const exported = { invocation, asked, moment, at, age, report }
  try {
    const answer =
      out === '-'
        ? await exportTo(exported, { write: asPromised(toStandardOutput) })
        : await exportFile(exported, out)
    output.progressDone()
    if (out !== '-') tell(invocation, out, answer)
    tellTroubles(invocation, answer)
    return endHistory(invocation, asked, { answer, startMs })
  } finally {
    output.progressDone()
    report.end()
  }
}

function tell({ output }: Invocation, out: string, { files, bytes }: HistoryAnswer): void {
  const { words, language } = output
  output.result(
    words.exportDone({
      count: files,
      files: formatCount(files, language),
      bytes: formatBytes(bytes, language),
      path: printable(out),
    }),
  )
}

function tellTroubles({ output }: Invocation, { problems: count }: HistoryAnswer): void {
  const files = formatCount(count, output.language)
  if (count > 0) output.note(output.words.exportTroubles({ count, files }))
}

/** A file that could not be had, or not as a whole. */
function tellLost(
  { output }: Invocation,
  { place }: Asked,
  { row, ...problem }: Extract<HistoryRow, { row: 'problem' }>,
): void {
  output.line(eventLine(place, { event: row, ...problem }))
  const said = leftOutText(output.words, problem)
  if (said !== undefined) output.note(said)
}

/** A file that is there is replaced only when somebody said so. @throws ClientError `usage`, `interrupted` */
async function refuseOverwriting({ output, yes }: Invocation, out: string): Promise<void> {
  if (yes || !existsSync(out) || !statSync(out).isFile()) return
  if (!canAsk()) throw usageError('yes-needed', out)
  if (!(await isYes(output, output.words.askOverwrite({ path: printable(out) }))))
    throw new ClientError('interrupted', 'not wanted')
}

/** What is written; as of when, undefined for now; and how it is wrapped. */
interface Exported {
  readonly invocation: Invocation
  readonly asked: Asked
  readonly moment: Moment | undefined
  /** The moment as it was said. */
  readonly at: string | undefined
  readonly age: Encrypter | undefined
  readonly report: FolderReport
}

/** Beside its place first, 0600, and renamed when it is whole: it holds everything in clear. */
async function exportFile(from: Exported, out: string): Promise<HistoryAnswer> {
  // A pipe or a device has no beside.
  if (existsSync(out) && !statSync(out).isFile()) return await exportIntoStream(from, out)
  return await whileLocked(from.invocation, out, async (noLock) => {
    const taken = await takenPart(from, out, noLock)
    tellTaken(from.invocation, out, taken)
    try {
      return await exportIntoPart(from, taken)
    } catch (error) {
      const why = whyNotOn(taken, error)
      if (why === undefined) throw error
      // It was left, and nothing of it lies there any more.
      const anew = { ...(await takenPart(from, out, noLock)), anew: why }
      tellTaken(from.invocation, out, anew)
      return await exportIntoPart(from, anew)
    }
  })
}

async function takenPart(
  { invocation, asked, at, age }: Exported,
  out: string,
  noLock: PartLack | undefined,
): Promise<TakenPart> {
  const { output, interrupt } = invocation
  const reads = (sizeBytes: number): void => {
    const bytes = formatBytes(sizeBytes, output.language)
    output.note(output.words.exportReads({ bytes, path: printable(partOf(out)) }))
  }
  const place = { out, disk: realPartDisk, nowMs: Date.now(), signal: interrupt.signal, reads }
  const what = { vault: asked.record.vault, at: at ?? null, wrapped: age !== undefined }
  try {
    return noLock === undefined ? await takePart(place, what) : { part: partAlone(place), alone: noLock }
  } catch (cause) {
    throw cause instanceof ClientError ? cause : usageError('file-unwritable', out, cause)
  }
}

async function exportIntoPart(from: Exported, { part, far }: TakenPart): Promise<HistoryAnswer> {
  const { output } = from.invocation
  try {
    const answer = await exportTo(from, { write: (bytes) => part.write(bytes), part, far })
    await part.finish()
    return answer
  } catch (error) {
    const left = await part.leave(error)
    if (left === undefined) throw goneForNothing(error)
    const [{ words }, path] = [output, printable(part.path)]
    output.progressDone()
    output.note(left === 'whole' ? words.exportUnnamed({ path }) : words.exportKept({ path }))
    throw error
  }
}

/** Stopped, and nothing is left from which the next one could go on. */
function goneForNothing(error: unknown): unknown {
  if (!(error instanceof ClientError) || error.code !== 'interrupted') return error
  return new ClientError('interrupted', error.message, {
    cause: error,
    data: { ...error.data, what: 'export' },
  })
}

function tellTaken({ output }: Invocation, out: string, { far, anew, alone }: TakenPart): void {
  const { words, language } = output
  const path = printable(partOf(out))
  if (alone !== undefined)
    output.note(words.exportAlone({ path: printable(alone.path), reason: reasonOf(words, alone) }))
  if (anew !== undefined) output.note(words.exportAnew({ path, why: words.begunAnew[anew] }))
  if (far === undefined) return
  const { tarBytes, sequence } = far.mark
  output.note(words.sealedGoesOn({ path }))
  const note = printable(noteOf(out))
  output.note(words.exportAsOf({ bytes: formatBytes(tarBytes, language), sequence, path, note }))
}

/** In the system's own words, as far as it has any. */
function reasonOf(words: Catalogue, { cause }: PartLack): string {
  if (!(cause instanceof Error)) return words.exportNotOurs({})
  let said = cause
  while (said.cause instanceof Error) said = said.cause
  return printable(said.message)
}

async function exportIntoStream(from: Exported, out: string): Promise<HistoryAnswer> {
  const handle = openForWriting(out)
  try {
    return await exportTo(from, { write: asPromised((piece, done) => write(handle, piece, done)) })
  } finally {
    closeSync(handle)
  }
}

function openForWriting(out: string): number {
  try {
    return openSync(out, 'w')
  } catch (cause) {
    throw usageError('file-unwritable', out, cause)
  }
}

type Write = (piece: Uint8Array, done: (error?: Error | null) => void) => void

function asPromised(write: Write): (piece: Uint8Array) => Promise<void> {
  return (piece) =>
    new Promise((resolve, reject) => {
      write(piece, (cause) => {
        if (cause) reject(sinkFault(cause))
        else resolve()
      })
    })
}

/** Where the bytes go. `part`: told from where it can be gone on with. `far`: from where it is gone on with. */
interface Target {
  readonly write: (bytes: Uint8Array) => Promise<void>
  readonly part?: ExportPart | undefined
  readonly far?: BegunFar | undefined
}

/** What went through is collected as often: of a running device it comes over a socket, as text. */
const collectBytes = 2 << 20

/** Hands the archive on, piece by piece. When that fails the export is given up: nobody waits for the rest of it. */
async function exportTo(from: Exported, target: Target): Promise<HistoryAnswer> {
  const { invocation, asked, moment, age } = from
  const { write: written, part, far } = target
  const sink = age === undefined ? undefined : await wrappedSink(age, written)
  const collect = youngCollector(collectBytes)
  const rows = new ExportRows(from, target)
  const take = async (row: HistoryRow): Promise<void> => {
    if (row.row === 'bytes') {
      await (sink === undefined ? written(row.bytes) : sink.write(row.bytes))
      collect(row.bytes.length)
    } else await rows.take(row)
  }
  const marks = age === undefined && part?.takesMarks === true ? { marks: true } : {}
  const begun = far === undefined ? {} : { from: far.mark }
  const query = { do: 'export' as const, ...(moment && { moment }), ...marks, ...begun }
  const pool = exportPool()
  const platform = (): Platform => frugal(invocation.platform(), pool)
  try {
    const on = { ...invocation, platform }
    const answer = await askedForMarks(query, (asking) => askHistory(on, asked, { query: asking, take }))
    await sink?.end()
    return { ...answer, problems: answer.problems + (far?.problems.length ?? 0) }
  } catch (error) {
    // What is under way to the file is over before the file is closed.
    await sink?.giveUp(error)
    throw error
  } finally {
    await pool.close()
  }
}

/** What comes besides the bytes. */
class ExportRows {
  readonly #exported: Exported
  readonly #target: Target
  /** Told before, of what is gone on with: told again when that is sure. */
  #before: readonly BegunProblem[]

  constructor(exported: Exported, target: Target) {
    this.#exported = exported
    this.#target = target
    this.#before = target.far?.problems ?? []
  }

  async take(row: HistoryRow): Promise<void> {
    const { invocation, asked, report } = this.#exported
    for (const problem of this.#before) tellLost(invocation, asked, problem)
    this.#before = []
    if (row.row === 'progress') report.take(progressEvent(row))
    else if (row.row === 'mark') await this.#target.part?.mark(row.mark)
    else if (row.row === 'problem') {
      this.#target.part?.problem(row)
      tellLost(invocation, asked, row)
    }
  }
}

function progressEvent({ row, ...progress }: Extract<HistoryRow, { row: 'progress' }>): FolderEvent {
  return { event: row, ...progress }
}

function toStandardOutput(piece: Uint8Array, done: (error?: Error | null) => void): void {
  process.stdout.write(piece, done)
}

/** All of a piece, however little the system takes at once. */
function write(handle: number, piece: Uint8Array, done: (error?: Error | null) => void): void {
  writeSome(handle, piece, (error, bytes) => {
    if (error || bytes === piece.length) done(error)
    else write(handle, piece.subarray(bytes), done)
  })
}
