// Whether all machines have the same tree, as far as their file systems can hold it.
import type { Machine } from './machine.ts'

type Refused = ReadonlyMap<Machine, ReadonlySet<string>>

/** What some machine has and the others lack, for people. `trees`: one a machine. `refused`: paths that a machine said it cannot have. */
export function unequalTrees(
  machines: readonly Machine[],
  trees: readonly (readonly string[])[],
  refused: Refused,
): string[] {
  const failures: string[] = []
  const [plain] = machines.filter((machine) => !machine.folds)
  const model = plain === undefined ? undefined : trees[machines.indexOf(plain)]
  if (model === undefined) return failures
  for (const [at, machine] of machines.entries()) {
    const tree = trees[at] ?? []
    const lacks = model.filter((line) => !tree.includes(line))
    const has = tree.filter((line) => !model.includes(line))
    if (machine.folds && isExplained({ lacks, has }, refused.get(machine) ?? new Set())) continue
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
  refused: ReadonlySet<string>,
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
