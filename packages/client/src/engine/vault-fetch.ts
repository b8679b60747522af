// Content from the relay for one vault: where the state says chunks lie, under the keys of the log, over whatever session is open.
import type { ChunkId } from '@grenier/crypto'
import { Fetch, type FetchOptions } from '../content/fetch.ts'
import type { ContentSource } from '../disk/content-source.ts'
import { placesOf, notePlace, type ChunkPlace } from '../state/chunk-index.ts'
import type { Connection } from './connection.ts'
import { onLine } from './patiently.ts'
import { contentKeysOf, type Vault } from './vault.ts'

/** What was found at places, to be written down when no transaction is open. */
interface Finding {
  readonly id: ChunkId
  readonly place: ChunkPlace
  readonly known: 'good' | 'bad'
}

/** A fetch, and what it found out. */
export interface VaultFetch {
  readonly fetch: Fetch
  readonly options: FetchOptions
  /** Writes down what was checked since the last call: only that may be deduplicated against. */
  note(): Promise<void>
}

/** Content of a vault through its connection. */
export function vaultFetch(vault: Vault, connection: Connection): VaultFetch {
  let findings: Finding[] = []
  const options: FetchOptions = {
    pool: vault.platform.pool,
    keys: () => contentKeysOf(vault),
    binding: vault.log.vault,
    packKey: (epoch) => vault.log.keys.packKey(epoch),
    places: (id) => placesOf(vault.trees, id),
    // Where the line breaks in the middle of a large file, what of it is there is not brought again.
    get: (pack, range) =>
      onLine(
        () => connection.session(),
        (session) => session.get(vault.log.vault, pack, range),
      ),
    found: (id, place, known) => {
      if (place.known !== known) findings.push({ id, place, known })
    },
  }
  return {
    fetch: new Fetch(options),
    options,
    async note() {
      const found = findings
      findings = []
      if (found.length === 0) return
      await vault.trees.write({ flush: false }, (transaction) => {
        for (const { id, place, known } of found) {
          notePlace(transaction, id, { claim: place.claim, position: place.position, known })
        }
      })
    },
  }
}

/** What was checked while filling is written down between two fills, when no transaction is open. */
export function noting(source: ContentSource, note: () => Promise<void>): ContentSource {
  return {
    async fill(files) {
      const failures = await source.fill(files)
      await note()
      return failures
    },
  }
}
