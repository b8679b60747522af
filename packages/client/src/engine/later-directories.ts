// Which new directories are better committed together with what is in them: an id that the log gave to a directory is written into the row of
// each of its children, which for a new tree would be every row there is. Whether and when they are committed is the sender's business.
import type { Commit } from '../sync/action.ts'
import type { Slots } from '../state/node-row.ts'
import { isProvisional, type NodeId } from '../sync/tree.ts'

/** What is asked of the trees. */
export interface ChildrenView {
  slotsUnder(parent: NodeId): AsyncIterable<readonly [unknown, Slots]>
}

/** Commits of a plan, in its order. */
export interface Split {
  readonly now: readonly Commit[]
  /** New directories that no other commit stands in, and that hold something which is committed later. */
  readonly later: readonly NodeId[]
}

/** Splits the commits of a plan. */
export async function splitDirectories(commits: readonly Commit[], trees: ChildrenView): Promise<Split> {
  const made = new Map<NodeId, NodeId>()
  for (const action of commits)
    if (action.op === 'put' && isNewDirectory(action)) made.set(action.id, action.row.parent)
  if (made.size === 0) return { now: commits, later: [] }
  const needed = new Set<NodeId>()
  const need = (id: NodeId): void => {
    for (let at: NodeId | undefined = id; at !== undefined && !needed.has(at); at = made.get(at))
      if (made.has(at)) needed.add(at)
  }
  for (const action of commits) {
    if (made.has(action.id)) {
      if (!(await holdsSomething(action.id, trees))) need(action.id)
    } else if (action.op === 'put') need(action.row.parent)
    else if (action.op === 'move') need(action.parent)
  }
  const isLater = (action: Commit): boolean => made.has(action.id) && !needed.has(action.id)
  return {
    now: commits.filter((action) => !isLater(action)),
    later: commits.filter(isLater).map(({ id }) => id),
  }
}

function isNewDirectory(action: Extract<Commit, { op: 'put' }>): boolean {
  return action.row.value.kind === 'directory' && action.replaces === undefined && isProvisional(action.id)
}

async function holdsSomething(id: NodeId, trees: ChildrenView): Promise<boolean> {
  for await (const [, { local }] of trees.slotsUnder(id)) if (local !== undefined) return true
  return false
}
