// `grenier export`: the whole vault as it stands at the relay, decrypted, as a tar: a file that is whole or not there, or standard output.
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  fsyncSync,
  openSync,
  closeSync,
  renameSync,
  rmSync,
  statSync,
  write as writeSome,
} from 'node:fs'
import type { Encrypter } from 'age-encryption'
import type { FolderEvent } from '../engine/events.ts'
import type { HistoryAnswer, HistoryRow, Moment } from '../engine/history-query.ts'
import type { Platform } from '../engine/platform.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { ageOf, wrappedSink, type AgeFlags } from './age-wrap.ts'
import { eventLine } from './folder-lines.ts'
import { FolderReport } from './folder-report.ts'
import { askedFolder, askHistory, endHistory, type Asked } from './history.ts'
import type { Invocation } from './invocation.ts'
import { leftOutText } from './lost-lines.ts'
import { parseMoment } from './moments.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { frugal } from './real-platform.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'
import { canAsk, isYes } from './yes-or-no.ts'
import { youngCollector } from './young-garbage.ts'

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
  const exported = { invocation, asked, moment, age, report }
  try {
    const answer = out === '-' ? await exportTo(exported, toStandardOutput) : await exportFile(exported, out)
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
  readonly age: Encrypter | undefined
  readonly report: FolderReport
}

/** Beside its place first, 0600, and renamed when it is whole: it holds everything in clear. */
async function exportFile(from: Exported, out: string): Promise<HistoryAnswer> {
  // A pipe or a device has no beside.
  const beside = !existsSync(out) || statSync(out).isFile()
  const part = beside ? `${out}.${randomBytes(4).toString('hex')}.part` : out
  const handle = openForWriting(part, out)
  try {
    const answer = await exportTo(from, (piece, done) => write(handle, piece, done))
    if (beside) fsyncSync(handle)
    if (beside) renameSync(part, out)
    return answer
  } catch (error) {
    if (beside) rmSync(part, { force: true })
    throw error
  } finally {
    closeSync(handle)
  }
}

function openForWriting(part: string, out: string): number {
  try {
    return openSync(part, part === out ? 'w' : 'wx', 0o600)
  } catch (cause) {
    throw usageError('file-unwritable', out, cause)
  }
}

type Write = (piece: Uint8Array, done: (error?: Error | null) => void) => void

/** Hands the archive to `write`, piece by piece. When that fails the export is given up: nobody waits for the rest of it. */
async function exportTo(
  { invocation, asked, moment, age, report }: Exported,
  write: Write,
): Promise<HistoryAnswer> {
  const written = (piece: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      write(piece, (cause) => {
        if (cause) reject(sinkFault(cause))
        else resolve()
      })
    })
  const sink = age === undefined ? undefined : await wrappedSink(age, written)
  const collect = youngCollector()
  const take = async (row: HistoryRow): Promise<void> => {
    if (row.row === 'bytes') {
      await (sink === undefined ? written(row.bytes) : sink.write(row.bytes))
      collect(row.bytes.length)
    } else if (row.row === 'progress') report.take(progressEvent(row))
    else if (row.row === 'problem') tellLost(invocation, asked, row)
  }
  const query = { do: 'export' as const, ...(moment === undefined ? {} : { moment }) }
  const platform = (): Platform => frugal(invocation.platform(), { helped: true })
  try {
    const answer = await askHistory({ ...invocation, platform }, asked, { query, take })
    await sink?.end()
    return answer
  } catch (error) {
    // What is under way to the file is over before the file is closed.
    await sink?.giveUp(error)
    throw error
  }
}

function progressEvent({ row, ...progress }: Extract<HistoryRow, { row: 'progress' }>): FolderEvent {
  return { event: row, ...progress }
}

function toStandardOutput(piece: Uint8Array, done: (error?: Error | null) => void): void {
  process.stdout.write(piece, done)
}

function sinkFault(cause: Error): ClientError {
  const code = 'code' in cause ? String(cause.code) : ''
  if (code === 'ENOSPC') return new ClientError('disk-full', 'no room for the archive', { cause })
  if (code === 'EPIPE') return new ClientError('interrupted', 'nobody reads any more', { cause })
  return new ClientError('disk-failed', 'the archive cannot be written', { cause })
}

/** All of a piece, however little the system takes at once. */
function write(handle: number, piece: Uint8Array, done: (error?: Error | null) => void): void {
  writeSome(handle, piece, (error, bytes) => {
    if (error || bytes === piece.length) done(error)
    else write(handle, piece.subarray(bytes), done)
  })
}
