// `grenier add`: a folder becomes a vault and is sent. A running `sync` of the same home takes it on; otherwise this process does the work.
import { basename } from 'node:path'
import { addFolder } from '../engine/open-folder.ts'
import { ClientError, type ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { Home } from '../home/home.ts'
import { liveSyncs, type LiveSync } from './control-client.ts'
import { checkedName } from './device-name.ts'
import { existingFolder, realFolder, refuseSynced } from './folder-argument.ts'
import { summaryLine, summaryTexts } from './folder-lines.ts'
import { FolderReport, type PlacedReport } from './folder-report.ts'
import type { Invocation } from './invocation.ts'
import { printable } from './printable.ts'
import { runFolders } from './running-folders.ts'
import { RunProgress } from './run-progress.ts'

interface Adding {
  readonly path: string
  readonly name: string
  readonly relay: string
}

/** Starts a vault; returns when everything is durable at the relay. @throws ClientError */
export async function add(
  invocation: Invocation,
  folder: string,
  flags: { name?: string | undefined },
): Promise<ExitCode> {
  const home = openHome(invocation.homeDirectory)
  invocation.output.concern({ folder: realFolder(folder) })
  const path = existingFolder(home.directory, folder)
  const [relay] = home.relays
  if (home.identity === undefined || relay === undefined) {
    const data = { path: home.directory, what: 'account' }
    throw new ClientError('home-missing', 'a vault needs an account', { data })
  }
  await refuseSynced(invocation.platform(), home, path)
  const adding: Adding = { path, relay, name: vaultName(flags.name, path) }
  const running = (await liveSyncs(home.directory)).find((one) => one.watching)
  return running === undefined
    ? await addHere(invocation, home, adding)
    : await addThere(invocation, running, adding)
}

/** As given, else that of the folder; a folder's name that is no name for people is not taken over. */
function vaultName(asked: string | undefined, path: string): string {
  if (asked !== undefined) return checkedName(asked)
  return printable(basename(path)).trim() || 'vault'
}

async function addHere(invocation: Invocation, home: Home, adding: Adding): Promise<ExitCode> {
  return await runFolders({ invocation, home, watching: false }, [
    {
      place: { folder: adding.path },
      mode: 'once',
      first: true,
      open: (context) => addFolder(context, adding),
      opened: () => tell(invocation, adding),
    },
  ])
}

async function addThere(invocation: Invocation, running: LiveSync, adding: Adding): Promise<ExitCode> {
  const { output, interrupt } = invocation
  const place = { folder: adding.path }
  const report = new FolderReport(output, new RunProgress(output), place)
  report.showChanges = output.verbose
  const take: PlacedReport = (event, { vault }) => {
    if (vault !== undefined) report.place = { ...place, vault }
    report.take(event)
  }
  output.note(output.words.takenOn({ folder: printable(adding.path), pid: running.pid }))
  try {
    const added = await running.add(adding, { report: take, signal: interrupt.signal })
    const { vault, summary } = added
    output.progressDone()
    tell(invocation, adding)
    for (const text of summaryTexts(output.words, output.language, summary)) output.result(text)
    const exitCode = summary.conflicts + summary.problems > 0 ? 3 : 0
    output.line(summaryLine({ ...place, vault }, summary, exitCode))
    output.line(summaryLine(undefined, summary, exitCode))
    return exitCode
  } catch (error) {
    output.progressDone()
    const exitCode = interrupt.exitCode ?? output.failure(error, place)
    output.line(summaryLine(report.place, report.counts, exitCode))
    output.line(summaryLine(undefined, report.counts, exitCode))
    return exitCode
  }
}

function tell({ output }: Invocation, { path, name, relay }: Adding): void {
  output.note(output.words.addDone({ folder: printable(path), name: printable(name), relay }))
}
