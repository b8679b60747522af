// `npm run bench`: compares with other tools; `-- micro`, `path LOAD`, `latency`, `large [FILES]`, `archive`, `restic`, `relay`, `line` measure one. See README.md.
import { writeFileSync } from 'node:fs'
import { measureArchive } from './archive.ts'
import { chartOf } from './compare/chart.ts'
import { compare } from './compare/compare.ts'
import { tablesOf } from './compare/table.ts'
import { helpOf } from './help.ts'
import { measureLarge } from './large.ts'
import { measureLatency } from './latency.ts'
import { measureLine } from './line/measure.ts'
import { measureMicro, said } from './micro/micro.ts'
import { optionsOf, type Options } from './options.ts'
import { measurePaths } from './path.ts'
import { measureRelay } from './relay.ts'
import { report } from './report.ts'
import { measureBesideRestic } from './restic.ts'

const filesDefault = 200_000
const savesDefault = 20

async function measured(options: Options): Promise<void> {
  const { what, subject, rounds, underLoad, mib } = options
  if (what === 'compare') await compared(options)
  if (what === 'micro') await stages(options)
  if (what === 'line') {
    const { figures, line } = await measureLine(options, (text) => console.error(text))
    report(options, figures, { line })
  }
  if (what === 'path') report(options, await measurePaths(options))
  if (what === 'latency')
    report(options, await measureLatency({ saves: rounds ?? savesDefault, underLoad, mib }))
  if (what === 'archive') report(options, await measureArchive({ mib }))
  if (what === 'restic') report(options, await measureBesideRestic(options))
  if (what === 'relay') report(options, await measureRelay())
  if (what === 'large') report(options, await measureLarge(Number(subject ?? filesDefault)))
}

async function compared(options: Options): Promise<void> {
  const comparison = await compare(options, (line) => console.error(line))
  console.log(tablesOf(comparison))
  report(options, [], comparison)
  if (options.svg !== undefined) writeFileSync(options.svg, chartOf(comparison))
}

async function stages(options: Options): Promise<void> {
  const micro = await measureMicro(options)
  report(options, micro.figures, { ceilings: micro.ceilings })
  if (!options.jsonLines) console.log(said(micro))
}

/** What was asked for; undefined after it was said what is wrong with the words. */
function asked(words: readonly string[]): Options | undefined {
  try {
    return optionsOf(words)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    console.error(`error: ${error.message}\nhint: npm run bench -- --help`)
    process.exitCode = 2
    return undefined
  }
}

const options = asked(process.argv.slice(2))
if (options?.help !== undefined) console.log(helpOf(options.help === 'all' ? undefined : options.what))
else if (options !== undefined) await measured(options)
