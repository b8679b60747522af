// Sizes and durations as people type them: `5GiB`, `500 MB`, `7d`, `24h`. Pure.
import { RelayError } from '../errors.ts'

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  o: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  ko: 1e3,
  mo: 1e6,
  go: 1e9,
  to: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kio: 2 ** 10,
  mio: 2 ** 20,
  gio: 2 ** 30,
  tio: 2 ** 40,
}

const durationUnits: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  j: 86_400_000,
  w: 604_800_000,
}

function quantity(text: string, units: Readonly<Record<string, number>>, what: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text)
  const unit = units[(match?.[2] ?? '?').toLowerCase()]
  const value = match === null || unit === undefined ? Number.NaN : Math.round(Number(match[1]) * unit)
  if (!Number.isSafeInteger(value))
    throw new RelayError('usage', `not a ${what}: ${text}`, { data: { what, text } })
  return value
}

/** Bytes of a size (`5GiB`, `500MB`, `2 Gio`, `1024`). @throws RelayError `usage` */
export function parseSize(text: string): number {
  return quantity(text, sizeUnits, 'size')
}

/** Milliseconds of a duration (`30s`, `10min`, `24h`, `7d`, `7j`, `2w`). @throws RelayError `usage` */
export function parseDuration(text: string): number {
  return quantity(text, durationUnits, 'duration')
}

/** A size for people, in the unit that fits: `1.5 GiB`, in French `1,5 Gio`. */
export function formatSize(bytes: number, lang: 'en' | 'fr'): string {
  const names = lang === 'fr' ? ['o', 'Kio', 'Mio', 'Gio', 'Tio'] : ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < names.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1
  const number = new Intl.NumberFormat(lang, { maximumFractionDigits: digits }).format(value)
  return `${number} ${names[unit] ?? ''}`
}
