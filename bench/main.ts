// `npm run bench`: measures and prints a table; with --json, one object a line. `-- large [FILES]`: one large vault.
import type { Figure } from './figures.ts'
import { measureLarge } from './large.ts'
import { measureLatency } from './latency.ts'

const filesDefault = 200_000
const json = process.argv.includes('--json')
const [what = 'latency', count] = process.argv.slice(2).filter((word) => !word.startsWith('--'))

async function measured(): Promise<Figure[]> {
  if (what === 'large') return await measureLarge(Number(count ?? filesDefault))
  if (what === 'latency') return await measureLatency(20)
  throw new Error(`nothing is called ${what}: latency, or large [FILES]`)
}

for (const { name, value, unit } of await measured()) {
  if (json) console.log(JSON.stringify({ name, value, unit }))
  else console.log(`${name.padEnd(40)} ${value.toFixed(0).padStart(8)} ${unit}`)
}
