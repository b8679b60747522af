// Durations as people type them, and numbers, sizes and times as people read them. Pure.
import type { Language } from './messages.ts'
import { usageError } from './usage-error.ts'

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  j: 86_400_000,
  w: 604_800_000,
}
/** Longer than anybody means, short enough for exact sums: a hundred years. */
const durationMsMax = 100 * 365 * 86_400_000

/** Milliseconds of `30s`, `30m`, `24h`, `7d`, `7j`, `2w`. @throws ClientError `usage` */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([a-z]{1,3})$/.exec(text.trim().toLowerCase())
  const unit = unitMs[match?.[2] ?? '']
  const ms = unit === undefined ? Number.NaN : Math.round(Number(match?.[1]) * unit)
  if (!(ms > 0 && ms <= durationMsMax)) throw usageError('duration', text)
  return ms
}

const rateBytes: Readonly<Record<string, number>> = {
  B: 1,
  o: 1,
  kB: 1000,
  ko: 1000,
  KiB: 1024,
  Kio: 1024,
  MB: 1e6,
  Mo: 1e6,
  MiB: 1024 ** 2,
  Mio: 1024 ** 2,
  GB: 1e9,
  Go: 1e9,
  GiB: 1024 ** 3,
  Gio: 1024 ** 3,
  kbit: 125,
  Mbit: 125_000,
  Gbit: 125_000_000,
}
const noRate: ReadonlySet<string> = new Set(['none', 'aucune'])
/** Less, and a single frame would take longer than either side waits for news. */
const rateMin = 10 * 1024

/** Bytes a second of `500KiB/s`, `2Mo/s` or `8Mbit/s`; undefined for `none`, `aucune`. @throws ClientError `usage` */
export function parseRate(text: string): number | undefined {
  const given = text.trim()
  if (noRate.has(given)) return undefined
  const [, number = '', unit = ''] = /^(\d{1,9}(?:[.,]\d{1,3})?)\s?([A-Za-z]{1,4})\/s$/.exec(given) ?? []
  const bytes = Math.round(Number(number.replace(',', '.')) * (rateBytes[unit] ?? Number.NaN))
  if (!(bytes >= rateMin && bytes <= Number.MAX_SAFE_INTEGER)) throw usageError('rate', text)
  return bytes
}

/** A size for people: `1.5 GiB`, in French `1,5 Gio`. */
export function formatBytes(bytes: number, language: Language): string {
  const units = language === 'fr' ? ['o', 'Kio', 'Mio', 'Gio', 'Tio'] : ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  const space = language === 'fr' ? '\u00a0' : ' '
  return `${formatNumber(value, language, digits)}${space}${units[unit] ?? ''}`
}

/** What a span is told in, the largest first. */
const spanUnits = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** As `Intl` writes it, whose tables of all languages cost a command 5 MiB. `digits`: at most so many behind the point. */
function formatNumber(value: number, language: Language, digits: number): string {
  const [group, point] = language === 'fr' ? ['\u202f', ','] : [',', '.']
  const [whole = '', fraction] = String(Number(value.toFixed(digits))).split('.')
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, group)
  return fraction === undefined ? grouped : `${grouped}${point}${fraction}`
}

/** A length of time for people, never less than it is: `30 days`, `1.5 hours`. */
export function formatSpan(ms: number, language: Language): string {
  const [unit, unitMs] = spanUnits.find(([, size]) => ms >= size) ?? ['second' as const, 1000]
  const value = Math.ceil((ms / unitMs) * 10) / 10
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value)
}

/** A count for people: `12,345`, in French `12 345`. */
export function formatCount(count: number, language: Language): string {
  return formatNumber(count, language, 0)
}

/** Seconds of a duration, to the tenth. */
export function formatSeconds(durationMs: number, language: Language): string {
  return formatNumber(durationMs / 1000, language, 1)
}

/** A time of day with its date, local. `ms`: since 1970. */
export function formatMoment(ms: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(ms)
}

/** The beginning of an id (hex), as people see it and may type it: 48 bits. */
export function formatId(id: string): string {
  return id.slice(0, 12)
}

/** RFC 3339, of ms since 1970; undefined for what lies beyond its years, which a member can sign. */
export function isoTime(ms: number): string | undefined {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
