// `npm run defences`: takes each defence of docs/THREATS.md out of the source, one after the other, and demands that a test of its attack fails;
// with nothing taken out, all of them must pass. With `--write` the rows of what was not run stay, and what nobody noticed has none.
import { optionsOf } from '../command-line.ts'
import type { Removal } from './attack.ts'
import { removals } from './removals.ts'
import { runTests, type Ran, type Tests } from './run-tests.ts'
import { attackPattern, filesOf } from './suites.ts'
import { header, rowOf, writeTable, type Row } from './table.ts'

const values = optionsOf({
  name: 'defences',
  does: 'Takes each defence of docs/THREATS.md out of the source, one after the other: a test of its attack has to fail.',
  options: {
    only: {
      type: 'string',
      multiple: true,
      takes: 'WHAT',
      does: 'an attack (7) or words of a defence (commitment); any number of times',
    },
    write: {
      type: 'boolean',
      default: false,
      does: 'writes what was noticed into the table in docs/THREATS.md',
    },
    lanes: { type: 'string', default: '2', takes: 'N', does: 'so many at once' },
  },
})

function isWanted({ attacks, gone }: Removal): boolean {
  const isNamed = (only: string): boolean =>
    /^\d+$/.test(only) ? attacks.includes(Number(only)) : gone.includes(only)
  return values.only?.some(isNamed) ?? true
}

function testsOf({ attacks: [attack], tests, hangs }: Removal): Tests {
  if (tests !== undefined) return { files: tests, mayHang: hangs === true }
  if (attack === undefined) throw new Error('neither an attack nor tests')
  return { files: filesOf(attack), pattern: attackPattern(attack) }
}

/** With nothing taken out, all must pass: tests that fail anyway would notice everything. */
async function checkWhole(wanted: readonly Removal[]): Promise<void> {
  const files = new Set(wanted.flatMap((removal) => testsOf(removal).files))
  const { failed, broken, passed } = await runTests({ files: [...files].sort() })
  if (failed !== undefined || broken !== undefined || passed === 0)
    throw new Error(
      `fails with nothing taken out: ${failed === undefined ? (broken ?? 'no test ran') : `${failed.file} ${failed.test}: ${failed.said}`}`,
    )
  console.log(`${passed} tests in ${files.size} files pass with nothing taken out\n`)
}

async function main(): Promise<void> {
  const wanted = removals.filter(isWanted)
  await checkWhole(wanted)
  console.log(header)
  const rows = new Map<Removal, Row>()
  const queue = [...wanted]
  const lane = async (): Promise<void> => {
    for (let removal = queue.shift(); removal !== undefined; removal = queue.shift()) {
      const ran = await runTests(testsOf(removal), removal.edits)
      if (ran.failed === undefined) unnoticed(removal, ran)
      rows.set(removal, { removal, noticed: ran.failed })
      console.log(rowOf({ removal, noticed: ran.failed }))
    }
  }
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane))
  if (values.write) writeTable(removals, rows)
}

function unnoticed(removal: Removal, { passed, broken }: Ran): void {
  process.exitCode = 1
  const why = broken === undefined ? `${passed} tests passed` : `it did not run: ${broken}`
  console.error(
    `nobody noticed: ${removal.gone} (attack ${removal.attacks.join(', ') || 'without a number'}): ${why}`,
  )
}

await main()
