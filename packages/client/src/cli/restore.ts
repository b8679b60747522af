// `grenier restore`: a file, a subtree or everything as it was.
import type { HistoryAnswer, HistoryQuery, HistoryRow, Moment } from '../engine/history-query.ts'
import type { ExitCode } from '../errors.ts'
import { eventLine, eventText, pathFields } from './folder-lines.ts'
import { askedFolder, askHistory, directoryOutside, endHistory, exactTime } from './history.ts'
import type { Invocation } from './invocation.ts'
import { nodeLine } from './ls.ts'
import { leftOutText } from './lost-lines.ts'
import { parseMoment } from './moments.ts'
import type { Output } from './output.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount } from './quantities.ts'
import { usageError } from './usage-error.ts'

export interface RestoreFlags {
  /** Undefined, with `into`: the latest. */
  readonly at?: string | undefined
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
  const { output } = invocation
  const { into, exact = false } = flags
  if (into !== undefined && exact) throw usageError('too-many', '--exact')
  const asked = askedFolder(invocation, folder)
  const moment = flags.at === undefined ? undefined : parseMoment(flags.at, Date.now())
  const path = flags.path ?? ''
  const target = into === undefined ? undefined : directoryOutside(asked.home, into)
  const query = queryOf({ path, moment, exact, into: target }, output)
  let already = 0
  const take = (row: HistoryRow): Promise<void> => {
    if (row.row === 'restored' && row.already === true) already += 1
    tell(invocation, asked.place, row)
    return Promise.resolve()
  }
  const answer = await askHistory(invocation, asked, { query, take })
  output.result(summaryText(invocation, { ...answer, already }, target))
  return endHistory(invocation, asked, { answer, startMs })
}

/** What was is brought back in place; what is there now is there already. @throws ClientError `usage` */
function queryOf(
  {
    path,
    moment,
    exact,
    into,
  }: { path: string; moment: Moment | undefined; exact: boolean; into: string | undefined },
  { words }: Output,
): HistoryQuery {
  if (into !== undefined)
    return { do: 'restore-into', path, into, ...(moment === undefined ? {} : { moment }) }
  if (moment === undefined) throw usageError('argument-missing', `--at ${words.value.moment}`)
  return { do: 'restore', path, moment, exact }
}

function summaryText(
  { output }: Invocation,
  answer: HistoryAnswer & { readonly already: number },
  into: string | undefined,
): string {
  const { words, language } = output
  const { files: count, sequence, head } = answer
  const said = {
    count,
    files: formatCount(count, language),
    until: exactTime(answer.atMs),
    sequence,
  }
  if (into !== undefined)
    return words.restoredInto({
      ...said,
      already: answer.already,
      bytes: formatBytes(answer.bytes, language),
      path: printable(into),
    })
  return count === 0 ? words.restoredNothing(said) : words.restored({ ...said, head: head.seq })
}

function tell({ output }: Invocation, place: { folder: string; vault: string }, row: HistoryRow): void {
  if (row.row === 'restored') output.line({ ...nodeLine('restored', place, row), already: row.already })
  if (row.row === 'change') {
    const { path, action, sequence } = row
    output.line({ event: 'change', ...place, seq: sequence, ...pathFields('path', path), action })
    if (output.verbose) output.note(printable(path))
  }
  if (row.row !== 'problem') return
  const { path, code } = row
  const problem = { event: 'problem', path, code } as const
  output.line(eventLine(place, problem))
  const said = leftOutText(output.words, problem) ?? eventText(output.words, problem)
  if (said !== undefined) output.note(said)
}
