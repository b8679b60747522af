// Asks the history of a vault, of the running `sync` where one holds its folder, else of the state and the relay; and how commands that do so end.
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve, sep } from 'node:path'
import type { EngineContext } from '../engine/api.ts'
import type { HistoryAnswer, HistoryQuery, TakeRow } from '../engine/history-query.ts'
import { openHistory } from '../engine/open-history.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import { openingKey, type FolderRecord, type Home } from '../home/home.ts'
import { atHolder, withEngine } from './at-holder.ts'
import { knownVault, realFolder } from './folder-argument.ts'
import { summaryLine, type Place } from './folder-lines.ts'
import type { Invocation } from './invocation.ts'
import { formatExact } from './moments.ts'
import { onceFree } from './open-own-folder.ts'
import { usageError } from './usage-error.ts'
import { isoTime } from './quantities.ts'

/** Whose history. */
export interface Asked {
  readonly home: Home
  readonly record: FolderRecord
  readonly place: Place & { readonly vault: string }
}

/** The folder that is meant; the only one there is, where none was named. @throws ClientError `folder-unknown`, `name-ambiguous`, `usage` */
export function askedFolder({ output, homeDirectory }: Invocation, folder: string | undefined): Asked {
  const home = openHome(homeDirectory)
  const [only, ...others] = home.folders
  if (folder === undefined && (only === undefined || others.length > 0))
    throw usageError('argument-missing', output.words.value.folder)
  const record = folder === undefined && only !== undefined ? only : knownVault(home, folder ?? '')
  const place = { folder: record.path, vault: record.vault }
  output.concern(place)
  return { home, record, place }
}

/** Asks, and hands the rows on as they come. @throws ClientError */
export async function askHistory(
  invocation: Invocation,
  { home, record }: Asked,
  { query, take }: { readonly query: HistoryQuery; readonly take: TakeRow },
): Promise<HistoryAnswer> {
  const { signal } = invocation.interrupt
  const key = openingKey(record)
  // The source of a backup is never written to.
  if (query.do === 'restore' && record.backup !== undefined) throw usageError('backup-in-place', record.name)
  const context = (): EngineContext => {
    return { home, platform: invocation.platform(), report: () => undefined, signal }
  }
  return await atHolder(home, key, {
    ask: (holder) => holder.history({ path: record.path, query }, { take, signal }),
    here: async () => {
      // In place the folder itself is at work.
      if (query.do === 'restore') {
        const on = { invocation, home, path: key, context: context() }
        return await withEngine(on, (engine) => engine.history(query, take))
      }
      const opened = await onceFree(home, key, () => openHistory(context(), key))
      return await opened.history(query, take).finally(() => opened.close())
    },
  })
}

/** A time for people; undefined for one that nobody keeps. */
export function exactTime(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : formatExact(atMs)
}

/** Says how far what was shown can be trusted to be the latest, and ends the lines. Returns the exit code. */
export function endHistory(
  { output }: Invocation,
  { place }: Asked,
  { answer, startMs }: { readonly answer: HistoryAnswer; readonly startMs: number },
): ExitCode {
  const { sequence, atMs, online, ...counts } = answer
  if (!online) output.note(output.words.historyOffline({ until: exactTime(atMs) }))
  const exitCode = answer.problems > 0 ? 3 : 0
  const durationMs = Math.round(performance.now() - startMs)
  const summed = { ...counts, conflicts: 0, durationMs }
  const at = atMs === undefined ? null : isoTime(atMs)
  output.line({ ...summaryLine(place, summed, exitCode), seq: sequence, at, online })
  output.line(summaryLine(undefined, summed, exitCode))
  return exitCode
}

/** A directory to write to, made if it is not there; none that is synced, nor the source of a backup. @throws ClientError `usage`, `folder-unusable` */
export function directoryOutside(home: Home, text: string): string {
  const path = resolve(text)
  const real = realNearest(path)
  const isWithin = (inner: string, outer: string): boolean =>
    inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep)
  if (home.folders.some((folder) => isWithin(real, folder.path))) throw usageError('into-synced', path)
  const sources = home.backups.filter(({ backup }) => backup?.from === 'folder')
  if (sources.some((source) => realNearest(source.path) === real)) throw usageError('into-source', path)
  try {
    mkdirSync(path, { recursive: true })
  } catch (cause) {
    throw new ClientError('folder-unusable', 'cannot be made', { cause, data: { path } })
  }
  return realFolder(path)
}

/** The path as it really lies, as far as it is there. */
function realNearest(path: string): string {
  if (existsSync(path)) return realFolder(path)
  const parent = dirname(path)
  return parent === path
    ? path
    : resolve(realNearest(parent), path.slice(parent.length).replace(/^[/\\]+/, ''))
}
