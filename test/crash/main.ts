// `npm run crash`: every moment of every scenario, one after the other on each of two lanes.
import { optionsOf } from '../command-line.ts'
import { CrashWalk, walkables } from './crash-walk.ts'

const values = optionsOf({
  name: 'crash',
  does: 'Every moment of every scenario at which the client, or the relay, can be killed. Takes hours.',
  options: {
    only: { type: 'string', default: '', takes: 'TEXT', does: 'the scenarios whose name has this' },
    at: { type: 'string', takes: 'N', does: 'one moment alone' },
    from: { type: 'string', default: '1', takes: 'N', does: 'the moments from there on' },
    lanes: { type: 'string', default: '2', takes: 'N', does: 'so many at once' },
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
