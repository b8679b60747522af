// The part of `status` that is about backups: the last version of each, and how the last run ended. Read from the state, without the relay.
import { existsSync } from 'node:fs'
import type { BackupVersion } from '../engine/backup-versions.ts'
import { backupVersions } from '../engine/open-backup.ts'
import { ClientError } from '../errors.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import type { Invocation } from './invocation.ts'
import { lastBackup, type LastBackup } from './last-backup.ts'
import { formatExact } from './moments.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount, formatMoment } from './quantities.ts'

/** How a backup stands. `versions`: undefined while a run has its state. */
export interface BackupStanding {
  readonly record: FolderRecord
  readonly versions: readonly BackupVersion[] | undefined
  readonly last: LastBackup | undefined
}

/** Looks, and waits for nothing. @throws ClientError */
export async function backupStanding(
  { platform }: Invocation,
  home: Home,
  record: FolderRecord,
): Promise<BackupStanding> {
  const last = lastBackup(home, record.vault)
  if (!existsSync(home.stateDirectory(record.vault))) return { record, versions: [], last }
  try {
    return { record, versions: await backupVersions({ home, platform: platform() }, record.vault), last }
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'home-locked') throw error
    return { record, versions: undefined, last }
  }
}

/** What `--json` shows. */
export function backupJson({ record, versions, last }: BackupStanding): Record<string, unknown> {
  const { path, vault, name, relay, backup } = record
  const version = versions?.at(-1)
  return {
    path,
    vault,
    name,
    relay,
    from: backup?.from ?? 'folder',
    running: versions === undefined,
    versions: versions?.length ?? null,
    lastVersion: version === undefined ? null : versionJson(version),
    lastRun: last === undefined ? null : { at: new Date(last.atMs).toISOString(), exitCode: last.exitCode },
  }
}

function versionJson({ sequence, atMs, files, bytes, problems }: BackupVersion): Record<string, unknown> {
  return { seq: sequence, at: new Date(atMs).toISOString(), files, bytes, problems }
}

/** What people read. */
export function backupText({ output }: Invocation, { record, versions, last }: BackupStanding): string {
  const { words, language } = output
  const lines = [
    words.statusBackup({
      listed: words.backupListed({ name: printable(record.name), path: printable(record.path) }),
    }),
  ]
  const version = versions?.at(-1)
  if (versions === undefined) lines.push(words.statusBackupRunning({}))
  else if (version === undefined) lines.push(words.statusBackupNone({}))
  else {
    const { sequence, atMs, files, bytes, problems } = version
    const text = {
      when: formatExact(atMs),
      sequence,
      count: files,
      files: formatCount(files, language),
      problems,
    }
    lines.push(words.backupListedVersion({ ...text, bytes: formatBytes(bytes, language) }))
  }
  if (last !== undefined)
    lines.push(words.statusBackupRun({ when: formatMoment(last.atMs, language), code: last.exitCode }))
  return lines.join('\n')
}
