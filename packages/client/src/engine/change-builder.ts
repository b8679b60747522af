// Turns what the planner wants committed into the operations of one entry, against the remote tree as it stands. What cannot stand in this
// entry (a parent not there yet, content not placed yet) is left for the next one.
import {
  toHex,
  type ChunkId,
  type ChunkRef,
  type NodeRef,
  type Operation,
  type PackIndex,
  type PutNode,
} from '@grenier/crypto'
import { readContent } from '../content/content-list.ts'
import type { OutgoingPack } from '../content/pack-writer.ts'
import type { Commit } from '../sync/action.ts'
import type { LeafLack } from './leaf-check.ts'
import { nameToBytes } from '../sync/name.ts'
import { logPlaceOf, rootId, type FileValue, type NodeId, type NodeValue } from '../sync/tree.ts'

/** Operations in one entry: fewer than DESIGN's cadence allows, since all of an entry is in memory at once (decision 053). */
export const operationsInChange = 2_500
/** Packs that one entry claims: the same. */
export const packsInCommit = 16

/** What the builder asks of the state. */
export interface BuilderView {
  /** Whether the log holds the chunk for the node: where this device sent or checked it, or as a part of the node already. */
  isPlaced(chunk: ChunkId, node: NodeId): boolean
  /** Whether a pack that a later entry will claim holds it. */
  isOnItsWay(chunk: ChunkId): boolean
  /** What lacks below the top of a long content, at the head that the entry will stand on. */
  leavesOf(node: NodeId): LeafLack | undefined
  /** Whether the node is in the remote tree, as a directory. */
  isRemoteDirectory(id: NodeId): boolean
}

/** Operations and the actions they came from, by position. */
export interface BuiltChange {
  readonly operations: readonly Operation[]
  readonly index: readonly PackIndex[]
  readonly actions: readonly Commit[]
  /** Files whose content has no place: they must be read again. */
  readonly unplaced: readonly NodeId[]
  /** Actions that did not fit or could not be expressed yet. */
  readonly left: number
}

/** Builds one change. `packs`: in the order of the header; `operationsMax`: where fewer than usual are wanted. */
export function buildChange(
  actions: readonly Commit[],
  { packs, operationsMax = operationsInChange }: { packs: readonly OutgoingPack[]; operationsMax?: number },
  view: BuilderView,
): BuiltChange {
  const index: PackIndex[] = packs.flatMap(({ chunks }, pack) =>
    chunks.length === 0 ? [] : [{ pack, chunks }],
  )
  const builder = new Builder(view, placesIn(index))
  let left = 0
  for (const action of actions) {
    if (builder.operations.length >= operationsMax || !builder.add(action)) left += 1
  }
  return { operations: builder.operations, index, actions: builder.actions, unplaced: builder.unplaced, left }
}

/** Where each chunk of the entry's own index stands: which list, which chunk of it. */
function placesIn(index: readonly PackIndex[]): Map<string, ChunkRef> {
  const places = new Map<string, ChunkRef>()
  for (const [list, { chunks }] of index.entries()) {
    for (const [chunk, { id }] of chunks.entries()) places.set(toHex(id), { pack: list, chunk })
  }
  return places
}

class Builder {
  readonly operations: Operation[] = []
  readonly actions: Commit[] = []
  readonly unplaced: NodeId[] = []
  readonly #view: BuilderView
  readonly #places: ReadonlyMap<string, ChunkRef>
  /** Directories that this entry creates, by operation. */
  readonly #made = new Map<NodeId, number>()

  constructor(view: BuilderView, places: ReadonlyMap<string, ChunkRef>) {
    this.#view = view
    this.#places = places
  }

  /** Whether the action became an operation. */
  add(action: Commit): boolean {
    const operation = this.#operationOf(action)
    if (operation === undefined) return false
    // One that is in the log already keeps its id when its bits change: what is below it must not name this entry.
    const isMade = action.op === 'put' && action.row.value.kind === 'directory'
    if (isMade && !this.#view.isRemoteDirectory(action.id)) this.#made.set(action.id, this.operations.length)
    this.operations.push(operation)
    this.actions.push(action)
    return true
  }

  #operationOf(action: Commit): Operation | undefined {
    if (action.op === 'put') return this.#put(action)
    const node = this.#refOf(action.id)
    if (node === undefined) return undefined
    if (action.op === 'remove') return { op: 'remove', node }
    const parent = this.#parentOf(action.parent)
    if (parent === undefined) return undefined
    return {
      op: 'move',
      node,
      parent,
      name: { bytes: nameToBytes(action.name) },
      ...this.#replaces(action.replaces),
    }
  }

  #put(action: Extract<Commit, { op: 'put' }>): Operation | undefined {
    const parent = this.#parentOf(action.row.parent)
    if (parent === undefined) return undefined
    const node = this.#nodeOf(action.id, action.row.value)
    if (node === 'later') return undefined
    if (node === 'unplaced') {
      this.unplaced.push(action.id)
      return undefined
    }
    return {
      op: 'put',
      parent,
      name: { bytes: nameToBytes(action.row.name) },
      node,
      ...this.#replaces(action.replaces),
    }
  }

  #replaces(id: NodeId | undefined): { replaces?: NodeRef } {
    const replaces = id === undefined ? undefined : this.#refOf(id)
    return replaces === undefined ? {} : { replaces }
  }

  #refOf(id: NodeId): NodeRef | undefined {
    if (id === rootId) return 'root'
    const made = this.#made.get(id)
    if (made !== undefined) return { sequence: 'this', index: made }
    return logPlaceOf(id)
  }

  #parentOf(id: NodeId): NodeRef | undefined {
    if (id === rootId || this.#made.has(id) || this.#view.isRemoteDirectory(id)) return this.#refOf(id)
    return undefined
  }

  #nodeOf(id: NodeId, value: NodeValue): PutNode | Unplaced {
    if (value.kind !== 'file') return value
    const chunks = this.#chunksOf(id, value)
    if (typeof chunks === 'string') return chunks
    const { mode, mtimeNs, sizeBytes } = value
    return { kind: 'file', mode, mtimeNs, sizeBytes, ...chunks }
  }

  #chunksOf(node: NodeId, { content }: FileValue): { depth: number; chunks: ChunkRef[] } | Unplaced {
    if (content === undefined) return 'unplaced'
    const { depth, ids } = readContent(content)
    const chunks: ChunkRef[] = []
    let missing: Unplaced | undefined
    let isComing = false
    for (const id of ids) {
      const own = this.#places.get(toHex(id))
      if (own === undefined && !this.#view.isPlaced(id, node)) {
        if (!this.#view.isOnItsWay(id)) return 'unplaced'
        missing = 'later'
      }
      isComing ||= own !== undefined || missing === 'later'
      chunks.push(own ?? { id })
    }
    const leaves = depth > 0 ? this.#view.leavesOf(node) : undefined
    // Lists that are on their way are claimed first, then looked into.
    if (leaves !== undefined) return leaves === 'lists' && isComing ? 'later' : 'unplaced'
    return missing ?? { depth, chunks }
  }
}

/** Why a file cannot be said yet: a later entry claims what it needs; or nothing holds it any more, and it must be read again. */
type Unplaced = 'later' | 'unplaced'
