// The clock that was last seen, in a file of the data folder: whole or not at all.
import { open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import type { ClockRecord, ClockRecordStore } from '../core/deletion-hold.ts'
import { RelayError } from '../errors.ts'
import { flushDirectory } from '../store/flush-group.ts'

const record = v.strictObject({ seenMs: v.pipe(v.number(), v.integer()), held: v.boolean() })

/** The record in `clock.json` of a data folder. */
export class ClockRecordFile implements ClockRecordStore {
  readonly #path: string

  constructor(folder: string) {
    this.#path = join(folder, 'clock.json')
  }

  /** @throws RelayError `data-broken` when the file does not decode */
  async load(): Promise<ClockRecord | undefined> {
    const text = await textOf(this.#path)
    if (text === undefined) return undefined
    try {
      return v.parse(record, JSON.parse(text))
    } catch (cause) {
      throw new RelayError('data-broken', 'the record of the clock does not decode', { cause })
    }
  }

  async save(next: ClockRecord): Promise<void> {
    const handle = await open(`${this.#path}.new`, 'w', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(next)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${this.#path}.new`, this.#path)
    await flushDirectory(dirname(this.#path))
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
