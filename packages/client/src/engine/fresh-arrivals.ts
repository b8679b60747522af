// What is new in the log, in directories that are new there or agreed on: it goes where nothing is, and is nobody else's business. The planner would
// say the same (the test holds it to that); it would gather and pair all rows to find it out.
import { differs } from '../state/node-row.ts'
import type { NodeEntry } from '../state/trees-store.ts'
import type { Apply, Plan, Traits } from '../sync/action.ts'
import { canHold } from '../sync/fold-case.ts'
import { joinPath, rootPath, type RelativePath } from '../sync/name.ts'
import { byAge } from '../sync/plan-node.ts'
import { rootId, type Columns, type NodeId, type Row } from '../sync/tree.ts'
import { isAlone, type FreshView } from './fresh-commits.ts'

type Put = Extract<Apply, { op: 'put' }>

/** Directories above each other that are followed; deeper ones are for the planner, which needs no stack. */
const depthMax = 100

/** The plan over nodes that differ, in order of their age; undefined unless all are as simple as that. */
export function arrivalsPlan(
  trees: FreshView,
  seeds: readonly NodeEntry[],
  traits: Traits,
): Plan | undefined {
  const arrivals = new Arrivals(trees, traits)
  for (const [id, columns] of seeds) if (!arrivals.add(id, columns)) return undefined
  return { actions: arrivals.puts(), conflicts: [], problems: [] }
}

/** Where a directory is, and the put that brings it, where it is not here yet. */
interface Standing {
  readonly path: RelativePath
  readonly put: Put | undefined
  readonly depth: number
}

class Arrivals {
  readonly #trees: FreshView
  readonly #traits: Traits
  /** undefined where only a plan can tell. */
  readonly #directories = new Map<NodeId, Standing | undefined>([
    [rootId, { path: rootPath, put: undefined, depth: 0 }],
  ])
  readonly #puts: Put[] = []
  /** Whether a directory has to come that was not among what was given: then the order is not that of what was given. */
  #isMixed = false

  constructor(trees: FreshView, traits: Traits) {
    this.#trees = trees
    this.#traits = traits
  }

  /** Whether the node is as simple as that. */
  add(id: NodeId, columns: Columns): boolean {
    const row = newThere(columns)
    if (row === undefined) return false
    const known = row.value.kind === 'directory' ? this.#directories.get(id) : undefined
    const standing = known ?? this.#arriving(id, row, depthMax)
    if (standing?.put === undefined) return false
    if (row.value.kind === 'directory') this.#directories.set(id, standing)
    this.#puts.push(standing.put)
    return true
  }

  /** In the planner's order: by the age of nodes, each after the directories that it needs. */
  puts(): readonly Put[] {
    if (!this.#isMixed) return this.#puts
    const all = new Map(this.#puts.map((put) => [put.id, put]))
    for (const standing of this.#directories.values())
      if (standing?.put !== undefined) all.set(standing.put.id, standing.put)
    const ordered = new Set<Put>()
    for (const id of byAge(all.keys())) {
      const above: Put[] = []
      for (let at = all.get(id); at !== undefined && !ordered.has(at);) {
        above.push(at)
        at = this.#directories.get(at.row.parent)?.put
      }
      for (const next of above.reverse()) ordered.add(next)
    }
    return [...ordered]
  }

  #directory(id: NodeId, depthLeft: number): Standing | undefined {
    if (this.#directories.has(id)) return this.#directories.get(id)
    const standing = depthLeft > 0 ? this.#standingOf(id, depthLeft) : undefined
    this.#directories.set(id, standing)
    return standing
  }

  #standingOf(id: NodeId, depthLeft: number): Standing | undefined {
    const columns = this.#trees.get(id)
    if (columns?.remote?.value.kind !== 'directory') return undefined
    const row = newThere(columns)
    if (row !== undefined) {
      this.#isMixed = true
      return this.#arriving(id, row, depthLeft)
    }
    if (differs(columns) || !isAlone(this.#trees, id, columns.remote)) return undefined
    const { parent, name } = columns.remote
    const above = this.#directory(parent, depthLeft - 1)
    if (above === undefined || above.put !== undefined) return undefined
    return { path: joinPath(above.path, name), put: undefined, depth: above.depth + 1 }
  }

  /** What comes to be where nothing is. */
  #arriving(id: NodeId, row: Row, depthLeft: number): Standing | undefined {
    const { parent, name } = row
    const above = this.#directory(parent, depthLeft - 1)
    if (above === undefined || above.depth >= depthMax) return undefined
    if (!isAlone(this.#trees, id, row) || !canHold(name, this.#traits)) return undefined
    const path = joinPath(above.path, name)
    const put: Put = { do: 'apply', op: 'put', id, path, row, expect: undefined }
    return { path, put, depth: above.depth + 1 }
  }
}

/** The row of a node that the log alone has. */
function newThere({ base, local, remote }: Columns): Row | undefined {
  return base === undefined && local === undefined ? remote : undefined
}
