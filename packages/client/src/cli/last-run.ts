// What the last run of a folder ended with, for `status` when no sync runs: a small file beside the state, a convenience that may be lost.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as v from 'valibot'
import type { FolderStatus } from '../engine/events.ts'
import type { Home } from '../home/home.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const schema = v.object({
  version: v.literal(1),
  state: v.picklist(['synced', 'syncing', 'paused', 'offline', 'braked', 'halted', 'revoked']),
  conflicts: count,
  problems: count,
  lastContactMs: v.optional(v.number()),
  halt: v.optional(
    v.object({
      code: v.string(),
      sinceMs: v.number(),
      data: v.record(v.string(), v.union([v.string(), v.number()])),
    }),
  ),
})

/** Why a folder stands still, since when, with what the error had to say (`evidence`: the file that shows it). */
export interface Halt {
  readonly code: string
  readonly sinceMs: number
  readonly data: Readonly<Record<string, string | number>>
}

/** How a run ended. `lastContactMs`: ms since 1970. */
export interface LastRun extends Pick<FolderStatus, 'state' | 'conflicts' | 'problems'> {
  readonly lastContactMs: number | undefined
  readonly halt?: Halt | undefined
}

/** Writes it down, whole; fails in silence, as nothing depends on it. */
export function keepLastRun(home: Home, vault: string, run: LastRun): void {
  const path = lastRunFile(home, vault)
  const { state, conflicts, problems } = run
  // A run that never reached the relay does not unsay when the one before did.
  const before = lastRun(home, vault)
  const lastContactMs = run.lastContactMs ?? before?.lastContactMs
  // The same halt again is one that began before.
  const sinceMs = before?.halt?.code === run.halt?.code ? before?.halt?.sinceMs : undefined
  const halt = run.halt && { ...run.halt, sinceMs: sinceMs ?? run.halt.sinceMs }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(
      `${path}.new`,
      JSON.stringify({ version: 1, state, conflicts, problems, lastContactMs, halt }),
      {
        mode: 0o600,
      },
    )
    renameSync(`${path}.new`, path)
  } catch {
    rmSync(`${path}.new`, { force: true })
  }
}

/** What was written down, if it is there and can be read. */
export function lastRun(home: Home, vault: string): LastRun | undefined {
  try {
    const { state, conflicts, problems, lastContactMs, halt } = v.parse(
      schema,
      JSON.parse(readFileSync(lastRunFile(home, vault), 'utf8')),
    )
    return { state, conflicts, problems, lastContactMs, halt }
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
