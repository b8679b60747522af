// Every step at which a sync can be cut off, one after the other: from no crash may anything be missing, or come out differently on two devices.
import { describe, expect, test } from 'vitest'
import { testSeed } from '../seed.ts'
import { crashAt, stepsOfScenario } from './crash-points.ts'
import { Seeded } from './seeded.ts'

/** As many as take well under a minute on two cores; `GRENIER_CRASHES=all` takes each. */
const sampled = 60
const seed = testSeed()

describe('a device that dies in the middle of a sync', async () => {
  const steps = Array.from({ length: await stepsOfScenario() }, (_, at) => at + 1)
  const wanted = process.env['GRENIER_CRASHES'] === 'all' ? steps : sample(steps)
  for (const part of parts(wanted)) {
    const [first, last] = [part[0] ?? 0, part.at(-1) ?? 0]
    test(`goes on as if nothing had been, at steps ${first} to ${last} (seed ${seed})`, async () => {
      for (const step of part) {
        const { trees, lost, sentTwice, died, trace } = await crashAt(step)
        const said = `step ${step}\n${trace.join('\n')}`
        expect(died, said).toBe(true)
        expect(trees[1], said).toEqual(trees[0])
        expect(lost, said).toEqual([])
        expect(sentTwice, said).toEqual([])
      }
    })
  }
})

/** Some of them, drawn by the seed, in order; the first and the last always. */
function sample(steps: readonly number[]): number[] {
  const random = new Seeded(seed)
  const left = [...steps]
  const drawn = [left.shift(), left.pop()].filter((step) => step !== undefined)
  while (drawn.length < sampled && left.length > 0) drawn.push(...left.splice(random.below(left.length), 1))
  return drawn.sort((a, b) => a - b)
}

function* parts(steps: readonly number[]): Iterable<readonly number[]> {
  for (let at = 0; at < steps.length; at += 10) yield steps.slice(at, at + 10)
}
