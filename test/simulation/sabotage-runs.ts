// One check of a tree that somebody may have broken: runs until the first one that fails, or the last. Prints one line of JSON.
import { plannerRun } from './planner-runs.ts'
import { regressions } from './regressions.ts'
import { storm, type StormOptions } from './storm.ts'
import { themeNamed } from './vault-moves.ts'

const [what, first, count] = process.argv.slice(2)
const from = Number(first)
let failed: unknown = undefined
let runs = 0
// A broken engine may break in ways that nobody waits for.
process.on('unhandledRejection', (error) => {
  failed ??= `unhandled: ${String(error)}`
})
// What once was found comes first.
for (const { run } of what === 'storm' ? regressions : []) failed ??= await stormed(run)
if (failed !== undefined) {
  console.log(JSON.stringify({ runs: 1, seed: 0, failed: `a regression: ${firstLine(failed)}` }))
  process.exit(0)
}
const theme = themeNamed(what)
for (; runs < Number(count) && failed === undefined; runs += 1)
  failed = what === 'planner' ? plannerRun(from + runs) : await stormed({ seed: from + runs, theme })
console.log(
  JSON.stringify({ runs, seed: from + runs - 1, failed: failed === undefined ? '' : firstLine(failed) }),
)
process.exit(0)

async function stormed(options: StormOptions): Promise<string | undefined> {
  try {
    return (await storm(options)).failures[0]
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function firstLine(failed: unknown): string {
  return String(failed).split('\n', 1)[0] ?? ''
}
