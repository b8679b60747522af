// `grenier export`: the whole vault as it stands at the relay, decrypted, as a tar: a file that is whole or not there, or standard output.
import { randomBytes } from 'node:crypto'
import {
  createWriteStream,
  existsSync,
  fsyncSync,
  openSync,
  closeSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { FolderEngine } from '../engine/api.ts'
import type { Summary } from '../engine/events.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { knownFolder } from './folder-argument.ts'
import { summaryLine } from './folder-lines.ts'
import { FolderReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { openOwnFolder } from './open-own-folder.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { RunProgress } from './run-progress.ts'
import { readAnswer } from './standard-input.ts'
import { usageError } from './usage-error.ts'

/** Writes the archive. @throws ClientError */
export async function exportFolder(
  invocation: Invocation,
  folder: string,
  flags: { out: string },
): Promise<ExitCode> {
  const { output, homeDirectory, interrupt } = invocation
  const { out } = flags
  if (out === '-') output.giveStdoutAway()
  const home = openHome(homeDirectory)
  const record = knownFolder(home, folder)
  if (out !== '-') await refuseOverwriting(invocation, out)
  const place = { folder: record.path, vault: record.vault }
  const report = new FolderReport(output, new RunProgress(output), place)
  const context = { home, platform: invocation.platform(), report: report.take, signal: interrupt.signal }
  const engine = await openOwnFolder({ invocation, home, path: record.path, context })
  let summary: Summary
  try {
    summary = out === '-' ? await exportTo(engine, stdoutSink()) : await exportFile(engine, out)
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
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw usageError('yes-needed', out)
  const answer = await readAnswer(output.words.askOverwrite({ path: printable(out) }))
  const first = answer.trim().toLowerCase().charAt(0)
  if (first === '' || !output.words.yesLetters({}).includes(first))
    throw new ClientError('interrupted', 'not wanted')
}

/** Beside its place first, 0600, and renamed when it is whole: it holds everything in clear. */
async function exportFile(engine: FolderEngine, out: string): Promise<Summary> {
  // A pipe or a device has no beside.
  if (existsSync(out) && !statSync(out).isFile()) return await exportTo(engine, createWriteStream(out))
  const part = `${out}.${randomBytes(4).toString('hex')}.part`
  try {
    const summary = await exportTo(engine, createWriteStream(part, { flags: 'wx', mode: 0o600 }))
    flush(part)
    renameSync(part, out)
    return summary
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}

async function exportTo(engine: FolderEngine, sink: Writable): Promise<Summary> {
  const ended = finished(sink)
  // Without a reader of its own, a sink that fails while the engine waits for something else would end the process.
  const failed = ended.then(
    () => new Promise<never>(() => undefined),
    (cause: unknown) => {
      throw sinkFault(cause)
    },
  )
  try {
    const summary = await Promise.race([engine.export(sink), failed])
    await ended
    return summary
  } catch (error) {
    sink.destroy()
    throw error
  }
}

function sinkFault(cause: unknown): ClientError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ENOSPC') return new ClientError('disk-full', 'no room for the archive', { cause })
  if (code === 'EPIPE') return new ClientError('interrupted', 'nobody reads any more', { cause })
  return new ClientError('disk-failed', 'the archive cannot be written', { cause })
}

/** Standard output as a stream that can end: the real one cannot. */
function stdoutSink(): Writable {
  return new Writable({
    write: (piece: Uint8Array, _encoding, done) => void process.stdout.write(piece, done),
  })
}

function flush(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
