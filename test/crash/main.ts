// `npm run crash`: every moment of every scenario, one after the other on each of two lanes. `--only TEXT` takes the scenarios whose name has
// it, `--at N` one moment alone and says all of it, `--lanes N` as many at once.
import { parseArgs } from 'node:util'
import { CrashWalk } from './crash-walk.ts'
import { scenarios } from './scenarios.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    at: { type: 'string' },
    lanes: { type: 'string', default: '2' },
  },
})

let [points, failures] = [0, 0]
const startedMs = performance.now()
for (const scenario of scenarios.filter(({ name }) => name.includes(values.only))) {
  const walk = await CrashWalk.open(scenario)
  try {
    const moments = walk.moments()
    const wanted = values.at === undefined ? moments : [Number(values.at)]
    console.log(`${scenario.name}: ${wanted.length} of ${moments.length} moments`)
    for (const complaint of walk.complaints) console.log(`  without a crash: ${complaint}`)
    failures += walk.complaints.length > 0 ? 1 : 0
    await inLanes(wanted, async (at) => {
      const { last, died, complaints } = await walk.point(at)
      points += 1
      if (!died && values.at !== undefined) console.log(`  it did not come to moment ${at}`)
      if (complaints.length === 0) return
      failures += 1
      console.log(`  at ${last}\n    ${complaints.join('\n    ')}`)
      console.log(`    again: npm run crash -- --only '${scenario.name}' --at ${at}`)
    })
  } finally {
    await walk.close()
  }
}
const seconds = Math.round((performance.now() - startedMs) / 1000)
console.log(`${points} crashes in ${seconds} s, ${failures} red`)
process.exitCode = failures > 0 ? 1 : 0

async function inLanes(all: readonly number[], work: (one: number) => Promise<void>): Promise<void> {
  const queue = all[Symbol.iterator]()
  const lane = async (): Promise<void> => {
    for (const one of queue) await work(one)
  }
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane))
}
