// Whether all chunks of a long file have a place when it is committed. An entry names only the top of such a content: what lies below it in lists,
// nobody can see from the entry. A drop may have taken places of chunks that this device counted on when it read the file.
import { CryptoError, equal, type ChunkId } from '@grenier/crypto'
import { readContent } from '../content/content-list.ts'
import { chunksIn, type WalkOptions } from '../content/content-walk.ts'
import { ownPlaceOf } from '../state/chunk-index.ts'
import { droppedThrough } from '../state/log-cache.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Commit } from '../sync/action.ts'
import type { Content, NodeId } from '../sync/tree.ts'

/** Contents remembered as read: more, and the oldest is gone through once more. */
const notedMax = 4096

/** Why a file cannot be said as it is: its lists lie nowhere yet that this device sent or checked; or a chunk of it has no such place any more. */
export type LeafLack = 'lists' | 'leaves'

/** One run's. */
export class LeafCheck {
  readonly #trees: TreesStore
  readonly #walk: WalkOptions
  /** By content: the last drop that was known when reading it began. */
  readonly #noted = new Map<string, number>()

  constructor(trees: TreesStore, walk: WalkOptions) {
    this.#trees = trees
    this.#walk = walk
  }

  /** A file was read. `since`: `droppedThrough` when that began: each of its chunks had a place then, or is on its way. */
  read(content: Content, since: number): void {
    if ((content[0] ?? 0) === 0) return
    const key = keyOf(content)
    this.#noted.delete(key)
    this.#noted.set(key, since)
    const [oldest] = this.#noted.keys()
    if (this.#noted.size > notedMax && oldest !== undefined) this.#noted.delete(oldest)
  }

  /** What lacks, by node, at the head as it stands. */
  async lacks(actions: readonly Commit[]): Promise<ReadonlyMap<NodeId, LeafLack>> {
    const lacks = new Map<NodeId, LeafLack>()
    const dropped = droppedThrough(this.#trees)
    if (dropped < 0) return lacks
    for (const action of actions) {
      if (action.op !== 'put' || action.row.value.kind !== 'file') continue
      const { content, sizeBytes } = action.row.value
      if (content === undefined || (content[0] ?? 0) === 0) continue
      // What the node is already is needed by the tree of now: nobody drops it.
      const now = this.#trees.get(action.id)?.remote?.value
      if (now?.kind === 'file' && now.content !== undefined && equal(now.content, content)) continue
      if ((this.#noted.get(keyOf(content)) ?? -1) >= dropped) continue
      const lack = await this.#lackOf(content, sizeBytes)
      if (lack === undefined) this.read(content, dropped)
      else lacks.set(action.id, lack)
    }
    return lacks
  }

  async #lackOf(content: Content, sizeBytes: number): Promise<LeafLack | undefined> {
    // Lists are read where the log has them: those that are on their way are claimed first.
    if (!topOf(content).every((id) => ownPlaceOf(this.#trees, id) !== undefined)) return 'lists'
    for await (const part of chunksIn(this.#walk, content, sizeBytes)) {
      if (typeof part === 'string') return 'leaves'
      if (!part.every(({ places }) => places.some(({ known }) => known === 'good'))) return 'leaves'
    }
    return undefined
  }
}

function topOf(content: Content): readonly ChunkId[] {
  try {
    return readContent(content).ids
  } catch (error) {
    if (error instanceof CryptoError) return []
    throw error
  }
}

function keyOf(content: Content): string {
  return Buffer.from(content).toString('latin1')
}
