// `grenier backup`: one way, from a folder that is never written to or from standard input, for scripts. Each run is a version. Without `--once` it
// runs again and again; between two runs nothing is held, so that the history can be asked.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { pause } from '../engine/connection.ts'
import { backUp, startBackup, type BackedUp } from '../engine/open-backup.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { afterHook, beforeHook, type Hooks } from './backup-hooks.ts'
import { keepRulesOf, type KeepFlags } from './backup-keep.ts'
import { sourceOf, wantedSource, type SourceFlags, type WantedSource } from './backup-source.ts'
import { isCalled, isSameName } from './called.ts'
import { checkedName } from './device-name.ts'
import { exitCodeOf } from './exit-code.ts'
import { summaryLine, summaryTexts, type Counts } from './folder-lines.ts'
import { FolderReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { keepLastBackup } from './last-backup.ts'
import { printable } from './printable.ts'
import { formatCount, parseDuration } from './quantities.ts'
import { RunProgress } from './run-progress.ts'
import { usageError } from './usage-error.ts'

export interface BackupFlags extends SourceFlags, KeepFlags, Hooks {
  readonly vault?: string | undefined
  readonly once?: boolean | undefined
  readonly every?: string | undefined
}

/** How often it runs without `--once`. */
const everyDefault = '1h'

/** What is asked for, checked. */
interface Asked {
  readonly invocation: Invocation
  readonly flags: BackupFlags
  readonly name: string
  readonly wanted: WantedSource
}

/** @throws ClientError `usage`, `home-missing` */
export async function backup(
  invocation: Invocation,
  directory: string | undefined,
  flags: BackupFlags,
): Promise<ExitCode> {
  const { output, interrupt, platform } = invocation
  if (flags.vault === undefined) throw usageError('argument-missing', `--vault ${output.words.value.name}`)
  const name = checkedName(flags.vault)
  const wanted = wantedSource(openHome(invocation.homeDirectory), directory, flags)
  const everyMs = parseDuration(flags.every ?? everyDefault)
  keepRulesOf(flags, undefined)
  const asked = { invocation, flags, name, wanted }
  for (;;) {
    const exitCode = await runOnce(asked)
    if (flags.once === true || wanted.from === 'stream') return exitCode
    const { clock } = platform()
    output.note(output.words.backupNext({ seconds: String(Math.round(everyMs / 1000)) }))
    await pause({ clock, signal: interrupt.signal }, everyMs).catch(() => undefined)
    if (interrupt.signal.aborted) return interrupt.exitCode ?? 0
  }
}

/** How a run ended. */
interface Ended {
  readonly exitCode: ExitCode
  readonly counts: Counts
  readonly more?: Readonly<Record<string, unknown>>
}

/** One run, with what comes before and after it. Never rejects: how it ended is told. */
async function runOnce(asked: Asked): Promise<ExitCode> {
  const { invocation, wanted } = asked
  const { output } = invocation
  const report = new FolderReport(output, new RunProgress(output), { folder: wanted.path })
  report.showChanges = output.verbose
  output.concern(report.place)
  let ended: Ended
  try {
    ended = await locked(asked, () => withHooks(asked, report))
  } catch (error) {
    ended = failed(invocation, report, error)
  }
  keepExit(asked, ended.exitCode)
  output.line({ ...summaryLine(report.place, ended.counts, ended.exitCode), ...ended.more })
  output.line({ ...summaryLine(undefined, ended.counts, ended.exitCode), ...ended.more })
  return ended.exitCode
}

/** A run that ends before there is a vault leaves nothing to be told of. */
function keepExit({ invocation, name }: Asked, exitCode: ExitCode): void {
  const home = openHome(invocation.homeDirectory)
  const record = home.backups.find((one) => isCalled(one, name))
  if (record !== undefined) keepLastBackup(home, record.vault, { atMs: Date.now(), exitCode })
}

/** A command that failed before stops it all; the one after is told how it went, whatever happened. */
async function withHooks(asked: Asked, report: FolderReport): Promise<Ended> {
  const { invocation, flags, name, wanted } = asked
  const about = { vault: name, source: wanted.path }
  let ended: Ended
  try {
    await beforeHook(invocation, flags, about)
    ended = await run(asked, report)
  } catch (error) {
    ended = failed(invocation, report, error)
  }
  const { exitCode, counts } = ended
  try {
    await afterHook(flags, { ...about, exitCode, problems: counts.problems })
    return ended
  } catch (error) {
    const told = invocation.output.failure(error, report.place)
    return { ...ended, exitCode: exitCode === 0 || exitCode === 3 ? told : exitCode }
  }
}

async function run({ invocation, flags, name, wanted }: Asked, report: FolderReport): Promise<Ended> {
  const { interrupt, platform } = invocation
  const home = openHome(invocation.homeDirectory)
  const { signal } = interrupt
  const context = { home, platform: platform(), report: report.take, signal }
  const source = await sourceOf(context, wanted, flags)
  const record = await recordOf({ invocation, flags, name, wanted }, home)
  report.place = { folder: record.path, vault: record.vault }
  try {
    return finished(invocation, report, await backUp(context, record.vault, source))
  } finally {
    invocation.output.progressDone()
    report.end()
  }
}

/** The backup of this name, begun if there is none. What is to be kept is as it was told last. */
async function recordOf({ invocation, flags, name, wanted }: Asked, home: Home): Promise<FolderRecord> {
  const { output, interrupt, platform } = invocation
  const context = { home, platform: platform(), report: () => undefined, signal: interrupt.signal }
  const known = home.backups.find((one) => isCalled(one, name))
  const keep = keepRulesOf(flags, known?.backup?.keep)
  const { path, from } = wanted
  if (known === undefined) {
    refuseShared(home, name)
    const [relay] = home.relays
    if (home.identity === undefined || relay === undefined)
      throw new ClientError('home-missing', 'a vault needs an account', {
        data: { path: home.directory, what: 'account' },
      })
    const record = await startBackup(context, { path, name, relay, settings: { from, keep } })
    output.note(output.words.backupBegun({ name: printable(name), relay: record.relay }))
    return record
  }
  if (known.backup?.from !== from) throw usageError('backup-kind', name)
  // A source that was moved is looked for where it is now; one that is there still is not mixed up with another.
  if (known.path !== path && existsSync(known.path)) throw usageError('backup-source', known.path)
  const record = { ...known, path, backup: { from, keep } }
  await home.addFolder(record)
  return record
}

/** A backup is called by its name: one that a synced folder has, too, would be asked for in vain. @throws ClientError `name-ambiguous` */
function refuseShared(home: Home, name: string): void {
  const ids = home.folders.filter((folder) => isSameName(folder.name, name)).map(({ vault }) => vault)
  if (ids.length === 0) return
  throw new ClientError('name-ambiguous', 'a synced folder has this name', { data: { ids: ids.join(', ') } })
}

function finished({ output }: Invocation, report: FolderReport, backed: BackedUp): Ended {
  const { summary, version, others, changes } = backed
  const { words, language } = output
  const exitCode = summary.problems > 0 ? 3 : 0
  const at = new Date(version.atMs).toISOString()
  for (const text of summaryTexts(words, language, summary)) output.result(text)
  const { put, move, remove } = changes
  const texts = { put: formatCount(put, language), moved: formatCount(move, language) }
  output.result(
    words.backupVersion({ sequence: version.sequence, ...texts, removed: formatCount(remove, language) }),
  )
  if (others > 0) output.result(words.backupOthers({ count: others, files: formatCount(others, language) }))
  const more = { version: { seq: version.sequence, at }, changes, leftOut: others }
  return { exitCode, counts: summary, more }
}

function failed({ output, interrupt }: Invocation, report: FolderReport, error: unknown): Ended {
  output.progressDone()
  const told = output.failure(error, report.place)
  const isAsked = error instanceof ClientError && error.code === 'interrupted'
  const exitCode = isAsked ? (interrupt.exitCode ?? exitCodeOf(error)) : told
  return { exitCode, counts: report.counts }
}

/** Two at once would only be in each other's way: the second one says so. The lock goes with the process. @throws ClientError `backup-running` */
async function locked<T>({ invocation, name }: Asked, work: () => Promise<T>): Promise<T> {
  const home = openHome(invocation.homeDirectory)
  const id = createHash('sha256').update(name).digest('hex').slice(0, 16)
  const lock = await invocation
    .platform()
    .state(home.stateDirectory(`backup-${id}`))
    .catch((error: unknown) => {
      const isHeld = error instanceof ClientError && error.code === 'home-locked'
      throw isHeld
        ? new ClientError('backup-running', 'another backup of it runs', { data: { name } })
        : error
    })
  try {
    return await work()
  } finally {
    await lock.close()
  }
}
