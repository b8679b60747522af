import { describe, expect, test } from 'vitest'
import { testSeed } from '../seed.ts'
import { plannerRun } from './planner-runs.ts'
import { plannerRegressions, regressions } from './regressions.ts'
import { storm } from './storm.ts'

/** A bounded slice; `npm run simulate` goes on from other seeds. */
const first = testSeed()
const count = Number(process.env['GRENIER_RUNS'] ?? 350)
const plannerCount = Number(process.env['GRENIER_PLAN_RUNS'] ?? 10_000)
const atOnce = 50

describe('devices in a storm', () => {
  for (let from = first; from < first + count; from += atOnce) {
    const to = Math.min(from + atOnce, first + count) - 1
    test(`agree, lose nothing and show the relay nothing, seeds ${from} to ${to}`, async () => {
      for (let seed = from; seed <= to; seed += 1) {
        const { failures } = await storm({ seed })
        expect(failures, `npm run simulate -- --seed ${seed}`).toEqual([])
      }
    })
  }

  test('go the same way twice from one seed', async () => {
    for (let seed = first; seed < first + 5; seed += 1) {
      const one = await storm({ seed })
      const two = await storm({ seed })
      expect(two.trace).toEqual(one.trace)
      expect(two.traceHash).toBe(one.traceHash)
    }
  })

  test.each(regressions)('stay well where once $found', async ({ run }) => {
    const { failures } = await storm(run)
    expect(failures, `npm run simulate -- --seed ${run.seed}`).toEqual([])
  })
})

describe('the planner over a tree perturbed twice', () => {
  test(`comes to an end and loses nothing, seeds ${first} to ${first + plannerCount - 1}`, () => {
    for (let seed = first; seed < first + plannerCount; seed += 1)
      expect(plannerRun(seed), `npm run simulate -- --planner --seed ${seed}`).toBeUndefined()
  })

  test.each(plannerRegressions)('stays well where once $found', ({ seed }) => {
    expect(plannerRun(seed)).toBeUndefined()
  })
})
