// Moments as people type them: the number of an entry, a date and time, or how long ago. Pure but for the local time zone.
import type { Moment } from '../engine/history-query.ts'
import { usageError } from './usage-error.ts'

type Unit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

const units: Readonly<Record<string, Unit>> = {
  s: 'second',
  sec: 'second',
  second: 'second',
  seconds: 'second',
  seconde: 'second',
  secondes: 'second',
  m: 'minute',
  min: 'minute',
  minute: 'minute',
  minutes: 'minute',
  h: 'hour',
  hour: 'hour',
  hours: 'hour',
  heure: 'hour',
  heures: 'hour',
  d: 'day',
  j: 'day',
  day: 'day',
  days: 'day',
  jour: 'day',
  jours: 'day',
  week: 'week',
  weeks: 'week',
  semaine: 'week',
  semaines: 'week',
  month: 'month',
  months: 'month',
  mois: 'month',
  year: 'year',
  years: 'year',
  an: 'year',
  ans: 'year',
  année: 'year',
  années: 'year',
}
const unitMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const

const written =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s?([Zz]|[+-]\d\d:\d\d)?$/
/**
 * The moment of `1234`, `2026-11-22`, `2026-11-22 14:03[:20]`, RFC 3339, `2 hours ago`, `il y a 2 heures`. A day, minute or second that is
 * named means its end.
 * @throws ClientError `usage`
 */
export function parseMoment(text: string, nowMs: number): Moment {
  const given = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s\u00a0\u202f]+/g, ' ')
  if (/^#?\d{1,15}$/.test(given)) return { sequence: Number(given.replace('#', '')) }
  const timeMs = writtenMs(given) ?? agoMs(given, nowMs)
  if (timeMs === undefined) throw usageError('moment', text)
  return { timeMs }
}

function writtenMs(text: string): number | undefined {
  const match = written.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? 0))
  const [, , , , , , , fraction, zone] = match
  if (zone !== undefined && match[4] === undefined) return undefined
  const parts = [year ?? 0, (month ?? 0) - 1, day ?? 0, hour ?? 0, minute ?? 0, second ?? 0] as const
  const utcMs = Date.UTC(...parts)
  if (!isDate(new Date(utcMs), parts)) return undefined
  const beginMs = (next: readonly [number, number, number, number, number, number]): number =>
    zone === undefined ? new Date(...next).getTime() : Date.UTC(...next) - offsetMs(zone)
  if (fraction !== undefined) return beginMs(parts) + Math.floor(Number(`0.${fraction}`) * 1000)
  return beginMs(after(parts, match)) - 1
}

/** What is named to the day, minute or second is all of it: where the next one begins. */
function after(
  [year, month, day, hour, minute, second]: readonly [number, number, number, number, number, number],
  match: readonly (string | undefined)[],
): readonly [number, number, number, number, number, number] {
  if (match[4] === undefined) return [year, month, day + 1, hour, minute, second]
  if (match[6] === undefined) return [year, month, day, hour, minute + 1, second]
  return [year, month, day, hour, minute, second + 1]
}

/** No 31st of February, no 25th hour. */
function isDate(date: Date, parts: readonly number[]): boolean {
  const same = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours()]
  return [...same, date.getUTCMinutes(), date.getUTCSeconds()].every((part, at) => part === parts[at])
}

function offsetMs(zone: string): number {
  if (zone === 'z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

function agoMs(text: string, nowMs: number): number | undefined {
  const english = /^(\d{1,6}|an?|one) ?([a-z]+) ago$/.exec(text)
  const french = /^il y a (\d{1,6}|une?) ?([a-zé]+)$/.exec(text)
  const [, number = '', name = ''] = english ?? french ?? []
  const unit = units[name]
  if (unit === undefined) return undefined
  const count = /^\d/.test(number) ? Number(number) : 1
  if (unit !== 'month' && unit !== 'year') return nowMs - count * unitMs[unit]
  return monthsBefore(nowMs, unit === 'year' ? count * 12 : count)
}

/** The same day of an earlier month, or its last one. */
function monthsBefore(nowMs: number, months: number): number {
  const date = new Date(nowMs)
  const day = date.getDate()
  date.setDate(1)
  date.setMonth(date.getMonth() - months)
  const last = new Date(date.getFullYear(), date.getMonth() + 1, 0).getDate()
  date.setDate(Math.min(day, last))
  return date.getTime()
}

/** A moment to the second, local, in the form that `parseMoment` takes. */
export function formatExact(ms: number): string {
  const date = new Date(ms)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
