// `kill -9` of a real client or relay on a real disk, at moments drawn by a seed: nothing half done is seen, nothing is lost, and in the end all is as if
// nothing had been. `npm run crash` takes every moment.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { testSeed } from '../seed.ts'
import { Seeded } from '../simulation/seeded.ts'
import { CrashGround } from './crash-point.ts'
import { CrashWalk, walkables } from './crash-walk.ts'
import { outOfOrder, type Effect } from './journal.ts'
import { manyFiles, scenarios } from './scenarios.ts'

const seed = testSeed()
/** Of each scenario, as many as take about a minute on two cores. */
const sampled = 4

describe.each(walkables.map((walkable) => [walkable.name, walkable] as const))('%s', (_name, walkable) => {
  let walk: CrashWalk
  beforeAll(async () => {
    walk = await CrashWalk.open(walkable)
  })
  afterAll(() => walk.close())

  test('does everything in the order that survives a loss of power', () => {
    expect(walk.complaints).toEqual([])
  })

  test(`goes on after a kill at any moment (seed ${seed})`, async () => {
    for (const moment of drawn(walk.moments())) {
      const { last, complaints } = await walk.point(moment)
      expect(
        complaints,
        `seed ${seed}: npm run crash -- --only '${walkable.name}' --at ${moment}; ${last}`,
      ).toEqual([])
    }
  })
})

test('one flush of the whole file system is as good as many', async () => {
  const ground = await CrashGround.open()
  onTestFinished(() => ground.close())
  expect((await ground.crash(manyFiles)).complaints).toEqual([])
})

test('a flush that forgets shows', async () => {
  const ground = await CrashGround.open()
  onTestFinished(() => ground.close())
  const scenario = scenarios.find(({ name }) => name === 'changes of each kind come down')!
  const contents = await ground.crash(scenario, { forgets: 'contents' })
  expect(contents.complaints).toContainEqual(expect.stringContaining('was not flushed'))
  const names = await ground.crash(scenario, { forgets: 'names' })
  expect(names.complaints).toContainEqual(expect.stringContaining('rows are written before'))
})

/** One of each of some stretches of equal length. */
function drawn(moments: readonly number[]): number[] {
  const random = new Seeded(seed)
  const length = moments.length / sampled
  return Array.from({ length: sampled }, (_, at) => moments[Math.floor((at + random.next()) * length)] ?? 1)
}

describe('the judge of a journal', () => {
  const places = { folder: '/f', home: '/h' }
  const staged = '/f/.grenier/staging/put-1'
  const write: Effect = { do: 'write', inode: '1', path: staged }
  const flush: Effect[] = [
    { do: 'flush', flush: 1, inode: '1' },
    { do: 'flushed', flush: 1 },
  ]
  const place: Effect[] = [
    { do: 'entry', inode: '2', path: '/f/d' },
    { do: 'place', inode: '1', from: staged, path: '/f/d/a' },
  ]
  const names: Effect[] = [
    { do: 'flush', flush: 2, inode: '2' },
    { do: 'flushed', flush: 2 },
  ]
  const batch: Effect = { do: 'batch', rows: 1 }

  test('finds nothing wrong with content, flush, name, flush, rows', () => {
    expect(outOfOrder([write, ...flush, ...place, ...names, batch], places)).toEqual([])
  })

  test('finds each flush that is missing, or began too early', () => {
    expect(outOfOrder([write, ...place, ...names], places)).toEqual([
      `/f/d/a is ${staged}, which was not flushed`,
    ])
    expect(outOfOrder([flush[0]!, write, flush[1]!, ...place, ...names], places)).toHaveLength(1)
    expect(outOfOrder([write, ...flush, ...place, batch], places)).toEqual([
      'rows are written before /f/d was flushed',
    ])
    expect(outOfOrder([write, ...flush, ...place, names[0]!, batch, names[1]!], places)).toHaveLength(1)
  })
})
