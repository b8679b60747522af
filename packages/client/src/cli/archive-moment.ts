// A moment of the log, as people type it: the number of an entry, or a time. Pure.
import type { Moment } from '../engine/archive-fold.ts'
import { usageError } from './usage-error.ts'

const timePattern = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/

/** RFC 3339, `YYYY-MM-DD[ HH:MM[:SS]]` in local time (a day alone: all of it), or a sequence. @throws ClientError `usage` */
export function parseArchiveMoment(text: string): Moment {
  const given = text.trim()
  if (/^\d{1,15}$/.test(given)) return { sequence: Number(given) }
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(given)
  const timeMs = timePattern.test(given)
    ? Date.parse(isDay ? `${given}T23:59:59.999` : given.replace(' ', 'T'))
    : Number.NaN
  if (!Number.isFinite(timeMs)) throw usageError('moment', text)
  return { timeMs }
}
