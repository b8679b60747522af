// Who is who: nodes pair by id first, then by path. Also which base rows still count.
import type { PlanInput, Traits } from './action.ts'
import { samePlace, sameSubstance } from './agreed.ts'
import { isParked } from './parking-name.ts'
import { byAge, decidedRows, slotOf, type PlanNode } from './plan-node.ts'
import { rootId, sameValue, type Columns, type NodeId, type Row } from './tree.ts'

type Rows = ReadonlyMap<NodeId, Columns>

/** All nodes, the oldest first; of two that are one, it is listed under its id in the log. */
export function pairNodes({ rows, traits }: PlanInput): Map<NodeId, PlanNode> {
  const ids = byAge(rows.keys()).filter((id) => id !== rootId)
  const decided: Rows = new Map(ids.map((id) => [id, decidedRows(id, rows.get(id) ?? {}, traits)]))
  const counted = countedBases(ids, { rows, decided })
  const pairs = pairsByPath(ids, { decided, counted, traits })
  const localOf = new Map(Array.from(pairs, ([local, remote]) => [remote, local]))
  const nodes = new Map<NodeId, PlanNode>()
  const all = { rows, decided, counted }
  for (const id of ids) {
    if (pairs.has(id)) continue
    const localId = localOf.get(id) ?? id
    const node = pairs.size === 0 ? loneNode(id, all) : nodeOf({ ...all, id, localId, pairs })
    if (node !== undefined) nodes.set(id, node)
  }
  return nodes
}

/**
 * Base is a tree: a row counts if its parent's counts. A node that one side moved and the other removed lives, and everything in it
 * with it, as if it were new: its base row does not count any more. So a moved folder that was removed elsewhere comes back whole,
 * also when a crash cuts that in two. The row of a parked node counts by itself: what it was parked for may be what its parent went for.
 */
function countedBases(
  ids: readonly NodeId[],
  { rows, decided }: Record<'rows' | 'decided', Rows>,
): Set<NodeId> {
  const counts = new Map<NodeId, boolean>([[rootId, true]])
  const chain: NodeId[] = []
  for (const id of ids) {
    let at = id
    // Each is put down as counting before its parent is known: base rows that run in a circle count.
    while (!counts.has(at)) {
      chain.push(at)
      counts.set(at, true)
      at = decided.get(at)?.base?.parent ?? at
    }
    for (let below = chain.pop(); below !== undefined; below = chain.pop()) {
      const columns = decided.get(below)
      const parent = columns?.base?.parent
      const isHeld = (parent !== undefined && counts.get(parent) === true) || isParkedAnywhere(below, rows)
      counts.set(below, isHeld && !isForgotten(columns))
    }
  }
  return new Set(ids.filter((id) => counts.get(id) === true))
}

function isParkedAnywhere(id: NodeId, rows: Rows): boolean {
  const { local, remote } = rows.get(id) ?? {}
  return (local !== undefined && isParked(id, local)) || (remote !== undefined && isParked(id, remote))
}

function isForgotten(columns: Columns | undefined): boolean {
  const { base, local, remote } = columns ?? {}
  if (base === undefined) return true
  const only = local === undefined ? remote : remote === undefined ? local : undefined
  if (only !== undefined) return !samePlace(only, base) || only.value.kind !== base.value.kind
  return local !== undefined && local.value.kind !== base.value.kind
}

interface Pairing {
  readonly decided: Rows
  readonly counted: ReadonlySet<NodeId>
  readonly traits: Traits
}

/**
 * Pairs local nodes that the log does not have with nodes of the log that this disk does not have, of one kind at one place in
 * paired parents. Directories pair whatever is in them. Files and links do if they are the same, or if base says that one side
 * merely replaced what the other has unchanged or changed: what differs then merges as changes of one node do. Parents first.
 */
function pairsByPath(ids: readonly NodeId[], pairing: Pairing): Map<NodeId, NodeId> {
  const { decided, traits } = pairing
  const free = new Map<string, NodeId>()
  for (const id of ids) {
    const { local, remote } = decided.get(id) ?? {}
    if (remote === undefined || local !== undefined) continue
    free.set(slotOf(remote), id)
    // On a file system that composes names anew a name may come back in another form than the log has it.
    const spelt = `${remote.parent}//${remote.name.normalize('NFC')}`
    if (traits.normalizesUnicode && !free.has(spelt)) free.set(spelt, id)
  }
  const pairs = new Map<NodeId, NodeId>()
  if (free.size === 0) return pairs
  const taken = new Set<NodeId>()
  const tried = new Set<NodeId>()
  const tryPair = (id: NodeId): void => {
    const local = decided.get(id)?.local
    if (local === undefined || decided.get(id)?.remote !== undefined) return
    const parent = pairs.get(local.parent) ?? local.parent
    const spelt = `${parent}//${local.name.normalize('NFC')}`
    const other = free.get(slotOf({ parent, name: local.name })) ?? free.get(spelt)
    if (other === undefined || taken.has(other) || !mayPair(id, other, pairing)) return
    pairs.set(id, other)
    taken.add(other)
  }
  for (const id of ids) for (const next of untried(id, decided, tried)) tryPair(next)
  return pairs
}

/** The node and the local directories it is in that were not tried yet, from the top; marks them. */
function untried(id: NodeId, decided: Rows, tried: Set<NodeId>): NodeId[] {
  const chain: NodeId[] = []
  let at: NodeId | undefined = id
  while (at !== undefined && at !== rootId && !tried.has(at)) {
    tried.add(at)
    chain.push(at)
    at = decided.get(at)?.local?.parent
  }
  return chain.toReversed()
}

function mayPair(localId: NodeId, remoteId: NodeId, { decided, counted }: Pairing): boolean {
  const { local, base } = decided.get(localId) ?? {}
  const { remote } = decided.get(remoteId) ?? {}
  if (local === undefined || remote === undefined || local.value.kind !== remote.value.kind) return false
  const [replacedThere, replacedHere] = [counted.has(localId), counted.has(remoteId)]
  if (replacedThere && replacedHere) return false
  if (local.value.kind === 'directory' || replacedHere) return true
  if (replacedThere && base !== undefined && sameValue(local.value, base.value)) return true
  return sameSubstance(local.value, remote.value)
}

interface AllRows {
  readonly rows: Rows
  readonly decided: Rows
  readonly counted: ReadonlySet<NodeId>
}

/** A node where none are paired: all of it stands under its own id. */
function loneNode(id: NodeId, { rows, decided, counted }: AllRows): PlanNode | undefined {
  const [columns, stored] = [decided.get(id), rows.get(id)]
  const [local, remote, storedBase] = [columns?.local, columns?.remote, stored?.base]
  const kind = (remote ?? local ?? storedBase)?.value.kind
  if (kind === undefined) return undefined
  const base = counted.has(id) ? columns?.base : undefined
  const [here, there] = [stored?.local, stored?.remote]
  return { id, localId: id, kind, base, local, remote, storedBase, seen: here, here, there }
}

interface Making extends AllRows {
  readonly id: NodeId
  readonly localId: NodeId
  readonly pairs: ReadonlyMap<NodeId, NodeId>
}

function nodeOf({ id, localId, rows, decided, counted, pairs }: Making): PlanNode | undefined {
  const inParent = <T extends Row>(row: T | undefined): T | undefined => {
    const parent = row && pairs.get(row.parent)
    return row && parent !== undefined ? { ...row, parent } : row
  }
  const baseId = counted.has(localId) ? localId : id
  const local = inParent(decided.get(localId)?.local)
  const remote = inParent(decided.get(id)?.remote)
  const storedBase = inParent(rows.get(baseId)?.base)
  const kind = (remote ?? local ?? storedBase)?.value.kind
  if (kind === undefined) return undefined
  const base = counted.has(baseId) ? inParent(decided.get(baseId)?.base) : undefined
  const [here, there] = [inParent(rows.get(localId)?.local), inParent(rows.get(id)?.remote)]
  return { id, localId, kind, base, local, remote, storedBase, seen: rows.get(localId)?.local, here, there }
}
