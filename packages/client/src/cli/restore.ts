// `grenier restore`: a file, a subtree or everything as it was.
import type { HistoryAnswer, HistoryQuery, HistoryRow } from '../engine/history-query.ts'
import type { ExitCode } from '../errors.ts'
import { eventLine, eventText, pathFields } from './folder-lines.ts'
import { askedFolder, askHistory, directoryOutside, endHistory } from './history.ts'
import type { Invocation } from './invocation.ts'
import { nodeLine } from './ls.ts'
import { formatExact, parseMoment } from './moments.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { usageError } from './usage-error.ts'

export interface RestoreFlags {
  readonly at: string
  readonly path?: string | undefined
  readonly into?: string | undefined
  readonly exact?: boolean | undefined
}

/** Restores, in place or elsewhere. @throws ClientError */
export async function restore(
  invocation: Invocation,
  folder: string,
  flags: RestoreFlags,
): Promise<ExitCode> {
  const startMs = performance.now()
  const { into, exact = false } = flags
  if (into !== undefined && exact) throw usageError('too-many', '--exact')
  const asked = askedFolder(invocation, folder)
  const moment = parseMoment(flags.at, Date.now())
  const path = flags.path ?? ''
  const target = into === undefined ? undefined : directoryOutside(asked.home, into)
  const query: HistoryQuery =
    target === undefined
      ? { do: 'restore', path, moment, exact }
      : { do: 'restore-into', path, into: target, moment }
  const take = (row: HistoryRow): Promise<void> => {
    tell(invocation, asked.place, row)
    return Promise.resolve()
  }
  const answer = await askHistory(invocation, asked, { query, take })
  invocation.output.result(summaryText(invocation, answer, target))
  return endHistory(invocation, asked, { answer, startMs })
}

function summaryText({ output }: Invocation, answer: HistoryAnswer, into: string | undefined): string {
  const { words, language } = output
  const { files: count, sequence, head } = answer
  const said = {
    count,
    files: formatCount(count, language),
    until: formatExact(answer.atMs),
    sequence,
  }
  if (into !== undefined)
    return words.restoredInto({
      ...said,
      bytes: formatBytes(answer.bytes, language),
      path: printable(into),
    })
  return count === 0 ? words.restoredNothing(said) : words.restored({ ...said, head: head.seq })
}

function tell({ output }: Invocation, place: { folder: string; vault: string }, row: HistoryRow): void {
  if (row.row === 'restored') output.line(nodeLine('restored', place, row))
  if (row.row === 'change') {
    const { path, action, sequence } = row
    output.line({ event: 'change', ...place, seq: sequence, ...pathFields('path', path), action })
    if (output.verbose) output.note(printable(path))
  }
  if (row.row !== 'problem') return
  const { path, code } = row
  const problem = { event: 'problem', path, code } as const
  output.line(eventLine(place, problem))
  const said = eventText(output.words, problem)
  if (said !== undefined) output.note(said)
}
