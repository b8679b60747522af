// How the last run of a backup ended, for `status`: a small file beside the state, a convenience that may be lost.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as v from 'valibot'
import type { Home } from '../home/home.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const schema = v.object({ version: v.literal(1), atMs: count, exitCode: count })

/** `atMs`: when it ended, since 1970, by this device's clock. */
export interface LastBackup {
  readonly atMs: number
  readonly exitCode: number
}

/** Writes it down, whole; fails in silence, as nothing depends on it. */
export function keepLastBackup(home: Home, vault: string, { atMs, exitCode }: LastBackup): void {
  const path = lastBackupFile(home, vault)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(`${path}.new`, JSON.stringify({ version: 1, atMs, exitCode }), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch {
    rmSync(`${path}.new`, { force: true })
  }
}

/** What was written down, if it is there and can be read. */
export function lastBackup(home: Home, vault: string): LastBackup | undefined {
  try {
    const { atMs, exitCode } = v.parse(schema, JSON.parse(readFileSync(lastBackupFile(home, vault), 'utf8')))
    return { atMs, exitCode }
  } catch {
    return undefined
  }
}

/** Removes it with its backup. */
export function forgetLastBackup(home: Home, vault: string): void {
  rmSync(lastBackupFile(home, vault), { force: true })
}

function lastBackupFile(home: Home, vault: string): string {
  return `${home.stateDirectory(vault)}.last-backup.json`
}
