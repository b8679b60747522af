// Content out of an archive: chunks at the places that its log claims, in packs that are whole.
import { toHex, type PackId } from '@grenier/crypto'
import type { ArchiveLog } from '../archive/archive-log.ts'
import type { ArchiveReader } from '../archive/archive-reader.ts'
import { Fetch, type FetchOptions } from '../content/fetch.ts'
import type { WorkerPool } from '../content/worker-pool.ts'
import { BoundedCache } from '../state/bounded-cache.ts'
import { placesOf } from '../state/chunk-index.ts'
import type { TreesStore } from '../state/trees-store.ts'

/** Packs that are kept at hand, read and checked: several stretches of one pack are asked for one by one. */
const packsAtHandBytes = 24 << 20

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
  const atHand = new BoundedCache<string, Promise<Uint8Array | undefined>>(packsAtHandBytes)
  const whole = (pack: PackId): Promise<Uint8Array | undefined> => {
    const key = toHex(pack)
    const known = atHand.get(key)
    if (known !== undefined) return known
    const read = reader.pack(pack)
    atHand.set(key, read, 4 << 20)
    return read
  }
  const options: FetchOptions = {
    pool,
    keys: () => log.keys.content,
    binding: log.state.vault,
    packKey: (epoch) => log.keys.packKey(epoch),
    places: (id) => placesOf(trees, id),
    // What it gets is its own, to move elsewhere.
    get: async (pack, { offset, length }) => (await whole(pack))?.slice(offset, offset + length),
    found: () => undefined,
  }
  return { fetch: new Fetch(options), options }
}
