// Which tests mount which attack: the tests say so themselves, by `attack N` in their names.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
const suites = ['test/malicious-relay', 'test/malicious-member', 'test/malicious-stranger']
/** The attacks are numbered from 1. */
export const attackLast = 32

/** Matches the full name of a test of this attack. */
export function attackPattern(attack: number): RegExp {
  return new RegExp(`attack (?:\\d+, )*${attack}(?!\\d)`)
}

/** Files of the suites with a test of this attack, sorted. */
export function filesOf(attack: number): string[] {
  return suites
    .flatMap((suite) => readdirSync(join(root, suite)).map((name) => `${suite}/${name}`))
    .filter((path) => path.endsWith('.test.ts') && attackPattern(attack).test(titlesIn(path)))
    .sort()
}

/** The lines that name tests. */
function titlesIn(path: string): string {
  const source = readFileSync(join(root, path), 'utf8')
  return [...source.matchAll(/attack \d[\d, ]*/g)].map(([title]) => title).join('\n')
}
