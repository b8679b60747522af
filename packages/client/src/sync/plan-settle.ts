// What the nodes want of each other: directories that must live, moves that would form a circle, two that want one name. When it is
// done, what lives is a tree.
import type { PlanInput, Traits } from './action.ts'
import { samePlace } from './agreed.ts'
import { conflictName } from './conflict-name.ts'
import { slotOf } from './plan-node.ts'
import { decide, type Decision, type Decisions } from './plan-merge.ts'
import { heldAs } from './fold-case.ts'
import { isParked, type Place } from './parking-name.ts'
import type { PlanNode } from './plan-node.ts'
import type { Name } from './name.ts'
import { rootId, type NodeId } from './tree.ts'

/** A local copy that steps aside. */
export interface Aside {
  readonly decision: Decision
  readonly keptAs: Name
}

export interface Settled {
  readonly decisions: Decisions
  /** The oldest first. */
  readonly asides: readonly Aside[]
}

/** Decides about all nodes together. */
export function settle(nodes: ReadonlyMap<NodeId, PlanNode>, input: PlanInput): Settled {
  const decisions = new Map<NodeId, Decision>()
  for (const [id, node] of nodes) decisions.set(id, bar(decide(node, input.traits), input.traits))
  for (const decision of decisions.values()) ground(decision, decisions)
  do keepNeeded(decisions)
  while (breakCircles(decisions))
  return { decisions, asides: stepAside(decisions, input) }
}

/** A key for a place as this disk takes names. */
export function heldSlot({ parent, name }: Place, traits: Traits): string {
  return `${parent}/${heldAs(name, traits)}`
}

/** The folder's own place for marker and staging never is anybody's file. */
export function isReserved(place: Place, traits: Traits): boolean {
  return place.parent === rootId && heldAs(place.name, traits) === '.grenier'
}

function bar(decision: Decision, traits: Traits): Decision {
  const { local, remote } = decision.node
  if (local !== undefined && remote === undefined && isReserved(local, traits)) decision.state = 'barred'
  return decision
}

/** Whether the node stands somewhere in the merged tree. */
export function stands({ state }: Decision): boolean {
  return state === 'live' || state === 'split'
}

/** A parked node whose directory is on neither side any more, and that lives all the same, gets its name at the root. */
function ground(decision: Decision, decisions: Decisions): void {
  const { node, place, state } = decision
  if (state !== 'live' || place === undefined || place.parent === rootId) return
  const isWaiting = [node.here, node.there].some((at) => at !== undefined && isParked(node.id, at))
  if (!isWaiting || decisions.get(place.parent)?.place !== undefined) return
  decision.place = { parent: rootId, name: place.name }
}

/** A directory in which something lives, lives. */
function keepNeeded(decisions: Decisions): void {
  for (const decision of decisions.values()) {
    if (!stands(decision)) continue
    let above = parentOf(decision, decisions)
    while (above?.state === 'gone' && above.place !== undefined) {
      above.state = 'live'
      above = parentOf(above, decisions)
    }
  }
}

function parentOf(decision: Decision, decisions: Decisions): Decision | undefined {
  return decision.place && decisions.get(decision.place.parent)
}

/**
 * Moves that cross: the log's stand, and those of this device that close a circle with them are taken back, all at once. Each round
 * takes back at least one, because neither tree alone has a circle. Says whether there was one.
 */
function breakCircles(decisions: Decisions): boolean {
  let broken = false
  for (const decision of circling(decisions)) {
    const { remote } = decision.node
    if (decision.wants !== 'local' || remote === undefined) continue
    decision.place = remote
    decision.wants = 'remote'
    broken = true
  }
  return broken
}

/** The nodes that are above themselves. */
function circling(decisions: Decisions): Decision[] {
  const circles: Decision[] = []
  const checked = new Set<Decision>()
  for (const start of decisions.values()) {
    if (!stands(start) || start.node.kind !== 'directory' || start.place?.parent === rootId) continue
    const chain = new Set<Decision>()
    let at: Decision | undefined = start
    while (at !== undefined && !checked.has(at) && !chain.has(at)) {
      chain.add(at)
      at = parentOf(at, decisions)
    }
    if (at !== undefined && chain.has(at)) {
      const all = [...chain]
      circles.push(...all.slice(all.indexOf(at)))
    }
    for (const decision of chain) checked.add(decision)
  }
  return circles
}

/** Names that two want: the remote one has it. And versions that two made of one file: the remote one is the file. */
function stepAside(decisions: Decisions, input: PlanInput): Aside[] {
  const claims = new Map<string, Decision>()
  const losers: Decision[] = []
  for (const decision of decisions.values()) {
    if (!stands(decision) || decision.place === undefined) continue
    const slot = slotOf(decision.place)
    const other = claims.get(slot)
    const wins = other === undefined || (other.wants === 'local' && decision.wants === 'remote')
    if (wins) claims.set(slot, decision)
    if (other !== undefined) losers.push(wins ? other : decision)
  }
  // A loser without a local row, or that is not where it wants to be, can only wait: no valid trees have one.
  for (const loser of losers) loser.state = loser.node.local === undefined ? 'barred' : 'aside'
  const copies = [...decisions.values()].filter(({ state }) => state === 'aside' || state === 'split')
  if (copies.length === 0) return []
  const slots = Array.from(claims.values(), ({ place }) => place && heldSlot(place, input.traits))
  const claimed = new Set(slots.filter((slot) => slot !== undefined))
  return copies.map((decision) => ({ decision, keptAs: nameAside(decision, { claimed, input }) }))
}

interface Naming {
  /** What somebody has or will have, as this disk takes names; copies are added. */
  readonly claimed: Set<string>
  readonly input: PlanInput
}

function nameAside(decision: Decision, { claimed, input }: Naming): Name {
  const { node } = decision
  const at = node.here ?? node.local
  if (at === undefined) throw new RangeError('a copy of nothing')
  const claim = (name: Name): boolean => {
    const slot = heldSlot({ parent: at.parent, name }, input.traits)
    const isFree = !claimed.has(slot)
    claimed.add(slot)
    return isFree
  }
  // Renamed here on purpose, to a name that nobody else wants: the copy keeps that one.
  const { base, local } = node
  const renamed = base !== undefined && local !== undefined && !samePlace(base, local)
  if (decision.state === 'split' && renamed && claim(at.name)) return at.name
  const { traits, taken, device, nowMs } = input
  const parents = [at.parent, node.seen?.parent ?? at.parent]
  const parts = {
    name: node.local?.name ?? at.name,
    kind: node.kind,
    device,
    atMs: nowMs,
    bytesMax: traits.nameBytesMax,
  }
  return conflictName(parts, (name) => {
    if (parents.some((parent) => taken(parent, name))) return false
    return claim(name)
  })
}
