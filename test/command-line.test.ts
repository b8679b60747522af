import { expect, test } from 'vitest'
import { durationMs, helpOf } from './command-line.ts'

test('help names every option that is for people, how it is written and what is used without it', () => {
  const options = {
    seed: { type: 'string', takes: 'N', does: 'the first seed' },
    for: { type: 'string', takes: '10m', does: 'how long', default: '1m' },
    planner: { type: 'boolean', does: 'the planner alone', default: false },
    worker: { type: 'string' },
  } as const
  expect(helpOf({ name: 'search', does: 'Searches.', options }).split('\n')).toEqual([
    'npm run search -- [OPTIONS]',
    '  Searches.',
    '',
    '  --seed N            the first seed',
    '  --for 10m           how long; 1m where it is not given',
    '  --planner           the planner alone',
    '  --help, -h          this',
  ])
})

test('a duration is a number and a unit', () => {
  expect(['30s', '10m', '8h'].map(durationMs)).toEqual([30_000, 600_000, 28_800_000])
  expect(['', '10', 'm', '1.5m', '10 m', '-1s'].map(durationMs)).toEqual(Array(6).fill(undefined))
})
