// Every move of a vault and every edit of a user is made by some run that is fixed: that they are made at all, and that the run stays well, is not left
// to the seeds of the day.
import { expect, test } from 'vitest'
import { storm, type StormOptions } from './storm.ts'
import { userVerbs } from './user-moves.ts'
import { vaultMoveKinds } from './vault-moves.ts'

/** Few, chosen so that together they make every move, and that what is asked of a device is also done at least once. */
const runs: readonly StormOptions[] = [
  { seed: 20, theme: 'all', era: 6 },
  { seed: 32, theme: 'members', era: 6 },
  { seed: 27, theme: 'members', era: 6 },
  { seed: 19, theme: 'seasons', era: 6 },
  { seed: 22, theme: 'prune', era: 6 },
  { seed: 4, theme: 'relay', era: 6 },
  { seed: 121, theme: 'none', era: 6 },
  { seed: 2, theme: 'elsewhere', era: 5 },
  ...[1, 2, 3, 20, 31, 32, 40].map((seed): StormOptions => ({ seed, theme: 'move', era: 5 })),
  // A mirror gets a disk from before it had an account, and is whole again in the end.
  { seed: 613_000_142, theme: 'elsewhere', era: 6 },
  // A join is cut off before the relay hears of it, and made again.
  { seed: 610_001_346, theme: 'move', era: 6 },
]
/** What a device answers to, when it is asked for it. */
const asked = ['invites', 'makes', 'revokes', 'prunes', 'undoes', 'moves', 'adds', 'removes', 'goes']
/** What a person does at the end of some runs. */
const ends = [/ joins again$/, / adds the mirror \S+ again$/]

const made = new Set<string>()
const edits = new Set<string>()
const done = new Set<string>()
const ended = new Set<RegExp>()

function commandOf({ seed, theme, era }: StormOptions): string {
  const as = era === undefined ? '' : ` --era ${era}`
  return `npm run simulate -- --seed ${seed} --theme ${String(theme)}${as}`
}

test.each(runs)('a storm about $theme, seed $seed, agrees and loses nothing', async (run) => {
  const { failures, vaultMoves, trace } = await storm(run)
  expect(failures, commandOf(run)).toEqual([])
  for (const [move, times] of vaultMoves) if (times > 0) made.add(move)
  for (const line of trace) {
    edits.add(/^\d+ #\d+ device-\d+ (\w+)/.exec(line)?.[1] ?? '')
    done.add(/^\d+ device-\d+ (\w+)\b.*(?:: done| after all)$/.exec(line)?.[1] ?? '')
    if (/^\d+ device-[345] ends: done$/.test(line)) done.add('joins')
    for (const end of ends) if (end.test(line)) ended.add(end)
  }
})

test('together they make every move of a vault and every edit of a user', () => {
  expect([...vaultMoveKinds, 'adopt'].filter((move) => !made.has(move))).toEqual([])
  expect(userVerbs.filter((verb) => !edits.has(verb))).toEqual([])
  expect([...asked, 'joins'].filter((verb) => !done.has(verb))).toEqual([])
  expect(ends.filter((end) => !ended.has(end))).toEqual([])
})
