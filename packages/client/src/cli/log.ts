// `grenier log`: when, which device, which change. The latest first.
import type { ChangeRow, EntryRow, HistoryRow, MemberRow } from '../engine/history-query.ts'
import type { ExitCode } from '../errors.ts'
import { roleText } from './devices.ts'
import { pathFields, type Place } from './folder-lines.ts'
import { askedFolder, askHistory, endHistory } from './history.ts'
import type { Catalogue } from './catalogue.ts'
import type { Invocation } from './invocation.ts'
import { formatExact } from './moments.ts'
import type { JsonLine, Output } from './output.ts'
import { printable } from './printable.ts'
import { formatCount, formatId, isoTime } from './quantities.ts'
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
    const { sequence, atMs } = row
    const what = row.void === undefined ? toldOf(words, row) : words.logVoid({ reason: printable(row.void) })
    const head = `#${sequence}  ${formatExact(atMs)}  ${signerOf(words, row)}`
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

/** Who signed. Who came in by a one-time key, or by the words, signs with a key that nobody knows: it is called by the device that came. */
function signerOf(words: Catalogue, { device, deviceName, members = [] }: EntryRow): string {
  const came = members.find(({ did, kind }) => did === 'joined' && kind === 'device')
  return printable(deviceName ?? came?.name ?? words.deviceUnnamed({ key: formatId(device) }))
}

function toldOf(words: Catalogue, { kind, action, members = [] }: EntryRow): string {
  if (kind === 'change') return ''
  if (kind !== 'member') return words.logKinds[kind]
  const those = (did: MemberRow['did']): MemberRow[] => members.filter((member) => member.did === did)
  const [given] = those('role')
  if (given !== undefined)
    return words.logRole({ name: nameOf(words, given), role: roleText(words, given.role) })
  const [came, left] = [those('joined')[0], those('left').map((member) => nameOf(words, member))]
  const joined = action === 'accept' && came !== undefined
  const told = joined
    ? words.logJoined({ role: roleText(words, came.role) })
    : words.logKinds[memberKind(action)]
  if (left.length === 0) return told
  const removed = words.logRemoved({ names: words.listed({ items: left }) })
  return action === 'revoke' ? removed : `${told}; ${removed}`
}

function nameOf(words: Catalogue, { kind, id, name }: MemberRow): string {
  if (kind === 'identity') return words.logIdentity({ id: formatId(id) })
  return name === undefined
    ? words.deviceUnnamed({ key: formatId(id) })
    : words.deviceNamed({ name: printable(name) })
}

/** Actions of members that people are told by name. */
const memberKinds = ['invite', 'accept', 'cancel', 'revoke', 'role', 'rekey', 'recover', 'renew'] as const
type MemberKind = (typeof memberKinds)[number]

function memberKind(action: string | undefined): MemberKind | 'member' {
  return memberKinds.find((one) => one === action) ?? 'member'
}

function entryLine(place: Place, row: EntryRow): JsonLine {
  const { sequence, hash, atMs, device, deviceName, kind, action, members, changes } = row
  const at = isoTime(atMs)
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
    members,
    void: row.void,
    changes,
  }
}
