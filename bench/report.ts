// What a run leaves behind: lines on the terminal, and one JSON document that says on what machine it was.
import { writeFileSync } from 'node:fs'
import { lineOf, type Figure } from './figures.ts'
import { thisMachine, type Machine } from './machine.ts'
import type { Options } from './options.ts'

/** The document that `--json FILE` writes. A field that is added leaves the number; one that changes its meaning raises it. */
export interface Report {
  readonly format: 1
  readonly what: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly machine: Machine
  readonly figures: readonly Figure[]
}

/** Says figures, and writes them where it was asked for; `more` is added to the document. */
export function report(options: Options, figures: readonly Figure[], more: object = {}): void {
  if (options.jsonLines)
    for (const { name, value, unit } of figures) console.log(JSON.stringify({ name, value, unit }))
  else for (const figure of figures) console.log(lineOf(figure))
  if (options.jsonFile === undefined) return
  const { what } = options
  const document: Report = {
    format: 1,
    what,
    at: new Date().toISOString(),
    machine: thisMachine(),
    figures,
    ...more,
  }
  writeFileSync(options.jsonFile, `${JSON.stringify(document, undefined, 2)}\n`)
}
