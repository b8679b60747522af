// Whether a content can be had, before any of it is asked for: its lists are read, and of each pack that it needs a few bytes.
import { containerFrontBytes, toHex, type PackId } from '@grenier/crypto'
import type { Content } from '../sync/tree.ts'
import type { Lack } from './bring.ts'
import { chunksIn, type LocatedChunk, type WalkOptions } from './content-walk.ts'

/** Packs asked for at once. */
const packsAtOnce = 8
/** Packs that are remembered. */
const packsMax = 16_384

/** What was seen to be there, for one run. */
export class Presence {
  readonly #options: WalkOptions
  readonly #packs = new Map<string, Promise<boolean>>()

  constructor(options: WalkOptions) {
    this.#options = options
  }

  /** What lacks; undefined where each chunk lies in a pack that is there. What is in the pack is not looked at. @throws what `get` throws */
  async lackOf(content: Content, sizeBytes: number): Promise<Lack | undefined> {
    for await (const part of chunksIn(this.#options, content, sizeBytes)) {
      if (typeof part === 'string') return part
      if (!(await this.#hasAll(part))) return 'missing'
    }
    return undefined
  }

  async #hasAll(chunks: readonly LocatedChunk[]): Promise<boolean> {
    const queue = chunks.values()
    let isWhole = true
    const worker = async (): Promise<void> => {
      for (const { places } of queue) if (isWhole) isWhole = (await this.#isAtOne(places)) && isWhole
    }
    await Promise.all(Array.from({ length: packsAtOnce }, worker))
    return isWhole
  }

  async #isAtOne(places: LocatedChunk['places']): Promise<boolean> {
    for (const { pack } of places) if (await this.#isThere(pack)) return true
    return false
  }

  #isThere(pack: PackId): Promise<boolean> {
    const key = toHex(pack)
    const known = this.#packs.get(key)
    if (known !== undefined) return known
    if (this.#packs.size >= packsMax) this.#packs.clear()
    const asked = this.#options
      .get(pack, { offset: 0, length: containerFrontBytes })
      .then((front) => front !== undefined)
    this.#packs.set(key, asked)
    asked.catch(() => this.#packs.delete(key))
    return asked
  }
}
