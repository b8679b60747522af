// Asks the history of a device's vault, as a command does: with no run, or of the engine that runs.
import { openHistory, type HistoryAnswer, type LookQuery, type HistoryRow } from '@grenier/client'
import type { Device } from '../folder/devices.ts'

/** Rows of an answer, and the answer. */
export interface Answered {
  readonly rows: readonly HistoryRow[]
  readonly answer: HistoryAnswer
}

/** Asks with no run; the folder is not opened. @throws what the history throws */
export async function ask(device: Device, query: LookQuery): Promise<Answered> {
  const opened = await openHistory(device.context(), device.folder)
  try {
    return await askOf(opened, query)
  } finally {
    await opened.close()
  }
}

/** Asks an engine. */
export async function askOf<Q>(
  engine: { history(query: Q, take: (row: HistoryRow) => Promise<void>): Promise<HistoryAnswer> },
  query: Q,
): Promise<Answered> {
  const rows: HistoryRow[] = []
  const answer = await engine.history(query, (row) => {
    // Bytes are the giver's again when it resolves.
    rows.push(row.row === 'bytes' ? { ...row, bytes: row.bytes.slice() } : row)
    return Promise.resolve()
  })
  return { rows, answer }
}

/** The log as lines: `#sequence device: action path, …`, the latest first; entries that say nothing of files by their kind. */
export function logLines({ rows }: Answered): string[] {
  const lines: string[] = []
  for (const row of rows) {
    if (row.row === 'entry') lines.push(`${row.deviceName ?? '?'}: ${row.kind === 'change' ? '' : row.kind}`)
    if (row.row !== 'change') continue
    const from = row.from === undefined ? '' : ` from ${row.from}`
    lines.push(`${lines.pop() ?? ''}${row.action} ${row.path}${from}; `)
  }
  return lines.map((line) => line.trim().replace(/;$/, ''))
}

/** The paths that rows name, with what came of them. */
export function pathsOf({ rows }: Answered): string[] {
  return rows.flatMap((row) => {
    if (row.row === 'node' || row.row === 'restored') return [row.path]
    return row.row === 'problem' ? [`${row.code} ${row.path}`] : []
  })
}

/** The bytes that rows carry. */
export function bytesOf({ rows }: Answered): Uint8Array {
  return Buffer.concat(rows.flatMap((row) => (row.row === 'bytes' ? [row.bytes] : [])))
}
