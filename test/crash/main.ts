// `npm run crash`: every moment of every scenario, one after the other on each of two lanes. `--only TEXT` takes the scenarios whose name has
// it, `--at N` one moment alone, `--from N` those from there on, `--lanes N` as many at once.
import { parseArgs } from 'node:util'
import { CrashWalk, walkables } from './crash-walk.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    at: { type: 'string' },
    from: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
  },
})

const { only } = values
const named = walkables.filter(({ name }) => name === only)
const chosen = named.length > 0 ? named : walkables.filter(({ name }) => name.includes(only))

let [points, failures] = [0, 0]
const startedMs = performance.now()
for (const walkable of chosen) {
  const walk = await CrashWalk.open(walkable)
  try {
    const moments = walk.moments()
    const from = moments.filter((moment) => moment >= Number(values.from))
    const wanted = values.at === undefined ? from : [Number(values.at)]
    console.log(`${walkable.name}: ${wanted.length} of ${moments.length} moments`)
    for (const complaint of walk.complaints) console.log(`  without a crash: ${complaint}`)
    failures += walk.complaints.length > 0 ? 1 : 0
    await inLanes(wanted, async (at) => {
      const { last, died, complaints } = await walk.point(at)
      points += 1
      if (!died && values.at !== undefined) console.log(`  it did not come to moment ${at}`)
      if (complaints.length === 0) return
      failures += 1
      console.log(`  at ${last}\n    ${complaints.join('\n    ')}`)
      console.log(`    again: npm run crash -- --only '${walkable.name}' --at ${at}`)
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
