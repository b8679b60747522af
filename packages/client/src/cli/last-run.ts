// What the last run of a folder ended with, for `status` when no sync runs: a small file beside the state, a convenience that may be lost.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as v from 'valibot'
import type { FolderStatus } from '../engine/events.ts'
import type { Home } from '../home/home.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const schema = v.object({
  version: v.literal(1),
  state: v.picklist(['synced', 'syncing', 'paused', 'offline', 'braked', 'halted']),
  conflicts: count,
  problems: count,
  lastContactMs: v.optional(v.number()),
})

/** How a run ended. `lastContactMs`: ms since 1970. */
export interface LastRun extends Pick<FolderStatus, 'state' | 'conflicts' | 'problems'> {
  readonly lastContactMs: number | undefined
}

/** Writes it down, whole; fails in silence, as nothing depends on it. */
export function keepLastRun(home: Home, vault: string, run: LastRun): void {
  const path = lastRunFile(home, vault)
  const { state, conflicts, problems } = run
  // A run that never reached the relay does not unsay when the one before did.
  const lastContactMs = run.lastContactMs ?? lastRun(home, vault)?.lastContactMs
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(`${path}.new`, JSON.stringify({ version: 1, state, conflicts, problems, lastContactMs }), {
      mode: 0o600,
    })
    renameSync(`${path}.new`, path)
  } catch {
    rmSync(`${path}.new`, { force: true })
  }
}

/** What was written down, if it is there and can be read. */
export function lastRun(home: Home, vault: string): LastRun | undefined {
  try {
    const { state, conflicts, problems, lastContactMs } = v.parse(
      schema,
      JSON.parse(readFileSync(lastRunFile(home, vault), 'utf8')),
    )
    return { state, conflicts, problems, lastContactMs }
  } catch {
    return undefined
  }
}

/** Removes it with its folder. */
export function forgetLastRun(home: Home, vault: string): void {
  rmSync(lastRunFile(home, vault), { force: true })
}

function lastRunFile(home: Home, vault: string): string {
  return `${home.stateDirectory(vault)}.last-run.json`
}
