// Content out of an archive: chunks at the places that its log claims, in packs that are whole.
import { toHex, type PackId } from '@grenier/crypto'
import type { ArchiveLog } from '../archive/archive-log.ts'
import type { ArchiveReader } from '../archive/archive-reader.ts'
import { Fetch, type FetchOptions } from '../content/fetch.ts'
import { release } from '../content/moved-bytes.ts'
import type { WorkerPool } from '../content/worker-pool.ts'
import { placesOf } from '../state/chunk-index.ts'
import type { TreesStore } from '../state/trees-store.ts'

/** Packs that are kept at hand, read and checked: several stretches of one pack are asked for one by one. 8 MiB. */
const packsAtHandMax = 2
/** A disk answers at once. */
const runsInFlight = 2

/** A fetch, and what it is made of. */
export interface ArchiveContent {
  readonly fetch: Fetch
  readonly options: FetchOptions
}

/** Content of an archive whose log was folded into `trees`. */
export function archiveContent(from: {
  readonly reader: ArchiveReader
  readonly log: ArchiveLog
  readonly trees: TreesStore
  readonly pool: WorkerPool
}): ArchiveContent {
  const { reader, log, trees, pool } = from
  const atHand = new PacksAtHand(reader)
  const options: FetchOptions = {
    pool,
    keys: () => log.keys.content,
    binding: log.state.vault,
    packKey: (epoch) => log.keys.packKey(epoch),
    places: (id) => placesOf(trees, id),
    get: (pack, range) => atHand.part(pack, range),
    found: () => undefined,
    runsInFlight,
  }
  return { fetch: new Fetch(options), options }
}

interface AtHand {
  readonly key: string
  readonly bytes: Promise<Uint8Array | undefined>
  /** Those that wait for its bytes. */
  users: number
}

/** The packs that were asked for last. What falls out is given back at once: left to the collector it would be several times as much. */
class PacksAtHand {
  readonly #reader: ArchiveReader
  /** In order of use. */
  #packs: AtHand[] = []

  constructor(reader: ArchiveReader) {
    this.#reader = reader
  }

  /** A stretch of a pack; the caller's own. */
  async part(
    pack: PackId,
    { offset, length }: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array | undefined> {
    const key = toHex(pack)
    const known = this.#packs.find((one) => one.key === key)
    const one = known ?? { key, bytes: this.#reader.pack(pack), users: 0 }
    this.#packs = [...this.#packs.filter((other) => other !== one), one]
    one.users += 1
    try {
      return (await one.bytes)?.slice(offset, offset + length)
    } finally {
      one.users -= 1
      await this.#letGo()
    }
  }

  async #letGo(): Promise<void> {
    while (this.#packs.length > packsAtHandMax) {
      const idle = this.#packs.find(({ users }) => users === 0)
      if (idle === undefined) return
      this.#packs = this.#packs.filter((one) => one !== idle)
      const bytes = await idle.bytes.catch(() => undefined)
      if (bytes !== undefined) release([bytes])
    }
  }
}
