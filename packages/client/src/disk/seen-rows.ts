// What the rows of a group's nodes were before something was done beside it: a step about another row than that is not carried out. A node may have got
// another id, or another path, or its user may have been seen to change it, and the step knows none of that.
import type { RelativePath } from '../sync/name.ts'
import type { LocalRow } from '../sync/tree.ts'
import type { Step } from './apply-step.ts'
import type { TreesSource } from './look-report.ts'
import { sameButChange } from './stamp.ts'

/** What a step stands on: its node as it is here. */
interface Seen {
  readonly row: LocalRow | undefined
  readonly path: RelativePath | undefined
}

/** Of one group; used once. */
export class SeenRows {
  readonly #trees: TreesSource
  readonly #steps: readonly Step[]
  #seen: readonly Seen[] | undefined

  constructor(trees: TreesSource, steps: readonly Step[]) {
    this.#trees = trees
    this.#steps = steps
  }

  /** Notes what they are now; once. */
  async note(): Promise<void> {
    this.#seen ??= await this.#now()
  }

  /** Steps that no longer stand on what was noted. */
  async changed(): Promise<readonly Step[]> {
    const before = this.#seen
    if (before === undefined) return []
    const now = await this.#now()
    return this.#steps.filter((_, at) => !isSame(before[at], now[at]))
  }

  async #now(): Promise<readonly Seen[]> {
    const tree = await this.#trees.begin()
    try {
      return this.#steps.map(({ change: { id } }) => {
        return { row: tree.get(id)?.local, path: tree.pathOf('local', id) }
      })
    } finally {
      tree.abandon()
    }
  }
}

function isSame(a: Seen | undefined, b: Seen | undefined): boolean {
  return a?.path === b?.path && isSameRow(a?.row, b?.row)
}

function isSameRow(a: LocalRow | undefined, b: LocalRow | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return a === b
  if (a.parent !== b.parent || a.name !== b.name || a.value.kind !== b.value.kind) return false
  // What came into a directory meanwhile changed its times.
  if (a.value.kind === 'directory') return a.stamp.ino === b.stamp.ino && a.stamp.mode === b.stamp.mode
  return a.stamp.ctimeNs === b.stamp.ctimeNs && sameButChange(a.stamp, b.stamp)
}
