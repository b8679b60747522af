// What is new here, in directories that are new or agreed on: what it leads to is known without the planner, and so is that it is nobody else's
// business. The planner would say the same (the test holds it to that); it would gather and pair all rows to find it out.
import type { Commit, Plan, Read } from '../sync/action.ts'
import { likenessOf } from '../sync/likeness.ts'
import { joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import { isProvisional, rootId, type Columns, type NodeId, type NodeValue, type Row } from '../sync/tree.ts'
import { differs, type Slots } from '../state/node-row.ts'
import type { NodeEntry } from '../state/trees-store.ts'
import { isUnseen, withContent } from './read-result.ts'
import type { WaitingFile } from './waiting-files.ts'

/** What is asked of the trees. */
export interface FreshView {
  get(id: NodeId): Columns | undefined
  namesLike(parent: NodeId, name: Name): readonly Name[]
  slots(parent: NodeId, name: Name): Slots
}

type FreshCommit = Extract<Commit, { op: 'put' }>

/** The commits of these files and of the new directories that they stand in; undefined unless all are as simple as that. */
export function freshCommits(
  trees: FreshView,
  files: readonly WaitingFile[],
): readonly FreshCommit[] | undefined {
  const fresh = new Fresh(trees)
  return files.every((file) => fresh.add(file)) ? fresh.commits() : undefined
}

/** The plan over nodes that differ, in order of their age; undefined unless all are as simple as that. */
export function freshPlan(trees: FreshView, seeds: readonly NodeEntry[]): Plan | undefined {
  const fresh = new Fresh(trees)
  const reads: Read[] = []
  for (const [id, columns] of seeds) {
    const row = newHere(id, columns)
    if (row === undefined) return undefined
    if (row.value.kind === 'directory') {
      if (!fresh.addDirectory(id)) return undefined
      continue
    }
    const path = fresh.pathOf(id, row)
    if (path === undefined) return undefined
    if (row.value.kind === 'file' && row.value.content === undefined) reads.push({ do: 'read', id, path })
    else fresh.addPut(id, { path, row, value: row.value })
  }
  return { actions: [...reads, ...fresh.commits()], conflicts: [], problems: [] }
}

class Fresh {
  readonly #trees: FreshView
  /** Of directories: the path, and what has to be said of it first; undefined where only a plan can tell. */
  readonly #directories = new Map<NodeId, Standing | undefined>([
    [rootId, { path: rootPath, commit: undefined }],
  ])
  readonly #puts: FreshCommit[] = []

  constructor(trees: FreshView) {
    this.#trees = trees
  }

  /** Whether the file is as simple as that. */
  add({ result, asked }: WaitingFile): boolean {
    const { id } = result.file
    const local = newHere(id, this.#trees.get(id))
    if (local?.value.kind !== 'file' || !isUnseen(local, asked)) return false
    const path = this.pathOf(id, local)
    if (path === undefined) return false
    this.addPut(id, { path, row: local, value: withContent(local, result).value })
    return true
  }

  /** Whether the directory is new here, and as simple as that. */
  addDirectory(id: NodeId): boolean {
    return this.#directory(id)?.commit !== undefined
  }

  /** Where something that is new here is; undefined where only a plan can tell what becomes of it. */
  pathOf(id: NodeId, row: Row): RelativePath | undefined {
    const above = this.#directory(row.parent)
    return above === undefined || !isAlone(this.#trees, id, row) ? undefined : joinPath(above.path, row.name)
  }

  addPut(id: NodeId, as: Putting): void {
    this.#puts.push(put(id, as))
  }

  /** In the planner's order: by the age of nodes, each after the directories that it needs. */
  commits(): readonly FreshCommit[] {
    const all = [...this.#puts]
    for (const standing of this.#directories.values())
      if (standing?.commit !== undefined) all.push(standing.commit)
    all.sort((a, b) => ageOf(a) - ageOf(b))
    const done = new Set<NodeId>()
    const ordered: FreshCommit[] = []
    const say = (commit: FreshCommit): void => {
      if (done.has(commit.id)) return
      done.add(commit.id)
      const above = this.#directories.get(commit.row.parent)?.commit
      if (above !== undefined) say(above)
      ordered.push(commit)
    }
    for (const commit of all) say(commit)
    return ordered
  }

  #directory(id: NodeId): Standing | undefined {
    if (this.#directories.has(id)) return this.#directories.get(id)
    const standing = this.#standingOf(id)
    this.#directories.set(id, standing)
    return standing
  }

  #standingOf(id: NodeId): Standing | undefined {
    const columns = this.#trees.get(id)
    const row = isProvisional(id) ? newHere(id, columns) : agreed(columns)
    if (row?.value.kind !== 'directory') return undefined
    const path = this.pathOf(id, row)
    if (path === undefined) return undefined
    return { path, commit: isProvisional(id) ? put(id, { path, row, value: row.value }) : undefined }
  }
}

interface Standing {
  readonly path: RelativePath
  readonly commit: FreshCommit | undefined
}

/** Whether no other node, in any tree, has a name that may be taken for this one; and nothing of ours has it. */
export function isAlone(trees: FreshView, id: NodeId, { parent, name }: Row): boolean {
  if (parent === rootId && likenessOf(name).startsWith('.grenier')) return false
  return trees.namesLike(parent, name).every((like) => {
    const { base = id, local = id, remote = id } = trees.slots(parent, like)
    return base === id && local === id && remote === id
  })
}

/** The row of a node that this folder alone has. */
function newHere(id: NodeId, columns: Columns | undefined): Columns['local'] {
  const isNew = isProvisional(id) && columns?.base === undefined && columns?.remote === undefined
  return isNew ? columns?.local : undefined
}

/** The row that all agree on. */
function agreed(columns: Columns | undefined): Row | undefined {
  return columns === undefined || differs(columns) ? undefined : columns.remote
}

interface Putting {
  readonly path: RelativePath
  readonly row: Row
  readonly value: NodeValue
}

function put(id: NodeId, { path, row: { parent, name }, value }: Putting): FreshCommit {
  return { do: 'commit', op: 'put', id, path, row: { parent, name, value }, replaces: undefined }
}

function ageOf({ id }: FreshCommit): number {
  return Number(id.slice(1))
}
