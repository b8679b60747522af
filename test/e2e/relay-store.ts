// A relay's data folder from outside, while no relay runs: every row and file, to be searched, measured, or damaged.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeEntry, type Entry } from '@grenier/crypto'
import { Level } from 'level'

/** A stored pack. `kind`: a file of its own, or a row among the small ones. */
export interface StoredPack {
  readonly id: string
  readonly kind: 'file' | 'row'
  readonly bytes: Uint8Array
  /** Whether its name is the hash of its bytes. */
  readonly isWhole: boolean
}

/** An entry's row: mark ‖ body hash (32) ‖ the entry's bytes. */
const entryFrontBytes = 33

/** The store in a data folder. Closed by who opened it. */
export class RelayStore {
  readonly folder: string
  readonly #rows: Level<string, Uint8Array>

  private constructor(folder: string, rows: Level<string, Uint8Array>) {
    this.folder = folder
    this.#rows = rows
  }

  static async open(folder: string): Promise<RelayStore> {
    const rows = new Level<string, Uint8Array>(join(folder, 'database'), {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      createIfMissing: false,
    })
    await rows.open()
    return new RelayStore(folder, rows)
  }

  /** Opens it for one piece of work. */
  static async with<T>(folder: string, work: (store: RelayStore) => Promise<T>): Promise<T> {
    const store = await RelayStore.open(folder)
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }

  async close(): Promise<void> {
    await this.#rows.close()
  }

  /** All rows below a prefix, in order. */
  async rows(prefix = ''): Promise<[key: string, value: Uint8Array][]> {
    const found: [string, Uint8Array][] = []
    for await (const [key, value] of this.#rows.iterator({ gte: prefix, lt: `${prefix}\u{10ffff}` }))
      found.push([key, new Uint8Array(value)])
    return found
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    await this.#rows.put(key, value, { sync: true })
  }

  async delete(key: string): Promise<void> {
    await this.#rows.del(key, { sync: true })
  }

  /** The ids of its vaults, in hex. */
  async vaults(): Promise<string[]> {
    return (await this.rows('vault/')).map(([key]) => key.slice('vault/'.length))
  }

  /** The log of a vault, from the genesis on; nothing may be retired. */
  async entries(vault: string): Promise<Entry[]> {
    return (await this.rows(`entry/${vault}/`)).map(([, row]) => decodeEntry(row.slice(entryFrontBytes)))
  }

  /** What is stored of a vault's packs, both kinds, by name. */
  async packs(vault: string): Promise<StoredPack[]> {
    const folder = join(this.folder, 'packs', vault)
    const files = existsSync(folder) ? readdirSync(folder) : []
    const large = files.map((id) => storedPack(id, 'file', readFileSync(join(folder, id))))
    const small = (await this.rows(`small/${vault}/`)).map(([key, bytes]) =>
      storedPack(key.slice(key.lastIndexOf('/') + 1), 'row', bytes),
    )
    return [...large, ...small].sort((a, b) => (a.id < b.id ? -1 : 1))
  }
}

function storedPack(id: string, kind: StoredPack['kind'], bytes: Uint8Array): StoredPack {
  return { id, kind, bytes, isWhole: createHash('sha256').update(bytes).digest('hex') === id }
}

/** Where the bytes of an entry begin in its row. */
export function entryRow(vault: string, sequence: number): { key: string; entryAt: number } {
  return { key: `entry/${vault}/${sequence.toString(16).padStart(14, '0')}`, entryAt: entryFrontBytes }
}
