// What tests draw, they draw by one seed: the same at each run, so that what a commit shows does not depend on the day it is run; another one with
// GRENIER_SEED=NUMBER, a new one with GRENIER_SEED=any. The search for what no seed has shown yet is for the commands that say what they drew.

/** As when nobody names one. */
const usual = 1

/** Between 0 and 2³¹. @throws Error for what is no seed */
export function testSeed(named = process.env['GRENIER_SEED']): number {
  if (named === undefined || named === '') return usual
  if (named === 'any') return Date.now() % 1e9
  const seed = Number(named)
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`GRENIER_SEED is a whole number, or any: ${named}`)
  return seed % 2 ** 31
}
