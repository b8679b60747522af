// A slice of `npm run fuzz`; the seed is printed when something is found.
import { expect, test } from 'vitest'
import { testSeed } from '../seed.ts'
import { fuzz, targets } from './fuzzing.ts'

/** What goes through whole sessions or a state store costs more. */
const slow = new Set(['relay session', 'checkpoint'])
const seed = testSeed()

test.each(targets)('whatever is done to it, $name is refused with a stated code', async (target) => {
  const tries = slow.has(target.name) ? 300 : 3000
  const { counts, findings } = await fuzz(target, seed, (count) => count < tries)
  expect(findings).toEqual([])
  // Where nothing is refused, nothing was tried.
  const refused = [...counts].filter(([outcome]) => !outcome.endsWith('accepted'))
  expect(refused).not.toEqual([])
})
