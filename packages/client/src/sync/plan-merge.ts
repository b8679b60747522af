// The decision about one node, by itself: the three-way table of docs/SYNC.md. What others want of its place comes after.
import type { Traits } from './action.ts'
import { modeOf, samePlace, sameSubstance, timeOf } from './agreed.ts'
import { canHold } from './fold-case.ts'
import type { Place } from './parking-name.ts'
import type { PlanNode } from './plan-node.ts'
import { sameValue, type NodeId, type NodeValue, type Row } from './tree.ts'

/**
 * What is to become of a node.
 * - `live`: at `place` with `value`, on both sides.
 * - `gone`: on neither; what lives below may call it back.
 * - `unread`: nothing is decided before its bytes are known.
 * - `split`: two contents; the log's stays as it is, the local one becomes a node of its own.
 * - `aside`: its name is the remote one's; here it gets another one, and is then decided on anew.
 * - `barred`: a name that cannot be sent; it stays as it is.
 */
export type State = 'live' | 'gone' | 'unread' | 'split' | 'aside' | 'barred'

/** The decision, which settling may still change. */
export interface Decision {
  readonly node: PlanNode
  state: State
  /** undefined for a node that is on neither side. */
  readonly value: NodeValue | undefined
  place: Place | undefined
  /** Who wants it there. The local one gives way. */
  wants: 'local' | 'remote'
}

export type Decisions = ReadonlyMap<NodeId, Decision>

/** Decides by the node's own three rows. */
export function decide(node: PlanNode, traits: Traits): Decision {
  const { local, remote } = node
  if (local === undefined && remote === undefined)
    return { node, state: 'gone', value: undefined, place: undefined, wants: 'remote' }
  if (local === undefined || remote === undefined) return decideAlone(node)
  if (isUnread(local)) return { node, state: 'unread', value: remote.value, place: remote, wants: 'remote' }
  const value = mergeValues({ base: node.base?.value, local: local.value, remote: remote.value })
  // The log's row as a whole: what this device did, rename included, goes with its own version.
  if (value === undefined)
    return { node, state: 'split', value: remote.value, place: remote, wants: 'remote' }
  const wants = whoPlaces({ base: node.base, local, remote }, traits)
  return { node, state: 'live', value, place: wants === 'local' ? local : remote, wants }
}

/** On one side only: new there, or removed on the other. */
function decideAlone(node: PlanNode): Decision {
  const row = node.local ?? node.remote
  const wants = node.local === undefined ? 'remote' : 'local'
  if (node.local !== undefined && isUnread(node.local))
    return { node, state: 'unread', value: row?.value, place: row, wants }
  const isSame = node.base !== undefined && row !== undefined && isUnchanged(row, node.base)
  // Edit wins over deletion: only what nobody touched goes.
  return { node, state: isSame ? 'gone' : 'live', value: row?.value, place: row, wants }
}

/** A directory's bits alone are no edit that would keep an empty directory alive. A moved node has no base row that counts. */
function isUnchanged(row: Row, base: Row): boolean {
  if (row.value.kind === 'directory') return base.value.kind === 'directory'
  return sameValue(row.value, base.value)
}

/** Whether its bytes changed here and nobody read them yet. */
export function isUnread({ value }: Row): boolean {
  return value.kind === 'file' && value.content === undefined
}

interface ThreeRows {
  readonly base: Row | undefined
  readonly local: Row
  readonly remote: Row
}

/** Moved on both sides: the log's place. Unless this disk cannot hold that name and its user gave the node another. */
function whoPlaces({ base, local, remote }: ThreeRows, traits: Traits): 'local' | 'remote' {
  if (samePlace(local, remote)) return 'remote'
  if (base === undefined || samePlace(local, base)) return 'remote'
  return samePlace(remote, base) || !canHold(remote.name, traits) ? 'local' : 'remote'
}

interface ThreeValues {
  readonly base: NodeValue | undefined
  readonly local: NodeValue
  readonly remote: NodeValue
}

/** undefined when both changed the bytes, and not to the same. */
function mergeValues(values: ThreeValues): NodeValue | undefined {
  const { local, remote } = values
  if (local.kind !== remote.kind) return undefined
  const from = whoseSubstance(values)
  if (from === undefined) return undefined
  const mode = merged(values, modeOf)
  if (from.kind === 'directory') return { ...from, mode: mode ?? from.mode }
  // The time belongs to the bytes; where both have the same bytes, it is a mark of its own.
  const mtimeNs = sameSubstance(local, remote) ? (merged(values, timeOf) ?? from.mtimeNs) : from.mtimeNs
  return from.kind === 'link' ? { ...from, mtimeNs } : { ...from, mtimeNs, mode: mode ?? from.mode }
}

function whoseSubstance({ base, local, remote }: ThreeValues): NodeValue | undefined {
  if (sameSubstance(local, remote)) return remote
  if (base === undefined) return undefined
  if (sameSubstance(local, base)) return remote
  return sameSubstance(remote, base) ? local : undefined
}

/** The field as the side has it that changed it; remote's when both did, or when nobody knows. */
function merged<T>(
  { base, local, remote }: ThreeValues,
  of: (value: NodeValue) => T | undefined,
): T | undefined {
  if (base !== undefined && of(remote) === of(base)) return of(local)
  return of(remote)
}
