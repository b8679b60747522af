// A state store on disk: the one file that knows `level`.
import { Level } from 'level'
import { ClientError } from '../errors.ts'
import type { StateStore, StateWrite } from './state-store.ts'

/** Rows that a listing takes from the disk at a time: at first a few, as most have few, then more each time. An iterator holds 64 bytes for each until it is collected. */
const [firstPageRows, pageRowsMax] = [64, 1024]

/** Bytes for what is not written yet, and as many for what was read. */
const bufferBytes = 4 * 1024 * 1024
/** The same where memory counts more than a little time. */
const smallBufferBytes = 2 * 1024 * 1024

/** A state store in a folder of its own; one process has it open at a time. */
export class LevelStateStore implements StateStore {
  readonly #level: Level<string, Uint8Array>

  private constructor(level: Level<string, Uint8Array>) {
    this.#level = level
  }

  /**
   * Opens the store, and makes it when it is not there. `small`: in little memory.
   *
   * @throws ClientError `home-locked` when it is open elsewhere, `disk-full`, `state-broken` when it cannot be read.
   */
  static async open(location: string, { small = false } = {}): Promise<LevelStateStore> {
    const bytes = small ? smallBufferBytes : bufferBytes
    const level = new Level<string, Uint8Array>(location, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      // A batch of 2,500 operations fits the write buffer twice: level 0 then holds few, large tables.
      writeBufferSize: bytes,
      cacheSize: bytes,
    })
    try {
      await level.open()
    } catch (error) {
      throw openingError(error)
    }
    return new LevelStateStore(level)
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#level.getSync(key)
    return value === undefined ? undefined : plain(value)
  }

  async *range(range: {
    from: string
    to: string
    limit?: number
    reverse?: boolean
  }): AsyncIterable<readonly [string, Uint8Array]> {
    const { from, to, limit, reverse } = range
    const iterator = this.#level.iterator({
      gte: from,
      lt: to,
      ...(limit === undefined ? {} : { limit }),
      ...(reverse === undefined ? {} : { reverse }),
    })
    try {
      for (let rows = firstPageRows; ; rows = Math.min(2 * rows, pageRowsMax)) {
        const page = await iterator.nextv(rows)
        if (page.length === 0) return
        for (const [key, value] of page) yield [key, plain(value)]
      }
    } finally {
      await iterator.close()
    }
  }

  async batch(writes: readonly StateWrite[], options: { flush: boolean }): Promise<void> {
    try {
      await this.#level.batch([...writes], { sync: options.flush })
    } catch (error) {
      throw writingError(error)
    }
  }

  async close(): Promise<void> {
    await this.#level.close()
  }
}

/** `level` hands out Buffers, whose `slice` is no copy and which equal no Uint8Array. */
function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

function openingError(error: unknown): ClientError {
  const cause = error instanceof Error ? error.cause : undefined
  if (codeOf(error) === 'LEVEL_LOCKED' || codeOf(cause) === 'LEVEL_LOCKED')
    return new ClientError('home-locked', 'the state is open in another process', { cause: error })
  if (saysFull(error)) return new ClientError('disk-full', 'no room to open the state', { cause: error })
  return new ClientError('state-broken', 'the state database cannot be opened', { cause: error })
}

/** After either, the store has to be opened anew: nothing is gained by trying again. */
function writingError(error: unknown): ClientError {
  return saysFull(error)
    ? new ClientError('disk-full', 'no room for the state', { cause: error })
    : new ClientError('disk-failed', 'the state cannot be written', { cause: error })
}

/** LevelDB gives the system's words and no code. */
function saysFull(error: unknown): boolean {
  return (
    error instanceof Error && /no space left|quota exceeded/i.test(`${error.message} ${String(error.cause)}`)
  )
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
