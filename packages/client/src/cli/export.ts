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
import { Writable } from 'node:stream'
import type { Encrypter } from 'age-encryption'
import { inlineWorkerPool } from '../content/worker-pool-inline.ts'
import type { FolderEngine } from '../engine/api.ts'
import type { Summary } from '../engine/events.ts'
import type { Moment } from '../engine/history-query.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { openingKey } from '../home/home.ts'
import { ageOf, wrappedSink, type AgeFlags } from './age-wrap.ts'
import { knownVault } from './folder-argument.ts'
import { summaryLine } from './folder-lines.ts'
import { FolderReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { parseMoment } from './moments.ts'
import { openOwnFolder } from './open-own-folder.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'
import { canAsk, isYes } from './yes-or-no.ts'

/** Writes the archive. @throws ClientError */
export async function exportFolder(
  invocation: Invocation,
  folder: string,
  flags: AgeFlags & { readonly out: string; readonly at?: string | undefined },
): Promise<ExitCode> {
  const { output, homeDirectory, interrupt } = invocation
  const { out, at } = flags
  const moment = at === undefined ? undefined : parseMoment(at, Date.now())
  if (out === '-') output.giveStdoutAway()
  const age = await ageOf(flags, output.words.askAgePassphrase({}))
  const home = openHome(homeDirectory)
  const record = knownVault(home, folder)
  const place = { folder: record.path, vault: record.vault }
  output.concern(place)
  if (out !== '-') await refuseOverwriting(invocation, out)
  const report = new FolderReport(output, new RunProgress(output), place)
  // This thread alone: each more takes 20 MiB, and the tar goes through this one in any case.
  const platform = { ...invocation.platform(), pool: inlineWorkerPool() }
  const context = { home, platform, report: report.take, signal: interrupt.signal }
  const engine = await openOwnFolder({ invocation, home, path: openingKey(record), context })
  let summary: Summary
  try {
    summary =
      out === '-'
        ? await exportTo({ engine, moment, age }, (piece, done) => process.stdout.write(piece, done))
        : await exportFile({ engine, moment, age }, out)
  } finally {
    output.progressDone()
    report.end()
    await engine.close()
  }
  if (out !== '-') tell(invocation, out, summary)
  output.line(summaryLine(place, summary, 0))
  output.line(summaryLine(undefined, summary, 0))
  return 0
}

function tell({ output }: Invocation, out: string, { files, bytes }: Summary): void {
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

/** A file that is there is replaced only when somebody said so. @throws ClientError `usage`, `interrupted` */
async function refuseOverwriting({ output, yes }: Invocation, out: string): Promise<void> {
  if (yes || !existsSync(out) || !statSync(out).isFile()) return
  if (!canAsk()) throw usageError('yes-needed', out)
  if (!(await isYes(output, output.words.askOverwrite({ path: printable(out) }))))
    throw new ClientError('interrupted', 'not wanted')
}

/** What is written; as of when, undefined for now; and how it is wrapped. */
interface Exported {
  readonly engine: FolderEngine
  readonly moment: Moment | undefined
  readonly age: Encrypter | undefined
}

/** Beside its place first, 0600, and renamed when it is whole: it holds everything in clear. */
async function exportFile(from: Exported, out: string): Promise<Summary> {
  // A pipe or a device has no beside.
  const beside = !existsSync(out) || statSync(out).isFile()
  const part = beside ? `${out}.${randomBytes(4).toString('hex')}.part` : out
  const handle = openForWriting(part, out)
  try {
    const summary = await exportTo(from, (piece, done) => write(handle, piece, done))
    if (beside) fsyncSync(handle)
    if (beside) renameSync(part, out)
    return summary
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
async function exportTo({ engine, moment, age }: Exported, write: Write): Promise<Summary> {
  const failed = Promise.withResolvers<never>()
  const written = (piece: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      write(piece, (cause) => {
        if (!cause) {
          resolve()
          return
        }
        failed.reject(sinkFault(cause))
        reject(cause)
      })
    })
  const plain = new Writable({
    // What fails here has been told already, and nobody waits for it any more.
    write: (piece: Uint8Array, _encoding, done) =>
      void written(piece).then(
        () => done(),
        () => undefined,
      ),
  })
  const sink = age === undefined ? plain : await wrappedSink(age, written)
  return await Promise.race([engine.export(sink, moment), failed.promise])
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
