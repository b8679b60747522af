import { expect, test } from 'vitest'
import { seedsMaxDefault } from '../state/closure.ts'
import { partChangesMax } from './plan-work.ts'

test('a plan is several parts: between two of them a run answers, and turns to what came', () => {
  expect(partChangesMax * 2).toBeLessThanOrEqual(seedsMaxDefault)
})
