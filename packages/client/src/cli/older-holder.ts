// A running `sync` that was started before this version came: what it does not know it refuses, before it has done anything.
import type { LookQuery } from '../engine/history-query.ts'

type ExportQuery = Extract<LookQuery, { do: 'export' }>

/** Asks once more without marks where they are refused: then the export begins anew when it is cut off, as with that version. */
export async function askedForMarks<T>(
  { marks, ...query }: ExportQuery,
  ask: (query: ExportQuery) => Promise<T>,
): Promise<T> {
  if (marks !== true) return await ask(query)
  try {
    return await ask({ ...query, marks })
  } catch (error) {
    if (!isRefused(error, 'marks')) throw error
    return await ask(query)
  }
}

/** Whether it knows no going on from somewhere. */
export function knowsNoGoingOn(error: unknown): boolean {
  return isRefused(error, 'from')
}

/** What `decodeRequest` says of a member that it does not know. */
function isRefused(error: unknown, member: 'marks' | 'from'): boolean {
  return error instanceof Error && error.message.startsWith(`request.query.${member}: Invalid key`)
}
