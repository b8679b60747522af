// Which entry of the log a moment means: times never go back in a log, so that halving finds it.
import { decodeEntry } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { entryAt } from '../state/entry-keep.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { Moment } from './history-query.ts'

/**
 * The sequence after whose entry the vault stood at a moment. `head`: of the log.
 * @throws ClientError `moment-unknown` before the log begins, or beyond its end
 */
export function sequenceAt(rows: StateRows, head: number, moment: Moment): number {
  if ('sequence' in moment) {
    if (moment.sequence <= head) return moment.sequence
    throw new ClientError('moment-unknown', 'the log ends before', { data: { what: 'after', head } })
  }
  const { timeMs } = moment
  const beginsMs = timeOf(rows, 0)
  if (beginsMs === undefined) throw new ClientError('state-broken', 'this device kept no genesis')
  if (timeMs < beginsMs)
    throw new ClientError('moment-unknown', 'before the vault was', { data: { what: 'before', beginsMs } })
  return lastUntil(rows, { low: 0, high: head }, timeMs)
}

/** When an entry was made, ms; undefined where it is not kept. */
export function timeOf(rows: StateRows, sequence: number): number | undefined {
  const raw = entryAt(rows, sequence)
  return raw === undefined ? undefined : decodeEntry(raw).header.at
}

/** The last entry that is not later. `low` is not. Entries of which only a hash is left have the time of the next one that is kept. */
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
