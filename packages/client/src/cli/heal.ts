// `grenier heal`: gives back now what a relay lost. A sync does so by itself; this is for those who want to see it done.
import type { ExitCode } from '../errors.ts'
import { openHome } from '../home/home-files.ts'
import type { FolderRecord, Home } from '../home/home.ts'
import { atHolder, withEngine } from './at-holder.ts'
import { knownFolder } from './folder-argument.ts'
import type { Invocation } from './invocation.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'

/** Heals one folder, or all. @throws ClientError */
export async function heal(invocation: Invocation, name: string | undefined): Promise<ExitCode> {
  const home = openHome(invocation.homeDirectory)
  const records = name === undefined ? home.folders : [knownFolder(home, name)]
  for (const record of records) await healOne(invocation, home, record)
  if (records.length === 0) invocation.output.note(invocation.output.words.statusNone({}))
  return 0
}

async function healOne(invocation: Invocation, home: Home, { path, vault }: FolderRecord): Promise<void> {
  const { output, interrupt } = invocation
  output.concern({ folder: path, vault })
  const given = await atHolder(home, path, {
    ask: (holder) => holder.heal({ path }, { signal: interrupt.signal }),
    here: () => withEngine({ invocation, home, path }, (engine) => engine.heal()),
  })
  output.line({ event: 'heal', folder: path, vault, ...given })
  const { words, language } = output
  const { entries, packs, bytes } = given
  if (entries + packs === 0) output.result(words.healNothing({ folder: printable(path) }))
  else {
    const counts = { entries: formatCount(entries, language), packs: formatCount(packs, language) }
    const text = { folder: printable(path), ...counts, bytes: formatBytes(bytes, language) }
    output.result(words.healDone(text))
  }
}
