// `grenier import`: a sealed export becomes a vault at a relay again, with all its history. Goes on where one was cut off.
import { toHex } from '@grenier/crypto'
import { ArchiveFile } from '../archive/archive-file.ts'
import { ArchiveReader } from '../archive/archive-reader.ts'
import { importArchive, type Imported } from '../engine/import-archive.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { deletionText, summaryLine } from './folder-lines.ts'
import { FolderReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { relayText } from './relay-text.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'

/** Puts it onto the relay that is named, or the one of this home. @throws ClientError */
export async function importFile(
  invocation: Invocation,
  file: string,
  flags: { readonly relay?: string | undefined },
): Promise<ExitCode> {
  const { output, interrupt } = invocation
  const home = openHome(invocation.homeDirectory)
  const relay = relayOf(home, flags.relay)
  const archive = openFile(file)
  const report = new FolderReport(output, new RunProgress(output), { folder: '' })
  const context = { home, platform: invocation.platform(), report: report.take, signal: interrupt.signal }
  try {
    const reader = await ArchiveReader.open(archive)
    return told(invocation, relay, await importArchive(context, { reader, relay }))
  } catch (error) {
    if (error instanceof ClientError && error.code === 'archive-broken') tellGap(invocation, error)
    throw error
  } finally {
    output.progressDone()
    report.end()
    archive.close()
  }
}

function relayOf(home: Home, asked: string | undefined): string {
  const [own] = home.relays
  if (home.identity !== undefined && asked !== undefined) return relayText(asked)
  if (home.identity !== undefined && own !== undefined) return own
  throw new ClientError('home-missing', 'a vault needs an account', {
    data: { path: home.directory, what: 'account' },
  })
}

/** Which entry, before the general word on broken archives. */
function tellGap({ output }: Invocation, { data }: ClientError): void {
  if (data['sequence'] === undefined) return
  const [sequence, reason] = [Number(data['sequence']), String(data['reason'])]
  output.line({ event: 'uncertain', sequence, reason })
  // Where not even the first one is there, the general word says it better.
  if (sequence > 0 || reason !== 'lost') output.note(output.words.importGap({ sequence, reason }))
}

function told({ output }: Invocation, relay: string, imported: Imported): ExitCode {
  const { words, language } = output
  const { entries, packs, bytes, lacking, isUnfinished, head, durationMs } = imported
  const vault = toHex(imported.vault)
  for (const pack of lacking) {
    output.line({ event: 'problem', vault, path: '', code: 'pack-unavailable', pack: toHex(pack) })
    output.note(words.importLacking({ pack: toHex(pack) }))
  }
  if (isUnfinished) {
    output.line({ event: 'unfinished', vault })
    output.note(words.importUnfinished({}))
  }
  if (imported.deletion === 'unknown') {
    output.line({ event: 'deletion-unknown', vault })
    output.note(words.importUnasked({ relay }))
  } else if (imported.deletion !== undefined) {
    output.line({ event: 'deletion', vault, ...imported.deletion })
    output.note(deletionText(words, imported.deletion))
  }
  const said = { entries: formatCount(entries, language), packs: formatCount(packs, language) }
  output.result(
    entries + packs === 0
      ? words.importThere({ relay })
      : words.importDone({
          ...said,
          count: entries,
          packCount: packs,
          bytes: formatBytes(bytes, language),
          relay,
        }),
  )
  output.note(words.importAfter({ relay }))
  const exitCode = lacking.length > 0 || isUnfinished ? 3 : 0
  const { bytesSent, bytesReceived } = imported
  const counts = { files: undefined, bytes, bytesSent, bytesReceived, conflicts: 0, durationMs, head }
  const line = summaryLine(undefined, { ...counts, problems: lacking.length }, exitCode)
  output.line({ ...line, vault, relay, entries, packs })
  return exitCode
}

function openFile(path: string): ArchiveFile {
  try {
    return ArchiveFile.open(path, 'read')
  } catch (cause) {
    throw usageError('file-unreadable', path, cause)
  }
}
