// `grenier restore`: a file, a subtree or everything as it was.
import type { HistoryRow } from '../engine/history-query.ts'
import type { ExitCode } from '../errors.ts'
import { eventLine, eventText } from './folder-lines.ts'
import { askedFolder, askHistory, directoryOutside, endHistory } from './history.ts'
import type { Invocation } from './invocation.ts'
import { nodeLine } from './ls.ts'
import { formatExact, parseMoment } from './moments.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'

export interface RestoreFlags {
  readonly at: string
  readonly path?: string | undefined
  readonly into: string
}

/** Restores to a directory elsewhere. @throws ClientError */
export async function restore(
  invocation: Invocation,
  folder: string,
  flags: RestoreFlags,
): Promise<ExitCode> {
  const startMs = performance.now()
  const { output } = invocation
  const asked = askedFolder(invocation, folder)
  const moment = parseMoment(flags.at, Date.now())
  const into = directoryOutside(asked.home, flags.into)
  const query = { do: 'restore-into' as const, path: flags.path ?? '', into, moment }
  const take = (row: HistoryRow): Promise<void> => {
    tell(invocation, asked.place, row)
    return Promise.resolve()
  }
  const answer = await askHistory(invocation, asked, { query, take })
  const { words, language } = output
  output.result(
    words.restoredInto({
      count: answer.files,
      files: formatCount(answer.files, language),
      bytes: formatBytes(answer.bytes, language),
      path: printable(into),
      until: formatExact(answer.atMs),
      sequence: answer.sequence,
    }),
  )
  return endHistory(invocation, asked, { answer, startMs })
}

function tell({ output }: Invocation, place: { folder: string; vault: string }, row: HistoryRow): void {
  if (row.row === 'restored') output.line(nodeLine('restored', place, row))
  if (row.row !== 'problem') return
  const { path, code } = row
  const problem = { event: 'problem', path, code } as const
  output.line(eventLine(place, problem))
  const said = eventText(output.words, problem)
  if (said !== undefined) output.note(said)
}
