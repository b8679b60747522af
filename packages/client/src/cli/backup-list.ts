// `grenier backup list`: what this device backs up, and the versions there are.
import { backupVersions } from '../engine/open-backup.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { knownBackup } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { formatExact } from './moments.ts'
import { onceFree } from './open-own-folder.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount, isoTime } from './quantities.ts'

/** Lists. `vault`: one alone. @throws ClientError */
export async function backupList(
  invocation: Invocation,
  { vault }: { readonly vault?: string | undefined },
): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const startMs = performance.now()
  const home = openHome(homeDirectory)
  const records = vault === undefined ? home.backups : [knownBackup(home, vault)]
  if (records.length === 0) output.result(output.words.backupNone({}))
  for (const record of records) await tell(invocation, home, record)
  const durationMs = Math.round(performance.now() - startMs)
  output.line({
    event: 'summary',
    backups: records.length,
    conflicts: 0,
    problems: 0,
    durationMs,
    exitCode: 0,
  })
  return 0
}

async function tell(invocation: Invocation, home: Home, record: FolderRecord): Promise<void> {
  const { output } = invocation
  const { words, language } = output
  const { path, vault, name, relay, backup } = record
  const { allMs, ...counts } = backup?.keep ?? {}
  const place = { folder: path, vault }
  const platform = invocation.platform()
  const versions = await onceFree(home, vault, () => backupVersions({ home, platform }, vault))
  const keep = { ms: allMs ?? null, ...counts }
  const from = backup?.from ?? 'folder'
  output.line({ event: 'backup', ...place, name, relay, from, keep, versions: versions.length })
  output.result(words.backupListed({ name: printable(name), path: printable(path) }))
  for (const { sequence, atMs, files, bytes, problems } of versions) {
    const at = isoTime(atMs)
    output.line({ event: 'version', ...place, seq: sequence, at, files, bytes, problems })
    const count = formatCount(files, language)
    const text = { when: formatExact(atMs), sequence, count: files, files: count, problems }
    output.result(words.backupListedVersion({ ...text, bytes: formatBytes(bytes, language) }))
  }
}
