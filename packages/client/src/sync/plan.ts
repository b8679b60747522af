// The planner: three trees in, actions out. Pure: no I/O, no clock, no randomness; the same rows in any order give the same plan.
// The table of what it decides, and why it ends, is in docs/SYNC.md.
import type { Action, Adopt, Plan, PlanInput, Read } from './action.ts'
import { agreedBase } from './agreed.ts'
import { problemsOf, refusals } from './plan-hold.ts'
import { changesOf, localTree } from './plan-local.ts'
import type { Decision } from './plan-merge.ts'
import { pairNodes } from './plan-pair.ts'
import { commitsOf } from './plan-remote.ts'
import { settle } from './plan-settle.ts'
import { sameRow } from './tree.ts'

/** Plans that it takes at most until a plan has no actions, that last one included, when all actions succeed and nobody interferes. */
export const roundsMax = 8

/**
 * Plans the next step towards local = remote = base. Executing all of it, observing and planning again ends, after at most
 * `roundsMax` plans when nobody interferes, with a plan without actions; problems may remain.
 *
 * `input.rows` has to hold, with all three columns each:
 *  1. every row whose columns differ, in place or value, or are not all there; or a part of them that is closed under 2 to 5;
 *  2. for every row in it, its parent in each column, and so on up to the root (the root itself has no row). A parent that is
 *     missing is taken for one that does not exist: base rows below it do not count;
 *  3. for every directory in it that has a base row but lacks a local or a remote one, or whose rows are of different kinds: its
 *     children in each column, and so on down as long as this holds for them;
 *  4. for every row in it and each of its places: the nodes of each column that have this name in this directory, or in one that is at
 *     the same path in another column (the two may pair);
 *  5. where the file system folds case or composes names: in 4, names that are alike (`likenessOf`) as well.
 * When all rows that differ are in, 3 holds by itself: below a directory that one column lacks, every row lacks that column or has
 * another place there. More rows than these do not change what is planned about these.
 */
export function plan(input: PlanInput): Plan {
  const settled = settle(pairNodes(input), input)
  const { decisions } = settled
  const tree = once(() => localTree(decisions, input.traits))
  const refused = refusals(decisions, input.traits)
  const adopts: Adopt[] = []
  const reads: Read[] = []
  for (const decision of decisions.values()) {
    const adopt = adoptOf(decision)
    if (adopt !== undefined) adopts.push(adopt)
    const { id } = decision.node
    if (decision.state === 'unread') reads.push({ do: 'read', id, path: tree().pathOf(id) })
  }
  // The tree is the disk as it is until `changesOf` has its turn.
  const { taken } = input
  const commits = commitsOf(decisions, { pathHere: (id) => tree().pathOf(id), taken })
  const { actions, conflicts } = changesOf({ settled, tree, refused, taken })
  const all: Action[] = [...adopts, ...reads, ...commits, ...actions]
  return { actions: all, conflicts, problems: problemsOf(refused, decisions) }
}

/** Made when it is first asked for: most plans have nothing to do that needs it. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** Base follows what both sides agree on; a base row that does not count any more goes. */
function adoptOf({ node, state }: Decision): Adopt | undefined {
  // Of two versions of one file, the local one is about to leave the node.
  const base = state === 'split' ? node.base : agreedBase(node)
  const isPaired = node.localId !== node.id
  const { storedBase } = node
  const isSame =
    base === undefined || storedBase === undefined ? base === storedBase : sameRow(base, storedBase)
  return isPaired || !isSame ? { do: 'adopt', local: node.localId, remote: node.id, base } : undefined
}
