// The table of defences in docs/THREATS.md: what was taken out, and which test noticed.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Removal } from './attack.ts'
import { root } from './suites.ts'

export interface Row {
  readonly removal: Removal
  readonly noticed: { readonly file: string; readonly test: string } | undefined
}

/** A row as the document has it: cells as they stand there. */
export interface Written {
  readonly attacks: string
  readonly gone: string
  readonly file: string
  readonly test: string
}

const path = join(root, 'docs/THREATS.md')
const [begin, end] = ['<!-- defences: written by `npm run defences -- --write` -->', '<!-- /defences -->']

export const header = '| attack | taken out | noticed by |\n| --- | --- | --- |'

/** One line of Markdown. */
export function rowOf({ removal, noticed }: Row): string {
  const { gone } = removal
  const by = noticed === undefined ? '**nobody**' : `\`${noticed.file}\`: ${cell(noticed.test)}`
  return `| ${numbersOf(removal)} | ${cell(gone)} | ${by} |`
}

/** Puts the table in its place: of what was run, what was noticed, and of the rest the rows that stand there. */
export function writeTable(list: readonly Removal[], ran: ReadonlyMap<Removal, Row>): void {
  const stands = writtenRows()
  const [before, rest] = readFileSync(path, 'utf8').split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`${path} has no place for the table`)
  const lines = list.flatMap((removal) => {
    const [row, old] = [ran.get(removal), stands.find((one) => isOf(one, removal))]
    if (row !== undefined) return row.noticed === undefined ? [] : [rowOf(row)]
    return old === undefined ? [] : [`| ${old.attacks} | ${old.gone} | \`${old.file}\`: ${old.test} |`]
  })
  const table = [header, ...lines].join('\n')
  writeFileSync(path, `${before}${begin}\n\n${table}\n\n${end}${after}`)
  execFileSync(join(root, 'node_modules/.bin/prettier'), ['--write', '--log-level', 'warn', path])
}

/** The rows that stand there. */
export function writtenRows(): Written[] {
  const table = readFileSync(path, 'utf8').split(begin)[1]?.split(end)[0] ?? ''
  return table
    .split('\n')
    .filter((line) => /^\| *[\d–]/.test(line))
    .map((line) => {
      const [, attacks = '', gone = '', by = ''] = line.split(/(?<!\\)\|/).map((one) => one.trim())
      const [, file = '', test = ''] = /^`([^`]+)`: (.*)$/.exec(by) ?? []
      return { attacks, gone, file, test }
    })
}

/** The attacks as the table has them; a dash where there is no number. */
function numbersOf({ attacks }: Removal): string {
  return attacks.length === 0 ? '–' : attacks.join(', ')
}

/** Whether a row is this removal's. */
export function isOf({ attacks, gone }: Written, removal: Removal): boolean {
  return attacks === numbersOf(removal) && gone === cell(removal.gone)
}

/** Words as a cell of a table has them. */
function cell(words: string): string {
  return words.replace(/([|*_<>])/g, '\\$1')
}
