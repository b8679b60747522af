// `grenier log`: when, which device, which change. The latest first.
import type { ChangeRow, EntryRow, HistoryRow } from '../engine/history-query.ts'
import type { ExitCode } from '../errors.ts'
import { pathFields, type Place } from './folder-lines.ts'
import { askedFolder, askHistory, endHistory } from './history.ts'
import type { Invocation } from './invocation.ts'
import { formatExact } from './moments.ts'
import type { JsonLine, Output } from './output.ts'
import { printable } from './printable.ts'
import { formatCount } from './quantities.ts'
import { usageError } from './usage-error.ts'

/** Entries, unless told. */
const limitDefault = 50
/** Paths of one entry that people see, unless they want all. */
const shownMax = 20

export interface LogFlags {
  readonly path?: string | undefined
  readonly limit?: string | undefined
  readonly all?: boolean | undefined
}

/** Prints the log. @throws ClientError */
export async function log(
  invocation: Invocation,
  folder: string | undefined,
  flags: LogFlags,
): Promise<ExitCode> {
  const startMs = performance.now()
  const asked = askedFolder(invocation, folder)
  const limit = flags.limit === undefined ? limitDefault : countOf(flags.limit)
  const query = {
    do: 'log' as const,
    limit,
    ...(flags.path === undefined ? {} : { path: trimmed(flags.path) }),
    ...(flags.all === true ? { all: true } : {}),
  }
  const lines = new LogLines(invocation.output, asked.place)
  const take = (row: HistoryRow): Promise<void> => {
    lines.take(row)
    return Promise.resolve()
  }
  const answer = await askHistory(invocation, asked, { query, take })
  lines.end()
  return endHistory(invocation, asked, { answer, startMs })
}

function trimmed(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
}

function countOf(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count === 0) throw usageError('count', text)
  return count
}

class LogLines {
  readonly #output: Output
  readonly #place: Place
  #shown = 0

  constructor(output: Output, place: Place) {
    this.#output = output
    this.#place = place
  }

  take(row: HistoryRow): void {
    if (row.row === 'entry') this.#entry(row)
    if (row.row === 'change') this.#change(row)
  }

  end(): void {
    const { words, language, verbose } = this.#output
    const more = verbose ? 0 : this.#shown - shownMax
    if (more > 0)
      this.#output.result(`    ${words.logMore({ count: more, text: formatCount(more, language) })}`)
    this.#shown = 0
  }

  #entry(row: EntryRow): void {
    this.end()
    const { words } = this.#output
    this.#output.line(entryLine(this.#place, row))
    const { sequence, atMs, device, deviceName, kind, action } = row
    const told = kind === 'change' ? '' : words.logKinds[kind === 'member' ? memberKind(action) : kind]
    const what = row.void === undefined ? told : words.logVoid({ reason: printable(row.void) })
    const name = printable(deviceName ?? device.slice(0, 8))
    const head = `#${sequence}  ${formatExact(atMs)}  ${name}`
    this.#output.result(what === '' ? head : `${head}  ${what}`)
  }

  #change(row: ChangeRow): void {
    const { words, verbose } = this.#output
    const { path, from, action, sequence } = row
    const moved = from === undefined ? {} : pathFields('from', from)
    this.#output.line({
      event: 'change',
      ...this.#place,
      seq: sequence,
      ...pathFields('path', path),
      ...moved,
      action,
    })
    this.#shown += 1
    if (this.#shown > shownMax && !verbose) return
    const actions = { put: words.actionPut, remove: words.actionRemove, move: words.actionMove }
    const target = printable(path)
    const text = from === undefined ? target : words.changeMoved({ from: printable(from), path: target })
    this.#output.result(`    ${actions[action]({})} ${text}`)
  }
}

/** Actions of members that people are told by name. */
const memberKinds = ['invite', 'accept', 'cancel', 'revoke', 'role', 'rekey', 'recover', 'renew'] as const
type MemberKind = (typeof memberKinds)[number]

function memberKind(action: string | undefined): MemberKind | 'member' {
  return memberKinds.find((one) => one === action) ?? 'member'
}

function entryLine(place: Place, row: EntryRow): JsonLine {
  const { sequence, hash, atMs, device, deviceName, kind, action, changes } = row
  const at = new Date(atMs).toISOString()
  return {
    event: 'entry',
    ...place,
    seq: sequence,
    hash,
    at,
    device,
    deviceName,
    kind,
    action,
    void: row.void,
    changes,
  }
}
