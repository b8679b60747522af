// One node as the planner sees it, after pairing: one id, one place in each tree, no matter how it is called or where it waits.
import type { Traits } from './action.ts'
import { isParked, type Place } from './parking-name.ts'
import { logPlaceOf, type Columns, type LocalRow, type NodeId, type NodeKind, type Row } from './tree.ts'

/** A node with its rows, whose parents are nodes after pairing too. */
export interface PlanNode {
  /** Its id in the log, or the local one of a node that the log does not have. */
  readonly id: NodeId
  /** Its id in the local tree; another one when it was paired by path. */
  readonly localId: NodeId
  readonly kind: NodeKind
  /** The base row as far as it counts (see `countedBases`). */
  readonly base: Row | undefined
  /** As decisions see it: a parked node is where base has it, a name that only the file system spelt otherwise is base's. */
  readonly local: Row | undefined
  readonly remote: Row | undefined
  /** The base row in the state, counted or not. */
  readonly storedBase: Row | undefined
  /** The local row in the state. */
  readonly seen: LocalRow | undefined
  /** Where it really is on the disk. */
  readonly here: Place | undefined
  /** Where it really is in the log. */
  readonly there: Place | undefined
}

/** What two trees say about one node, as decisions see it: places that nobody decided on are put right. */
export function decidedRows(id: NodeId, columns: Columns, traits: Traits): Columns {
  const { base } = columns
  const here = columns.local && unparked(id, columns.local, base ?? columns.remote)
  const remote = columns.remote && unparked(id, columns.remote, base ?? columns.local)
  const local = here && traits.normalizesUnicode ? spelt(here, [base, remote]) : here
  // Nearly always they are right as they are.
  if (local === columns.local && remote === columns.remote) return columns
  return { ...columns, ...(local && { local }), ...(remote && { remote }) }
}

function unparked<T extends Row>(id: NodeId, row: T, known: Row | undefined): T {
  if (known === undefined || !isParked(id, row)) return row
  return { ...row, parent: known.parent, name: known.name }
}

/** With the name as the other trees spell it, when the file system cannot tell the difference. */
function spelt(local: LocalRow, others: readonly (Row | undefined)[]): LocalRow {
  const composed = local.name.normalize('NFC')
  const same = others.find((row) => row?.name.normalize('NFC') === composed)
  return same === undefined || same.name === local.name ? local : { ...local, name: same.name }
}

/** Ids by age: those of the log by sequence and operation, then provisional ones. */
export function byAge(ids: Iterable<NodeId>): NodeId[] {
  const aged: Aged[] = []
  for (const id of ids) aged.push(agedOf(id))
  aged.sort((a, b) => a.sequence - b.sequence || a.index - b.index || (a.id < b.id ? -1 : 1))
  return aged.map(({ id }) => id)
}

interface Aged {
  readonly id: NodeId
  readonly sequence: number
  readonly index: number
}

function agedOf(id: NodeId): Aged {
  const place = logPlaceOf(id)
  if (place !== undefined) return { id, sequence: place.sequence, index: place.index }
  const counter = Number(id.slice(1))
  return { id, sequence: Infinity, index: Number.isFinite(counter) ? counter : Infinity }
}

/** A key for a place. */
export function slotOf({ parent, name }: Place): string {
  return `${parent}/${name}`
}
