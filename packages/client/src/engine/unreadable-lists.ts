// Lists of chunks that cannot be read, and so do not tell what they need: pruning waits for them for as long as the relay keeps what is dropped,
// and goes on without them then. Each is remembered from when it was first seen; whether it is there again is seen each time.
import { toHex, type ChunkId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { TreesStore } from '../state/trees-store.ts'

const prefix = otherKey('list-unreadable!')

/** How long it is waited for. ms; `nowMs` by the relay's clock. */
export interface UnreadableOptions {
  readonly trees: TreesStore
  readonly floorMs: number
  readonly nowMs: number
}

/** Those of one look at what is needed. */
export class UnreadableLists {
  readonly #options: UnreadableOptions
  readonly #passed = new Set<string>()

  constructor(options: UnreadableOptions) {
    this.#options = options
  }

  /** Paths of files whose lists were passed over. */
  get passed(): readonly string[] {
    return [...this.#passed].sort()
  }

  /** It opens, and is no list: it never will be one. */
  pass(path: string): void {
    this.#passed.add(path)
  }

  /** This one can be read. */
  async readable(first: ChunkId): Promise<void> {
    const { trees } = this.#options
    const key = prefix + toHex(first)
    if (trees.other(key) !== undefined) await trees.write({ flush: false }, (rows) => rows.del(key))
  }

  /** Passes over one that cannot be had, when it was waited for long enough. @throws ClientError `pack-unavailable`, which names the file */
  async missing(first: ChunkId, path: string): Promise<void> {
    const { trees, floorMs, nowMs } = this.#options
    const key = prefix + toHex(first)
    const row = trees.other(key)
    const sinceMs = row === undefined ? nowMs : new ItemReader(row).uint()
    if (row === undefined) {
      const writer = new ItemWriter(16)
      writer.uint(Math.max(0, Math.round(nowMs)))
      const noted = writer.take()
      await trees.write({ flush: true }, (rows) => rows.put(key, noted))
    }
    if (row !== undefined && nowMs - sinceMs > floorMs) {
      this.#passed.add(path)
      return
    }
    throw new ClientError(
      'pack-unavailable',
      'a list of chunks is not to be had: nothing is dropped without it',
      { retryable: true, data: { chunk: toHex(first), list: path, waitsMs: floorMs - (nowMs - sinceMs) } },
    )
  }
}
