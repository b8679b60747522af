// `grenier export --sealed`: packs and log as they lie at the relay, in one file that the 24 words open. Goes on with a file that was begun, and
// brings one that is whole up to date.
import { existsSync, realpathSync, renameSync } from 'node:fs'
import { fromHex, toHex } from '@grenier/crypto'
import { ArchiveFile, sinkFault, type ArchiveSink } from '../archive/archive-file.ts'
import { encodeFront, frontBytes } from '../archive/archive-record.ts'
import { scanArchive } from '../archive/archive-scan.ts'
import { ArchiveWriter } from '../archive/archive-writer.ts'
import { runSealedExport, type SealedExportResult } from '../engine/sealed-export-run.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { knownVault } from './folder-argument.ts'
import { summaryLine } from './folder-lines.ts'
import { whileLocked } from './file-lock.ts'
import { FolderReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { knownHead } from './known-head.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'

/** Writes the archive. @throws ClientError */
export async function exportSealedFolder(
  invocation: Invocation,
  folder: string,
  { out }: { out: string },
): Promise<ExitCode> {
  const { output, homeDirectory, interrupt } = invocation
  if (out === '-') output.giveStdoutAway()
  const home = openHome(homeDirectory)
  const record = knownVault(home, folder)
  const place = { folder: record.path, vault: record.vault }
  output.concern(place)
  const known = await knownHead(invocation, home, record)
  const report = new FolderReport(output, new RunProgress(output), place)
  const context = { home, platform: invocation.platform(), report: report.take, signal: interrupt.signal }
  let result: SealedExportResult
  try {
    const write = (writer: ArchiveWriter): Promise<SealedExportResult> =>
      runSealedExport(context, { record, known, writer })
    result =
      out === '-'
        ? await write(await ArchiveWriter.begin(standardOutput(), fromHex(record.vault)))
        : await whileLocked(invocation, existsSync(out) ? realpathSync(out) : out, () =>
            intoFile(invocation, { out, vault: fromHex(record.vault) }, write),
          )
  } finally {
    output.progressDone()
    report.end()
  }
  return told(invocation, { out, place }, result)
}

function told(
  { output }: Invocation,
  { out, place }: { out: string; place: { folder: string; vault: string } },
  { summary, entries, packs, lacking }: SealedExportResult,
): ExitCode {
  const { words, language } = output
  for (const pack of lacking) {
    output.line({ event: 'problem', ...place, path: '', code: 'pack-unavailable', pack: toHex(pack) })
    output.note(words.sealedLacking({ pack: toHex(pack) }))
  }
  output.result(
    words.sealedDone({
      count: entries,
      entries: formatCount(entries, language),
      packCount: packs - lacking.length,
      packs: formatCount(packs - lacking.length, language),
      bytes: formatBytes(summary.bytes, language),
      path: out === '-' ? '-' : printable(out),
    }),
  )
  const exitCode = lacking.length > 0 ? 3 : 0
  // What it holds is sealed: how many files that is nobody has looked.
  const counts = { ...summary, files: undefined, problems: lacking.length }
  output.line({ ...summaryLine(place, counts, exitCode), entries, packs })
  output.line({ ...summaryLine(undefined, counts, exitCode), entries, packs })
  return exitCode
}

/** A new archive lies beside its place until it is whole; one that is whole is added to where it lies, and is readable all the while. */
async function intoFile<T>(
  { output }: Invocation,
  { out, vault }: { readonly out: string; readonly vault: Uint8Array },
  write: (writer: ArchiveWriter) => Promise<T>,
): Promise<T> {
  const part = `${out}.part`
  const path = existsSync(out) ? out : part
  const isNew = !existsSync(path)
  const file = openFile(path, isNew ? 'make' : 'write')
  try {
    if (!isNew) output.note(output.words.sealedGoesOn({ path: printable(path) }))
    const result = await write(await writerOn(file, vault))
    if (path === part) renameSync(part, out)
    return result
  } finally {
    file.close()
  }
}

/** @throws ClientError `archive-foreign` for a file that is another archive, or none */
async function writerOn(file: ArchiveFile, vault: Uint8Array): Promise<ArchiveWriter> {
  if (file.sizeBytes < frontBytes && (await isOurFront(file, vault))) file.cut(0)
  if (file.sizeBytes === 0) return await ArchiveWriter.begin(alone(file), vault)
  const scan = await scanArchive(file, { packs: true })
  const isOurs = scan.vault instanceof Uint8Array && Buffer.compare(scan.vault, vault) === 0
  if (!isOurs) throw new ClientError('archive-foreign', 'the file is no archive of this vault')
  return ArchiveWriter.goOn(cutWhenWritten(file, scan.offset), scan)
}

/** Until there is something to write the archive stays as it is, index and end with it: the relay may be out of reach. */
function cutWhenWritten(file: ArchiveFile, sizeBytes: number): ArchiveSink {
  let isCut = false
  return {
    async write(bytes) {
      assertAlone(file)
      if (!isCut) file.cut(sizeBytes)
      isCut = true
      await file.write(bytes)
    },
    flush: () => file.flush(),
  }
}

function alone(file: ArchiveFile): ArchiveSink {
  return cutWhenWritten(file, 0)
}

/** Where another home writes the same file, no lock tells. @throws ClientError `archive-busy` */
function assertAlone(file: ArchiveFile): void {
  if (!file.isAsWritten) throw new ClientError('archive-busy', 'another process writes this file')
}

/** Cut off within the front: nothing else is in it. */
async function isOurFront(file: ArchiveFile, vault: Uint8Array): Promise<boolean> {
  const there = await file.read(0, frontBytes)
  return Buffer.compare(there, encodeFront(vault).subarray(0, there.length)) === 0
}

function openFile(path: string, how: 'make' | 'write'): ArchiveFile {
  try {
    return ArchiveFile.open(path, how)
  } catch (cause) {
    throw usageError('file-unwritable', path, cause)
  }
}

function standardOutput(): ArchiveSink {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        process.stdout.write(bytes, (cause) => {
          if (cause) reject(sinkFault(cause))
          else resolve()
        })
      }),
    flush: () => Promise.resolve(),
  }
}
