import { describe, expect, test } from 'vitest'
import { ClientError } from '../errors.ts'
import { formatExact, parseMoment } from './moments.ts'

const now = new Date(2026, 10, 27, 12, 30, 15).getTime()
const timeOf = (text: string): number => {
  const moment = parseMoment(text, now)
  if (!('timeMs' in moment)) throw new Error('a sequence')
  return moment.timeMs
}

describe('a moment', () => {
  test('is the number of an entry', () => {
    expect(parseMoment('0', now)).toEqual({ sequence: 0 })
    expect(parseMoment(' #1234 ', now)).toEqual({ sequence: 1234 })
  })

  test.each([
    ['2026-11-22', new Date(2026, 10, 23).getTime() - 1],
    ['2026-11-22 14:03', new Date(2026, 10, 22, 14, 4).getTime() - 1],
    ['2026-11-22 14:03:20', new Date(2026, 10, 22, 14, 3, 20).getTime() + 999],
    ['2026-11-22T14:03:20', new Date(2026, 10, 22, 14, 3, 20).getTime() + 999],
    ['2026-11-22T14:03:20Z', Date.UTC(2026, 10, 22, 14, 3, 20) + 999],
    ['2026-11-22t14:03:20.25z', Date.UTC(2026, 10, 22, 14, 3, 20) + 250],
    ['2026-11-22T14:03:20+01:00', Date.UTC(2026, 10, 22, 13, 3, 20) + 999],
    ['2024-02-29', new Date(2024, 2, 1).getTime() - 1],
  ])('is a time as it is written, up to its end: %s', (text, ms) => {
    expect(timeOf(text)).toBe(ms)
  })

  test.each([
    ['2 hours ago', 7_200_000],
    ['an hour ago', 3_600_000],
    ['90 seconds ago', 90_000],
    ['3 weeks ago', 3 * 604_800_000],
    ['il y a 2 heures', 7_200_000],
    ['il y a une minute', 60_000],
    ['il y a 3\u00a0jours', 3 * 86_400_000],
    ['Il y a 10 min', 600_000],
  ])('is so long ago: %s', (text, ms) => {
    expect(timeOf(text)).toBe(now - ms)
  })

  test('of months is the same day, or the last one of a shorter month', () => {
    expect(timeOf('1 month ago')).toBe(new Date(2026, 9, 27, 12, 30, 15).getTime())
    expect(timeOf('il y a 2 ans')).toBe(new Date(2024, 10, 27, 12, 30, 15).getTime())
    const moment = parseMoment('1 month ago', new Date(2026, 2, 31, 8).getTime())
    expect(moment).toEqual({ timeMs: new Date(2026, 1, 28, 8).getTime() })
  })

  test('that is none is refused', () => {
    const wrong = ['', 'yesterday-ish', '2026-13-01', '2026-02-30', '2026-11-22 25:00', '2 lightyears ago']
    for (const text of [...wrong, '2026-11-22Z', 'il y a', '-3', '1.5'])
      expect(() => parseMoment(text, now), text).toThrow(ClientError)
  })

  test('is told to the second in the form that is understood', () => {
    const ms = new Date(2026, 0, 2, 3, 4, 5).getTime()
    expect(formatExact(ms)).toBe('2026-01-02 03:04:05')
    expect(timeOf(formatExact(ms))).toBe(ms + 999)
  })
})
