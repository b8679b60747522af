// What a run does before it hears what others did: everything that both sides agree on already, though base does not say so, is written down.
// A run that was cut off had put files in place and not recorded it; a folder that was copied back has its files under other inodes. Else a
// deletion by somebody else would find a file here that nobody knows, and undo itself.
import type { IngestFile } from '../content/ingest.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { rootId, type Columns, type FileValue, type NodeId, type NodeValue } from '../sync/tree.ts'
import { adoptAll } from './adopting.ts'
import type { Planning } from './planning.ts'

/** The coarsest time that a file system keeps. To read a file in vain costs little. */
const coarsestNs = 2_000_000_000n

export interface CatchUpOptions {
  readonly trees: TreesStore
  readonly planning: Planning
  /** Reads files only to know what they hold, and writes it down. */
  readonly learn: (files: readonly IngestFile[]) => Promise<void>
}

/** After a look, before anything is received. */
export async function catchUp({ trees, planning, learn }: CatchUpOptions): Promise<void> {
  const touched: IngestFile[] = []
  const log = new LogPlaces(trees)
  let mayAgree = false
  for await (const [id, columns] of trees.differing()) {
    const there = log.at(columns)
    mayAgree ||= columns.base !== undefined || columns.remote !== undefined || there !== undefined
    const agreed = likelyAgreed(columns, there === undefined ? undefined : trees.get(there)?.remote?.value)
    const path = agreed && trees.pathOf('local', id)
    if (path !== undefined) touched.push({ id, path, expected: agreed?.content })
  }
  // Where all that differs is new here, and at places where the log has nothing, there is nothing to agree on.
  if (!mayAgree) return
  if (touched.length > 0) await learn(touched)
  let after: NodeId | undefined
  for (;;) {
    const next = await planning.next(after)
    if (next === undefined) return
    const adopts = next.plan.actions.filter((action) => action.do === 'adopt')
    if (adopts.length > 0) await trees.write({ flush: false }, (transaction) => adoptAll(transaction, adopts))
    if (next.batch.final) return
    after = next.batch.last
  }
}

/** What a file that was not read yet holds, if its size and time are to be believed: as base has it, or the log at its place. */
function likelyAgreed({ base, local }: Columns, there: NodeValue | undefined): FileValue | undefined {
  const here = local?.value
  if (here?.kind !== 'file' || here.content !== undefined) return undefined
  const agreed = base === undefined ? there : base.value
  if (agreed?.kind !== 'file') return undefined
  const apartNs = agreed.mtimeNs - here.mtimeNs
  const isNear = apartNs < coarsestNs && apartNs > -coarsestNs
  return agreed.sizeBytes === here.sizeBytes && isNear ? agreed : undefined
}

/** What the log has at the places of the local tree. */
class LogPlaces {
  readonly #trees: TreesStore
  readonly #directories = new Map<NodeId, NodeId | undefined>([[rootId, rootId]])

  constructor(trees: TreesStore) {
    this.#trees = trees
  }

  /** The node that the log has at the path of a local row. */
  at({ local }: Columns): NodeId | undefined {
    const parent = local === undefined ? undefined : this.#directory(local.parent)
    return local === undefined || parent === undefined
      ? undefined
      : this.#trees.child('remote', parent, local.name)
  }

  #directory(id: NodeId): NodeId | undefined {
    if (this.#directories.has(id)) return this.#directories.get(id)
    const there = this.at(this.#trees.get(id) ?? {})
    this.#directories.set(id, there)
    return there
  }
}
