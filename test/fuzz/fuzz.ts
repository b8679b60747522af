// `npm run fuzz`: tries every target in turn until told to stop, or one alone. Prints seeds, what came out how often, and how much memory is held.
import { durationMs, optionsOf, refuse } from '../command-line.ts'
import { fuzz, targets } from './fuzzing.ts'

const names = targets.map(({ name }) => name).join(', ')
const values = optionsOf({
  name: 'fuzz',
  does: 'Gives every decoder what nobody would send, and looks that it refuses it cheaply.',
  options: {
    for: {
      type: 'string',
      default: '1m',
      takes: 'TIME',
      does: 'how long for all targets together: 30s, 10m, 8h',
    },
    runs: { type: 'string', takes: 'N', does: 'so many tries of each target instead' },
    seed: { type: 'string', takes: 'N', does: 'the first seed; one of now where it is not given' },
    only: { type: 'string', takes: 'NAME', does: `one target: ${names}` },
  },
})

const chosen = targets.filter(({ name }) => values.only === undefined || name === values.only)
if (chosen.length === 0) refuse('fuzz', `--only takes one of: ${names}`)
const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
const eachMs = (durationMs(values.for) ?? refuse('fuzz', '--for takes 30s, 10m or 8h')) / chosen.length
console.log(`seeds from ${seed}`)
for (const target of chosen) {
  const startMs = performance.now()
  const goesOn =
    values.runs === undefined
      ? (): boolean => performance.now() - startMs < eachMs
      : (tries: number): boolean => tries < Number(values.runs)
  const { counts, findings } = await fuzz(target, seed, goesOn)
  const tries = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const seconds = (performance.now() - startMs) / 1000
  const outcomes = [...counts]
    .sort(([, one], [, two]) => two - one)
    .map(([what, count]) => `${what} ${count}`)
  const heldMiB = Math.round(process.memoryUsage().rss / 1024 / 1024)
  console.log(
    `${target.name}: ${tries} in ${seconds.toFixed(1)} s, ${heldMiB} MiB held; ${outcomes.join(', ')}`,
  )
  for (const finding of findings) console.log(finding)
  if (findings.length > 0) process.exitCode = 1
}
