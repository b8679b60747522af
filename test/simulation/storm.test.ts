import { describe, expect, test } from 'vitest'
import { storm } from './storm.ts'

/** Seeds of a bounded slice; `npm run simulate` goes on from other ones. */
const first = Number(process.env['GRENIER_SEED'] ?? 1)
const count = Number(process.env['GRENIER_RUNS'] ?? 20)

describe('two devices in a storm', () => {
  for (let seed = first; seed < first + count; seed += 1) {
    test(`agree and lose nothing, seed ${seed}`, async () => {
      const { trees, lost, trace } = await storm({ seed, devices: 2 + (seed % 2), moves: 40 })
      expect(trees[1], trace.join('\n')).toEqual(trees[0])
      expect(lost, trace.join('\n')).toEqual([])
    })
  }

  test('go the same way twice from one seed', async () => {
    const one = await storm({ seed: first, devices: 2, moves: 30 })
    const two = await storm({ seed: first, devices: 2, moves: 30 })
    expect(two.trace).toEqual(one.trace)
    expect(two.trees).toEqual(one.trees)
  })
})
