// What people read of a file of which a part could not be had, where a vault is brought out.
import type { Problem, ProblemCode } from '../sync/action.ts'
import type { Catalogue } from './catalogue.ts'
import { printable } from './printable.ts'
import { formatBytes } from './quantities.ts'

/** Stretches that are told one by one. */
const rangesShown = 4

type Lost = Pick<Problem, 'code' | 'lost'> & {
  readonly path: string
  readonly keptAs?: string | undefined
}

/** What is left of it, and where; undefined where nothing is. */
export function lostText(words: Catalogue, { path, code, keptAs, lost = [] }: Lost): string | undefined {
  if (keptAs === undefined) return undefined
  const lostBytes = lost.reduce((sum, { length }) => sum + length, 0)
  const said = {
    problem: (reasonOf(words, code) ?? words.problemArchiveDamaged)({ path: printable(path) }),
    bytes: formatBytes(lostBytes, words.language),
    ranges: lost.slice(0, rangesShown).map(({ offset, length }) => `${offset}–${offset + length - 1}`),
    more: Math.max(0, lost.length - rangesShown),
  }
  return keptAs === path
    ? words.salvagedInPlace(said)
    : words.salvagedBeside({ ...said, keptAs: printable(keptAs) })
}

/** The same of what comes from the relay and is asked for once: nothing waits for it. undefined where the relay has nothing to do with it. */
export function leftOutText(words: Catalogue, problem: Lost): string | undefined {
  const reason = reasonOf(words, problem.code)
  if (reason === undefined) return undefined
  return (
    lostText(words, problem) ?? words.salvagedNothing({ problem: reason({ path: printable(problem.path) }) })
  )
}

function reasonOf(words: Catalogue, code: ProblemCode): ((values: { path: string }) => string) | undefined {
  if (code === 'pack-unavailable') return words.lostAtRelay
  if (code === 'relay-corrupt') return words.damagedAtRelay
  return code === 'entry-void' ? words.untrueOfIt : undefined
}
