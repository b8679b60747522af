// The commits that make the log's tree the merged one.
import type { Commit, PlanInput } from './action.ts'
import type { RelativePath } from './name.ts'
import type { Place } from './parking-name.ts'
import type { Decision, Decisions } from './plan-merge.ts'
import { isInPlace, putInOrder, type Intent } from './plan-order.ts'
import { SideTree } from './side-tree.ts'
import { sameValue, type NodeId, type Row } from './tree.ts'

/** Commits in an order in which the log accepts them. `pathHere` tells where a node is on this disk now. */
export function commitsOf(
  decisions: Decisions,
  { pathHere, taken }: { pathHere: (id: NodeId) => RelativePath; taken: PlanInput['taken'] },
): Commit[] {
  const intents = new Map<NodeId, Intent>()
  let isNews = false
  for (const [id, decision] of decisions) {
    const intent = intentOf(decision)
    if (!isInPlace(decision.node.there, intent)) intents.set(id, intent)
    isNews ||= hasNews(decision)
  }
  if (intents.size === 0 && !isNews) return []
  const tree = logTree(decisions)
  const commits: Commit[] = []
  const removed = new Map<NodeId, Place | undefined>()
  const created = new Set<NodeId>()
  const hands = {
    create: (id: NodeId) => {
      created.add(id)
      const row = rowOf(id, { tree, decisions })
      if (row !== undefined) commits.push(put(id, { row, path: pathHere(id) }))
    },
    move: (id: NodeId, from: RelativePath) => {
      const place = tree.placeOf(id)
      if (place === undefined) return
      const { parent, name } = place
      const path = tree.pathOf(id)
      commits.push({ do: 'commit', op: 'move', id, path, from, parent, name, replaces: undefined })
    },
    remove: (id: NodeId) => {
      removed.set(id, tree.placeOf(id))
      commits.push({ do: 'commit', op: 'remove', id, path: tree.pathOf(id) })
    },
  }
  putInOrder({ tree, intents, hands, movesOnce: false, taken })
  for (const [id, decision] of decisions) {
    if (created.has(id) || !hasNews(decision)) continue
    const row = rowOf(id, { tree, decisions })
    if (row !== undefined) commits.push(put(id, { row, path: pathHere(id) }))
  }
  return commits.filter((commit) => commit.op !== 'remove' || !isTakenAlong(commit.id, removed))
}

/** The log as it is. It tells all names apart. */
function logTree(decisions: Decisions): SideTree {
  const tree = new SideTree((name) => name)
  for (const [id, { node }] of decisions) if (node.there !== undefined) tree.put(id, node.there)
  return tree
}

/** Whether what the log has under this id is to have another value. */
function hasNews({ state, node, value }: Decision): boolean {
  if (state !== 'live' || node.remote === undefined || value === undefined) return false
  return value !== node.remote.value && !sameValue(value, node.remote.value)
}

function intentOf({ state, place }: Decision): Intent {
  if (state === 'gone') return 'gone'
  return place !== undefined && (state === 'live' || state === 'split') ? place : 'as-is'
}

/** A removal takes what is below along: only the topmost one is said. */
function isTakenAlong(id: NodeId, removed: ReadonlyMap<NodeId, Place | undefined>): boolean {
  const parent = removed.get(id)?.parent
  return parent !== undefined && removed.has(parent)
}

interface Merged {
  readonly tree: SideTree
  readonly decisions: Decisions
}

function rowOf(id: NodeId, { tree, decisions }: Merged): Row | undefined {
  const [place, value] = [tree.placeOf(id), decisions.get(id)?.value]
  return place && value && { parent: place.parent, name: place.name, value }
}

function put(id: NodeId, { row, path }: { row: Row; path: RelativePath }): Commit {
  return { do: 'commit', op: 'put', id, path, row, replaces: undefined }
}
