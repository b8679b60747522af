// `grenier sync`: all folders, or those that are named, side by side in one process.
import { goOnAt } from '../engine/told-relay.ts'
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { knownFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { followMoved } from './moved-folder.ts'
import { onceFree, openOwnFolder } from './open-own-folder.ts'
import { printable } from './printable.ts'
import { relayText } from './relay-text.ts'
import { runFolders, type FolderWork } from './running-folders.ts'
import { usageError } from './usage-error.ts'

/** Syncs until interrupted; with `once` until both sides agree and everything is durable. @throws ClientError */
export async function sync(
  invocation: Invocation,
  names: readonly string[],
  flags: { once?: boolean | undefined; relay?: string | undefined },
): Promise<ExitCode> {
  const { output, homeDirectory } = invocation
  const home = openHome(homeDirectory)
  const once = flags.once === true
  for (const name of names) {
    const moved = await followMoved(invocation.platform(), home, name)
    if (moved === undefined) continue
    output.note(output.words.folderMoved({ from: printable(moved.from), folder: printable(moved.folder) }))
  }
  const asked = names.length === 0 ? home.folders : names.map((name) => knownFolder(home, name))
  const records = [...new Map(asked.map((record) => [record.path, record])).values()]
  if (flags.relay !== undefined) await tellRelay({ invocation, home }, records, flags.relay)
  if (records.length === 0) {
    output.note(output.words.syncNothing({}))
    return 0
  }
  const works = records.map(({ path, vault }): FolderWork => {
    const waiting = (): void => output.note(output.words.syncWaiting({ folder: printable(path) }))
    return {
      place: { folder: path, vault },
      mode: once ? 'once' : 'watch',
      open: (context) => openOwnFolder({ invocation, home, path, context, ...(once ? {} : { waiting }) }),
    }
  })
  return await runFolders({ invocation, home, watching: !once }, works)
}

/** The one folder that is named goes on at this relay: its own can tell nobody where the vault is. */
async function tellRelay(
  { invocation, home }: { readonly invocation: Invocation; readonly home: Home },
  records: readonly FolderRecord[],
  text: string,
): Promise<void> {
  const [record, ...others] = records
  if (record === undefined || others.length > 0) throw usageError('relay-of-one')
  const { output, interrupt } = invocation
  const relay = relayText(text)
  const context = {
    home,
    platform: invocation.platform(),
    report: () => undefined,
    signal: interrupt.signal,
  }
  const { path } = record
  if (await onceFree(home, path, () => goOnAt(context, path, relay)))
    output.note(output.words.relayTold({ relay }))
}
