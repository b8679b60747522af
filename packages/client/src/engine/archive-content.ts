// Content out of an archive: chunks at the places that its log claims, in packs that are whole.
import type { ArchiveLog } from '../archive/archive-log.ts'
import type { ArchiveReader } from '../archive/archive-reader.ts'
import { Fetch, type FetchOptions } from '../content/fetch.ts'
import type { WorkerPool } from '../content/worker-pool.ts'
import { placesOf } from '../state/chunk-index.ts'
import type { TreesStore } from '../state/trees-store.ts'

/** A disk answers at once: nothing is read while something else is opened, which would take as much memory again. */
const runsInFlight = 1

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
  const options: FetchOptions = {
    pool,
    keys: () => log.keys.content,
    binding: log.state.vault,
    packKey: (epoch) => log.keys.packKey(epoch),
    places: (id) => placesOf(trees, id),
    get: (pack, range) => reader.part(pack, range),
    found: () => undefined,
    runsInFlight,
    damaged: 'missing',
  }
  return { fetch: new Fetch(options), options }
}
