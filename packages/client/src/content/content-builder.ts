// Builds a file's content from its chunk ids as they come: a long list of ids is cut, like content, while it grows, so that the file's
// length costs no memory. The result is the same as if each level had been cut as a whole: cut points do not depend on how bytes come.
import { chunksInPutMax, concat, type ChunkId } from '@grenier/crypto'
import type { Content } from '../sync/tree.ts'
import { contentOf, listOf } from './content-list.ts'

/** Cuts bytes by the list chunker and sees to the chunks: their ids, and the bytes left over. */
export type CutList = (bytes: Uint8Array, last: boolean) => Promise<{ ids: ChunkId[]; rest: Uint8Array }>

/** Ids that wait before a part of a list is cut: 64 KiB, the longest chunk of a list. */
const idsWaitingMax = 2048

interface Level {
  ids: ChunkId[]
  /** Bytes of earlier ids that belong to a chunk whose end was not seen. */
  rest: Uint8Array
  /** Whether a part of this level was cut: then it is a list, however it ends. */
  isList: boolean
}

/** Used once: `add` the ids in order, then `finish`. Calls are one after the other. */
export class ContentBuilder {
  readonly #cut: CutList
  readonly #levels: Level[] = []

  constructor(cut: CutList) {
    this.#cut = cut
  }

  async add(ids: readonly ChunkId[]): Promise<void> {
    await this.#add(0, ids)
  }

  async finish(): Promise<Content> {
    let depth = 0
    for (;;) {
      const level = this.#level(depth)
      if (!level.isList && level.ids.length <= chunksInPutMax) return contentOf(depth, level.ids)
      await this.#cutLevel(depth, true)
      depth += 1
    }
  }

  async #add(depth: number, ids: readonly ChunkId[]): Promise<void> {
    const level = this.#level(depth)
    for (const id of ids) level.ids.push(id)
    if (level.ids.length >= idsWaitingMax) await this.#cutLevel(depth, false)
  }

  async #cutLevel(depth: number, last: boolean): Promise<void> {
    const level = this.#level(depth)
    const bytes = concat([level.rest, listOf(level.ids)])
    level.ids = []
    level.isList = true
    const { ids, rest } = await this.#cut(bytes, last)
    level.rest = rest
    await this.#add(depth + 1, ids)
  }

  #level(depth: number): Level {
    const known = this.#levels[depth]
    if (known !== undefined) return known
    const level: Level = { ids: [], rest: new Uint8Array(0), isList: false }
    this.#levels[depth] = level
    return level
  }
}
