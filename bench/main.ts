// `npm run bench`: measures and prints a table; with --json, one object a line. `-- large [FILES]`: one large vault.
// `-- relay`: the relay alone, with many clients.
import type { Figure } from './figures.ts'
import { measureLarge } from './large.ts'
import { measureLatency } from './latency.ts'
import { measureRelay } from './relay.ts'

const filesDefault = 200_000
const json = process.argv.includes('--json')
const [what = 'latency', count] = process.argv.slice(2).filter((word) => !word.startsWith('--'))

async function measured(): Promise<Figure[]> {
  if (what === 'large') return await measureLarge(Number(count ?? filesDefault))
  if (what === 'latency') return await measureLatency(20)
  if (what === 'relay') return await measureRelay()
  throw new Error(`nothing is called ${what}: latency, large [FILES], or relay`)
}

for (const { name, value, unit } of await measured()) {
  if (json) console.log(JSON.stringify({ name, value, unit }))
  else console.log(`${name.padEnd(44)} ${value.toFixed(0).padStart(8)} ${unit}`)
}
