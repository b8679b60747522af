// What of the merged tree this disk can hold: names that its file system cannot hold or cannot tell apart stay away, as problems,
// and are never taken for deletions.
import type { Problem, ProblemCode, Traits } from './action.ts'
import { samePlace } from './agreed.ts'
import { canHold } from './fold-case.ts'
import { heldSlot, isReserved, stands } from './plan-settle.ts'
import { joinPath, rootPath, type Name, type RelativePath } from './name.ts'
import type { Place } from './parking-name.ts'
import type { Decision, Decisions } from './plan-merge.ts'
import { rootId, type NodeId } from './tree.ts'

/** Nodes that this disk cannot have at their place. Those that are there already stay; of the others, the oldest comes first. */
export function refusals(decisions: Decisions, traits: Traits): Map<NodeId, ProblemCode> {
  const refused = new Map<NodeId, ProblemCode>()
  const folds = traits.caseInsensitive || traits.normalizesUnicode
  const holders = folds ? holdersOf(decisions, traits) : new Map<string, NodeId>()
  for (const [id, decision] of decisions) {
    const { place, node } = decision
    if (decision.state === 'barred' && node.local !== undefined) refused.set(id, 'name-reserved')
    if (place === undefined || !stands(decision) || isHere(decision, place)) continue
    if (isReserved(place, traits)) refused.set(id, 'name-reserved')
    else if (!canHold(place.name, traits)) refused.set(id, 'name-unholdable')
    else if (folds) {
      const slot = heldSlot(place, traits)
      const holder = holders.get(slot)
      if (holder === undefined) holders.set(slot, id)
      else if (holder !== id) refused.set(id, 'name-collision')
    }
  }
  return refused
}

/** Who holds a name here and keeps it, perhaps in other letters. */
function holdersOf(decisions: Decisions, traits: Traits): Map<string, NodeId> {
  const holders = new Map<string, NodeId>()
  for (const [id, decision] of decisions) {
    const { place, node } = decision
    if (place === undefined || node.here === undefined || !stands(decision)) continue
    const slot = heldSlot(place, traits)
    if (slot === heldSlot(node.here, traits)) holders.set(slot, id)
  }
  return holders
}

function isHere({ node: { local, here } }: Decision, place: Place): boolean {
  return here !== undefined && local !== undefined && samePlace(local, place) && here.parent === local.parent
}

/** The problems of nodes, sorted by path. */
export function problemsOf(refused: ReadonlyMap<NodeId, ProblemCode>, decisions: Decisions): Problem[] {
  const problems = Array.from(refused, ([id, code]) => ({ path: mergedPath(id, decisions), code }))
  return problems.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** Where a node is in the merged tree. */
export function mergedPath(id: NodeId, decisions: Decisions): RelativePath {
  const names: Name[] = []
  const seen = new Set<NodeId>()
  for (let at = id; at !== rootId && !seen.has(at);) {
    seen.add(at)
    const place = decisions.get(at)?.place
    if (place === undefined) break
    names.push(place.name)
    at = place.parent
  }
  return names.reduceRight((path, name) => joinPath(path, name), rootPath)
}
