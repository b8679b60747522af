// Whether all machines have the same tree, as far as their file systems can hold it.
import type { ProblemCode } from '../../packages/client/src/sync/action.ts'
import type { Machine } from './machine.ts'

/** Paths of which a machine said that it cannot have what is there, and why. */
type Refused = ReadonlyMap<Machine, ReadonlyMap<string, ProblemCode>>

/** `refused`: what they said last. `mayLack`: whether a relay may have lost content. */
interface Said {
  readonly refused: Refused
  readonly mayLack: boolean
}

/**
 * What some machine has and the others lack, for people. `trees`: one a machine. Of content that the relay lost one machine may still have an earlier
 * version and the other one another, or nothing, where both say so.
 */
export function unequalTrees(
  machines: readonly Machine[],
  trees: readonly (readonly string[])[],
  { refused, mayLack }: Said,
): string[] {
  const failures: string[] = []
  const [plain] = machines.filter((machine) => !machine.folds)
  const model = plain === undefined ? undefined : trees[machines.indexOf(plain)]
  if (plain === undefined || model === undefined) return failures
  for (const [at, machine] of machines.entries()) {
    const isLost = (line: string): boolean =>
      mayLack && [plain, machine].every((one) => refused.get(one)?.get(pathOf(line)) === 'pack-unavailable')
    const tree = trees[at] ?? []
    const lacks = model.filter((line) => !tree.includes(line) && !isLost(line))
    const has = tree.filter((line) => !model.includes(line) && !isLost(line))
    if (machine.folds && isExplained({ lacks, has }, refused.get(machine) ?? new Map())) continue
    if (lacks.length + has.length > 0)
      failures.push(`${machine.name} lacks\n  ${lacks.join('\n  ')}\nand has\n  ${has.join('\n  ')}`)
  }
  return failures
}

/**
 * Whether a folding machine said why it lacks what it lacks; what it has instead must be the same things, where they were, or directories
 * that hold them.
 */
function isExplained(
  { lacks, has }: { lacks: readonly string[]; has: readonly string[] },
  refused: ReadonlyMap<string, ProblemCode>,
): boolean {
  const isRefused = (line: string): boolean => {
    const names = pathOf(line).split('/')
    return names.some((_, at) => refused.has(names.slice(0, at + 1).join('/')))
  }
  const unplaced = new Set(lacks.map(valueOf))
  return (
    lacks.every(isRefused) && has.every((line) => unplaced.has(valueOf(line)) || kindOf(line) === 'directory')
  )
}

const linePattern = /^(.*) (file|directory|link|other) (\d*) -?\d* ([0-9a-f]+)$/s

function pathOf(line: string): string {
  return linePattern.exec(line)?.[1] ?? ''
}

function kindOf(line: string): string {
  return linePattern.exec(line)?.[2] ?? ''
}

function valueOf(line: string): string {
  const [, , kind, , hash] = linePattern.exec(line) ?? []
  return `${kind} ${hash}`
}
