// `npm run fuzz`: tries every target in turn until told to stop, or one alone. Prints seeds, what came out how often, and how much memory is held.
import { parseArgs } from 'node:util'
import { fuzz, targets } from './fuzzing.ts'

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '1m' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
})

function durationMs(text: string): number {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  if (count === undefined) throw new TypeError('--for takes 30s, 10m or 8h')
  return Number(count) * (unit === 'h' ? 3_600_000 : unit === 'm' ? 60_000 : 1000)
}

const chosen = targets.filter(({ name }) => values.only === undefined || name === values.only)
if (chosen.length === 0)
  throw new TypeError(`--only takes one of: ${targets.map(({ name }) => name).join(', ')}`)
const seed = values.seed === undefined ? Date.now() % 1_000_000_000 : Number(values.seed)
const eachMs = durationMs(values.for) / chosen.length
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
