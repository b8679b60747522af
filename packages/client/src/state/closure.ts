// Which rows the planner must see together (`plan` says which): collects `PlanInput.rows` from the nodes that differ, in batches of bounded
// seeds. Costs what differs and what touches it, never what there is.
import type { Name } from '../sync/name.ts'
import { rootId, type Columns, type NodeId, type Row } from '../sync/tree.ts'
import type { Slots } from './node-row.ts'
import type { NodeEntry, TreesStore } from './trees-store.ts'

/** Seeds of a batch unless told otherwise: what a commit takes at most, so that one plan makes about one commit. */
export const seedsMaxDefault = 2_500

/** Nodes that differ, in order of their age, and where the next ones go on. */
export interface Seeds {
  readonly seeds: readonly NodeEntry[]
  readonly last: NodeId
  /** Whether no differing node comes after `last`. */
  readonly final: boolean
}

/** The next differing nodes after `after` (from the first one when undefined), at most `seedsMax` of them; undefined when none is left. */
export async function nextSeeds(
  trees: TreesStore,
  { after, seedsMax = seedsMaxDefault }: { after?: NodeId | undefined; seedsMax?: number | undefined } = {},
): Promise<Seeds | undefined> {
  const seeds: NodeEntry[] = []
  let final = true
  for await (const seed of trees.differing({ after, limit: seedsMax + 1 })) {
    final = seeds.length < seedsMax
    if (final) seeds.push(seed)
  }
  const last = seeds.at(-1)?.[0]
  return last === undefined ? undefined : { seeds, last, final }
}

/**
 * The closure of nodes whose rows are at hand. What another batch already planned may come again. No transaction may have committed since they
 * were listed, and none may meanwhile.
 */
export async function closureAround(
  trees: TreesStore,
  seeds: readonly NodeEntry[],
): Promise<ReadonlyMap<NodeId, Columns>> {
  const closure = new Closure(trees)
  for (const [id, columns] of seeds) closure.take(id, columns)
  await closure.grow()
  return closure.rows
}

/** The closure of these nodes. */
export async function closureOf(
  trees: TreesStore,
  seeds: Iterable<NodeId>,
): Promise<ReadonlyMap<NodeId, Columns>> {
  const closure = new Closure(trees)
  for (const id of seeds) closure.visit(id)
  await closure.grow()
  return closure.rows
}

class Closure {
  readonly rows = new Map<NodeId, Columns>()
  readonly #trees: TreesStore
  readonly #queue: NodeId[] = []
  readonly #peers = new Map<NodeId, readonly NodeId[]>()

  constructor(trees: TreesStore) {
    this.#trees = trees
  }

  visit(id: NodeId): void {
    if (id === rootId || this.rows.has(id)) return
    const columns = this.#trees.get(id)
    if (columns !== undefined) this.take(id, columns)
  }

  /** A node whose rows are at hand. */
  take(id: NodeId, columns: Columns): void {
    this.rows.set(id, columns)
    this.#queue.push(id)
  }

  async grow(): Promise<void> {
    for (let id = this.#queue.pop(); id !== undefined; id = this.#queue.pop()) {
      const columns = this.rows.get(id) ?? {}
      let before: Row | undefined
      for (const row of rowsOf(columns)) {
        // Rows of one node mostly stand at the same place.
        if (row.parent === before?.parent && row.name === before.name) continue
        before = row
        this.visit(row.parent)
        this.#visitLike(row)
      }
      if (mayGo(columns)) await this.#visitChildren(id)
    }
  }

  /** Who may stand at the row's path, in any tree: names like its own, in the directories that may stand at its parent's path. */
  #visitLike(row: Row): void {
    for (const parent of this.#peersOf(row.parent)) this.#eachLike(parent, row.name, (id) => this.visit(id))
  }

  /** The directories that may stand at the path of this one, in any tree; itself first. */
  #peersOf(id: NodeId): readonly NodeId[] {
    const known = this.#peers.get(id)
    if (known !== undefined) return known
    this.#peers.set(id, [id])
    const peers = new Set([id])
    for (const row of rowsOf(this.#trees.get(id) ?? {}))
      for (const parent of this.#peersOf(row.parent))
        this.#eachLike(parent, row.name, (peer) => peers.add(peer))
    this.#peers.set(id, [...peers])
    return [...peers]
  }

  #eachLike(parent: NodeId, name: Name, visit: (id: NodeId) => void): void {
    for (const like of this.#trees.namesLike(parent, name))
      for (const id of idsOf(this.#trees.slots(parent, like))) visit(id)
  }

  async #visitChildren(parent: NodeId): Promise<void> {
    for await (const [, slots] of this.#trees.slotsUnder(parent))
      for (const id of idsOf(slots)) this.visit(id)
  }
}

/**
 * Whether the node is a directory that may go, or give way to another kind: then what is in it, in any tree, decides. A directory
 * that one side just made stays whatever is in it: its children differ too, and come with their own batch. So a new tree of
 * any size is planned in bounded pieces.
 */
function mayGo(columns: Columns): boolean {
  const rows = rowsOf(columns)
  if (!rows.some((row) => row.value.kind === 'directory')) return false
  if (columns.base !== undefined && rows.length < 3) return true
  return new Set(rows.map((row) => row.value.kind)).size > 1
}

function rowsOf({ base, local, remote }: Columns): Row[] {
  const rows: Row[] = []
  if (base !== undefined) rows.push(base)
  if (local !== undefined) rows.push(local)
  if (remote !== undefined) rows.push(remote)
  return rows
}

/** Each once. */
function idsOf({ base, local, remote }: Slots): NodeId[] {
  const ids: NodeId[] = []
  if (base !== undefined) ids.push(base)
  if (local !== undefined && local !== base) ids.push(local)
  if (remote !== undefined && remote !== base && remote !== local) ids.push(remote)
  return ids
}
