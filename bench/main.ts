// `npm run bench`: measures and prints a table; with --json, one object a line.
import { measureLatency } from './latency.ts'

const json = process.argv.includes('--json')
for (const { name, value, unit } of await measureLatency(20)) {
  if (json) console.log(JSON.stringify({ name, value, unit }))
  else console.log(`${name.padEnd(40)} ${value.toFixed(0).padStart(8)} ${unit}`)
}
