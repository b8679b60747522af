import { expect, test } from 'vitest'
import { staying, type Candidate } from './backup-retention.ts'

const at = (...date: [year: number, month: number, day: number, hour?: number]): Candidate => {
  const [year, month, day, hour = 12] = date
  const atMs = new Date(year, month - 1, day, hour).getTime()
  return { sequence: Math.floor(atMs / 1000), atMs }
}
const shown = (kept: Iterable<{ atMs: number }>): string[] =>
  [...kept].map(({ atMs }) => new Date(atMs).toDateString()).sort()

test('keeps all that is young, the latest, and the last of each of the latest periods that have one', () => {
  const versions = [
    ...[at(2024, 12, 31), at(2025, 3, 1), at(2025, 3, 31), at(2025, 4, 30, 8), at(2025, 4, 30, 20)],
    ...[at(2025, 5, 4), at(2025, 5, 5), at(2025, 5, 6, 1), at(2025, 5, 6, 2)],
  ]
  const since = new Date(2025, 4, 6, 2).getTime()
  expect(staying(versions, {}, since).size).toBe(1)
  expect([...staying(versions, { daily: 3 }, since)]).toEqual([versions[8], versions[6], versions[5]])
  // Sunday the 4th is the end of the week before.
  expect(shown(staying(versions, { weekly: 2 }, since))).toEqual(['Sun May 04 2025', 'Tue May 06 2025'])
  expect([...staying(versions, { monthly: 3 }, since)]).toEqual([versions[8], versions[4], versions[2]])
  expect([...staying(versions, { yearly: 5 }, since)]).toEqual([versions[8], versions[0]])
  expect(staying([], { daily: 7 }, since).size).toBe(0)
})
