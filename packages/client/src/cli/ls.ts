// `grenier ls`: what a directory of the vault holds, now or as it was.
import type { HistoryRow, NodeRow } from '../engine/history-query.ts'
import type { ExitCode } from '../errors.ts'
import { pathFields, type Place } from './folder-lines.ts'
import { askedFolder, askHistory, endHistory } from './history.ts'
import type { Invocation } from './invocation.ts'
import { formatExact, parseMoment } from './moments.ts'
import type { JsonLine, Output } from './output.ts'
import { printable } from './printable.ts'
import { formatBytes, isoTime } from './quantities.ts'

export interface LsFlags {
  readonly at?: string | undefined
  readonly recursive?: boolean | undefined
}

/** Columns that sizes take. */
const sizeColumns = 10

/** Lists. @throws ClientError */
export async function ls(
  invocation: Invocation,
  { folder, path = '' }: { readonly folder: string; readonly path?: string | undefined },
  flags: LsFlags,
): Promise<ExitCode> {
  const startMs = performance.now()
  const { output } = invocation
  const asked = askedFolder(invocation, folder)
  const at = flags.at === undefined ? {} : { moment: parseMoment(flags.at, Date.now()) }
  const query = { do: 'list' as const, path, deep: flags.recursive === true, ...at }
  const take = (row: HistoryRow): Promise<void> => {
    if (row.row === 'node') tell(output, asked.place, row)
    return Promise.resolve()
  }
  const answer = await askHistory(invocation, asked, { query, take })
  return endHistory(invocation, asked, { answer, startMs })
}

function tell(output: Output, place: Place, row: NodeRow): void {
  output.line(nodeLine('node', place, row))
  const { kind, path, mode = 0o777, mtimeNs, sizeBytes, target } = row
  const letters = { file: '-', directory: 'd', link: 'l' }
  const size = sizeBytes === undefined ? '' : formatBytes(sizeBytes, output.language)
  const time = mtimeNs === undefined ? ' '.repeat(19) : formatExact(Number(BigInt(mtimeNs) / 1_000_000n))
  const shown = printable(path) + (kind === 'directory' ? '/' : '')
  const arrow = target === undefined ? '' : ` -> ${printable(target)}`
  output.result(`${letters[kind]}${bits(mode)} ${size.padStart(sizeColumns)}  ${time}  ${shown}${arrow}`)
}

function bits(mode: number): string {
  return [6, 3, 0]
    .map((shift) => (mode >> shift) & 7)
    .map((three) => (three & 4 ? 'r' : '-') + (three & 2 ? 'w' : '-') + (three & 1 ? 'x' : '-'))
    .join('')
}

/** A node as a line. `mode`: octal, as people write it. */
export function nodeLine(event: 'node' | 'restored', place: Place, row: Omit<NodeRow, 'row'>): JsonLine {
  const { path, kind, mode, sizeBytes, mtimeNs, target } = row
  return {
    event,
    ...place,
    ...pathFields('path', path),
    kind,
    mode: mode?.toString(8).padStart(3, '0'),
    size: sizeBytes,
    mtime: mtimeNs === undefined ? undefined : isoTime(Number(BigInt(mtimeNs) / 1_000_000n)),
    mtimeNs,
    ...(target === undefined ? {} : pathFields('target', target)),
  }
}
