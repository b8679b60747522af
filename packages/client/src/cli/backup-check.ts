// `grenier backup check`: restores a sample of each backup from the relay, and compares it with the source where that has not changed since.
import { randomInt } from 'node:crypto'
import { checkBackup, type Checked } from '../engine/backup-check.ts'
import { openHistory } from '../engine/open-history.ts'
import { type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { openingKey, type FolderRecord } from '../home/home.ts'
import { eventLine, eventText } from './folder-lines.ts'
import { isFolder, knownBackup } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { onceFree } from './open-own-folder.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { parseShare } from './verify.ts'

const sampleDefault = '5%'
/** Of how many parts a share is made. */
const parts = 1_000_000

/** Checks. `vault`: one alone. @throws ClientError */
export async function backupCheck(
  invocation: Invocation,
  { vault, sample }: { readonly vault?: string | undefined; readonly sample?: string | undefined },
): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const startMs = performance.now()
  const share = parseShare(sample ?? sampleDefault)
  const home = openHome(homeDirectory)
  const records = vault === undefined ? home.backups : [knownBackup(home, vault)]
  if (records.length === 0) output.result(output.words.backupNone({}))
  const sum = { files: 0, bytes: 0, problems: 0 }
  for (const record of records) {
    const { files, bytes, problems } = await checkOne(invocation, record, share)
    sum.files += files
    sum.bytes += bytes
    sum.problems += problems.length
  }
  const exitCode = sum.problems > 0 ? 3 : 0
  const durationMs = Math.round(performance.now() - startMs)
  output.line({ event: 'summary', ...sum, conflicts: 0, durationMs, exitCode })
  return exitCode
}

async function checkOne(invocation: Invocation, record: FolderRecord, share: number): Promise<Checked> {
  const { output, interrupt } = invocation
  const platform = invocation.platform()
  const home = openHome(invocation.homeDirectory)
  const context = { home, platform, report: () => undefined, signal: interrupt.signal }
  const { path, vault, name } = record
  const place = { folder: path, vault }
  output.concern(place)
  // Of a stream nothing is left to compare with.
  const files = path !== '' && isFolder(path) ? await platform.fileSystem(path) : undefined
  const opened = await onceFree(home, vault, () => openHistory(context, openingKey(record)))
  let isFirst = true
  const isIn = (): boolean => {
    const wasFirst = isFirst
    isFirst = false
    return wasFirst || randomInt(parts) < share * parts
  }
  const checked = await opened
    .tree((tree) => checkBackup({ tree, files, isIn }))
    .finally(() => opened.close())
  for (const problem of checked.problems) {
    const event = { event: 'problem', ...problem } as const
    output.line(eventLine(place, event))
    const said = eventText(output.words, event)
    if (said !== undefined) output.note(said)
  }
  const { compared, problems } = checked
  output.line({ event: 'check', ...place, name, ...checked, problems: problems.length })
  const { words, language } = output
  output.result(
    words.backupChecked({
      name: printable(name),
      count: checked.files,
      files: formatCount(checked.files, language),
      bytes: formatBytes(checked.bytes, language),
      compared: formatCount(compared, language),
      problems: problems.length,
    }),
  )
  return checked
}
