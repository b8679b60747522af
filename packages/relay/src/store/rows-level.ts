// Rows in a `level` database: the one file that knows `level`. A batch with `sync` is one write to LevelDB's log and one flush.
//
// After a write has failed (a full disk), LevelDB goes on writing behind the torn record in its log, says that all is well, and drops
// what follows that record at the next opening. So nothing is written after a failure before the database was closed and opened again,
// which reads the log up to the torn record and begins a new one.
import { statfs } from 'node:fs/promises'
import { Level } from 'level'
import { RelayError } from '../errors.ts'
import { GroupCommit, type RowWrite } from './group-commit.ts'
import { RowCache } from './row-cache.ts'
import type { Rows, RowsRange, RowsView } from './rows.ts'

/** Small packs make most of the writes: fewer, larger tables mean that they are rewritten less often. */
const writeBufferBytes = 16 * 1024 * 1024
/** Heads, states of packs and accounts that are asked for again and again. */
const cacheBytes = 32 * 1024 * 1024
/** Rows in front of the database: what a few hundred busy vaults ask for, at most about 10 MiB. */
const cachedRowsMax = 8192
/** Rows that a listing takes at a time: at first a few, as most have few. An iterator holds 64 bytes for each until it is collected. */
const [firstPageRows, pageRows] = [64, 1000]
/** Opening again writes what is in memory as tables. With less room than this it stays open for reading only, until there is more. */
const reopenBytesMin = 4 * writeBufferBytes

/** @see Rows */
export class LevelRows implements Rows {
  readonly #db: Level<string, Uint8Array>
  readonly #group: GroupCommit
  readonly #cache = new RowCache(cachedRowsMax)
  #torn = false
  #closed = false
  flushes = 0

  private constructor(db: Level<string, Uint8Array>) {
    this.#db = db
    this.#group = new GroupCommit({
      ready: () => this.#ready(),
      get: (key) => this.get(key),
      write: (batch, durable) => this.#write(batch, durable),
    })
  }

  /**
   * Opens the database in `folder`, makes it where there is none.
   * @throws RelayError `data-locked` when another process has it open, `data-broken`, `disk-full`
   */
  static async open(folder: string): Promise<LevelRows> {
    const db = new Level<string, Uint8Array>(folder, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      writeBufferSize: writeBufferBytes,
      cacheSize: cacheBytes,
    })
    const rows = new LevelRows(db)
    try {
      await db.open()
    } catch (error) {
      throw rows.#error(error)
    }
    return rows
  }

  get(key: string): Uint8Array | undefined {
    const cached = this.#closed ? undefined : this.#cache.get(key)
    if (cached !== undefined) return cached
    try {
      const value = this.#db.getSync(key)
      if (value === undefined) return undefined
      // Of a batch that is being written this may be the row before or after: that batch sets it when it is kept.
      this.#cache.set(key, value)
      return plain(value)
    } catch (error) {
      throw this.#error(error)
    }
  }

  async *range(range: RowsRange): AsyncIterable<readonly [string, Uint8Array]> {
    try {
      for await (const page of this.#pages(range)) for (const [key, value] of page) yield [key, plain(value)]
    } catch (error) {
      throw this.#error(error)
    }
  }

  commit<T>(decide: (view: RowsView) => T, options = { durable: true }): Promise<T> {
    return this.#group.commit(decide, options.durable)
  }

  async close(): Promise<void> {
    await this.#group.close()
    this.#closed = true
    await this.#db.close()
  }

  async *#pages({ from, to, limit = -1 }: RowsRange): AsyncGenerator<[string, Uint8Array][]> {
    const iterator = this.#db.iterator({ gte: from, lt: to, limit })
    try {
      for (let rows = firstPageRows; ; rows = pageRows) {
        const page = await iterator.nextv(rows)
        if (page.length === 0) return
        yield page
      }
    } finally {
      await iterator.close()
    }
  }

  async #write(batch: readonly RowWrite[], durable: boolean): Promise<void> {
    try {
      const operations = batch.map(({ key, value }) =>
        value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
      )
      await this.#db.batch(operations, { sync: durable })
      if (durable) this.flushes++
      for (const { key, value } of batch) this.#cache.set(key, value)
    } catch (error) {
      this.#torn = true
      this.#cache.clear()
      throw this.#error(error)
    }
  }

  async #ready(): Promise<void> {
    if (!this.#torn) return
    try {
      const { bavail, bsize } = await statfs(this.#db.location)
      if (this.#db.status === 'open' && bavail * bsize < reopenBytesMin)
        throw new RelayError('disk-full', 'no space left for the database', { retryable: true })
      await this.#db.close()
      await this.#db.open()
      this.#cache.clear()
      this.#torn = false
    } catch (error) {
      throw this.#error(error)
    }
  }

  // What LevelDB says only in words is told apart by its words: it passes the system's on.
  #error(error: unknown): RelayError {
    if (error instanceof RelayError) return error
    const options = { cause: error, data: { folder: this.#db.location } }
    const cause = error instanceof Error ? error.cause : undefined
    const seen = `${codeOf(error)} ${String(error)} ${codeOf(cause)} ${String(cause)}`
    if (/LEVEL_LOCKED/.test(seen)) return new RelayError('data-locked', 'the data folder is in use', options)
    if (/No space left on device|Disk quota exceeded/i.test(seen))
      return new RelayError('disk-full', 'no space left for the database', { ...options, retryable: true })
    if (this.#closed) return new RelayError('store-closed', 'the store is closed', options)
    if (this.#torn && /LEVEL_(DATABASE|ITERATOR)_NOT_OPEN/.test(seen))
      return new RelayError('busy', 'the database is being opened again', { ...options, retryable: true })
    return new RelayError('data-broken', 'the database cannot be used', options)
  }
}

// `level` hands out Buffers, whose `slice` and equality are not those of the arrays that everybody else has.
function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
