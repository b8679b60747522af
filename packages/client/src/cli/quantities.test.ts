import { describe, expect, test } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatSeconds,
  formatSpan,
  parseDuration,
  parseRate,
} from './quantities.ts'

/** Intl puts no-break spaces, wide and narrow. */
const spaced = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ')

test.each([
  [30 * 86_400_000, '30 days', '30 jours'],
  [90 * 60_000, '1.5 hours', '1,5 heure'],
  [7_200_000, '2 hours', '2 heures'],
  [600_000, '10 minutes', '10 minutes'],
  [5000, '5 seconds', '5 secondes'],
])('a span of %i ms is told in a unit that says something', (ms, inEnglish, inFrench) => {
  expect(spaced(formatSpan(ms, 'en'))).toBe(inEnglish)
  expect(spaced(formatSpan(ms, 'fr'))).toBe(inFrench)
})

describe('durations', () => {
  test.each([
    ['30s', 30_000],
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['7j', 604_800_000],
    ['1.5h', 5_400_000],
    [' 2W ', 1_209_600_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each(['', '24', 'h', '-1h', '0h', '1e3h', '5 y', '999999999w', 'NaNh'])('%j is none', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'usage' }) as Error)
  })
})

describe('a bandwidth', () => {
  test.each([
    ['500KiB/s', 512_000],
    ['500Kio/s', 512_000],
    ['1.5MB/s', 1_500_000],
    ['1,5Mo/s', 1_500_000],
    ['8Mbit/s', 1_000_000],
    ['20 kB/s', 20_000],
    ['none', undefined],
    ['aucune', undefined],
  ])('%s', (text, bytes) => {
    expect(parseRate(text)).toBe(bytes)
  })

  test.each([
    '',
    '500',
    '500KiB',
    '1Mb/s',
    '1mB/s',
    '-1MB/s',
    '1e9MB/s',
    '9KiB/s',
    '0',
    'NaNMB/s',
    '99999999999GB/s',
  ])('is not %o', (text) => {
    expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('numbers for people', () => {
  test('sizes in the unit that fits, in either language', () => {
    expect(formatBytes(0, 'en')).toBe('0 B')
    expect(formatBytes(1023, 'en')).toBe('1,023 B')
    expect(formatBytes(1536, 'en')).toBe('1.5 KiB')
    expect(formatBytes(314_572_800, 'en')).toBe('300 MiB')
    expect(spaced(formatBytes(1_610_612_736, 'fr'))).toBe('1,5 Gio')
  })

  test('counts and seconds', () => {
    expect(formatCount(12_345, 'en')).toBe('12,345')
    expect(spaced(formatCount(12_345, 'fr'))).toBe('12 345')
    expect(formatSeconds(2345, 'en')).toBe('2.3')
  })
})

test('numbers are written as Intl writes them', () => {
  for (const language of ['en', 'fr'] as const) {
    for (const count of [0, 7, 999, 1000, 12_345, 999_999, 1_000_000, 9_007_199_254_740_991])
      expect(formatCount(count, language)).toBe(count.toLocaleString(language))
    for (const seconds of [0, 0.04, 0.26, 1, 9.96, 61.5, 1234.5, 123_456.7])
      expect(formatSeconds(seconds * 1000, language)).toBe(
        seconds.toLocaleString(language, { maximumFractionDigits: 1 }),
      )
  }
})
