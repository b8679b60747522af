// Which entry of the log a moment means: times never go back in a log, so that halving finds it.
import { decodeEntry } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { entryAt } from '../state/entry-keep.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { Moment } from './history-query.ts'
import type { LogReplay } from './log-replay.ts'

/** A log as this device keeps it. `head`: its last sequence. `replay`: asked for the entries that were retired here. */
export interface DatedLog {
  readonly rows: StateRows
  readonly head: number
  readonly replay: LogReplay
}

/**
 * The sequence after whose entry the vault stood at a moment.
 * @throws ClientError `moment-unknown` before the log begins, or beyond its end; as `LogReplay` where the moment lies among entries that
 * were retired here: when they were made is told by the entries alone
 */
export async function sequenceAt({ rows, head, replay }: DatedLog, moment: Moment): Promise<number> {
  if ('sequence' in moment) {
    if (moment.sequence <= head) return moment.sequence
    throw new ClientError('moment-unknown', 'the log ends before', { data: { what: 'after', head } })
  }
  const { timeMs } = moment
  const beginsMs = timeOf(rows, 0)
  if (beginsMs === undefined) throw new ClientError('state-broken', 'this device kept no genesis')
  if (timeMs < beginsMs)
    throw new ClientError('moment-unknown', 'before the vault was', { data: { what: 'before', beginsMs } })
  const last = lastUntil(rows, { low: 0, high: head }, timeMs)
  let kept = last + 1
  while (kept <= head && entryAt(rows, kept) === undefined) kept += 1
  return kept === last + 1 ? last : await lastRetiredUntil(replay, { low: last, high: kept - 1 }, timeMs)
}

/** As `lastUntil`, where all above `low` is retired here. */
async function lastRetiredUntil(
  replay: LogReplay,
  range: { low: number; high: number },
  timeMs: number,
): Promise<number> {
  let last = range.low
  for await (const { sequence, entry } of replay.entries({ whole: range.low + 1, through: range.high })) {
    if (sequence <= range.low) continue
    if (entry === undefined || entry.header.at > timeMs) break
    last = sequence
  }
  return last
}

/** When an entry was made, ms; undefined where it is not kept. */
export function timeOf(rows: StateRows, sequence: number): number | undefined {
  const raw = entryAt(rows, sequence)
  return raw === undefined ? undefined : decodeEntry(raw).header.at
}

/** The last entry kept here that is not later. `low` is not. Those that are not kept count as made when the next one that is was. */
function lastUntil(rows: StateRows, range: { low: number; high: number }, timeMs: number): number {
  let { low, high } = range
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    let kept = middle
    while (kept < high && timeOf(rows, kept) === undefined) kept += 1
    const at = timeOf(rows, kept)
    if (at === undefined || at > timeMs) high = middle - 1
    else low = kept
  }
  return low
}
