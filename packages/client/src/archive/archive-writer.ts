// Writes a sealed export, record after record, and goes on with one that was begun. What it wrote it knows by its rows, so that nothing is
// written again.
import type { PackId } from '@grenier/crypto'
import type { ArchiveSink } from './archive-file.ts'
import {
  checkOf,
  encodeEnd,
  encodeFront,
  encodeHead,
  frontBytes,
  headBytes,
  rowsInPartMax,
  type ArchiveEnd,
  type IndexRow,
  type RecordType,
} from './archive-record.ts'
import { RecordTable, type RecordKey } from './record-table.ts'

/** What is written between two flushes: that much is written again after a loss of power. */
const flushEveryBytes = 256 << 20

/** What is in an archive already, up to where it is gone on with. */
export interface Begun {
  readonly table: RecordTable
  readonly offset: number
}

/** One archive that is being written. Calls are one after the other. */
export class ArchiveWriter {
  readonly #sink: ArchiveSink
  readonly #table: RecordTable
  #offset: number
  #unflushedBytes = 0

  private constructor(sink: ArchiveSink, { table, offset }: Begun) {
    this.#sink = sink
    this.#table = table
    this.#offset = offset
  }

  /** Begins a new one. `vault`: 32 bytes. */
  static async begin(sink: ArchiveSink, vault: Uint8Array): Promise<ArchiveWriter> {
    await sink.write(encodeFront(vault))
    return new ArchiveWriter(sink, { table: new RecordTable(), offset: frontBytes })
  }

  /** Goes on behind what is there. */
  static goOn(sink: ArchiveSink, begun: Begun): ArchiveWriter {
    return new ArchiveWriter(sink, begun)
  }

  /** The records that there are of something. */
  of(key: RecordKey): IndexRow[] {
    return this.#table.of(key)
  }

  /** The last entry that there is a record of; -1 where there is none. */
  get lastSequence(): number {
    let last = -1
    for (const { type, number } of this.#table) if (type !== 'pack') last = Math.max(last, number)
    return last
  }

  /** An entry, as the bytes that were signed. */
  async entry(entry: {
    readonly sequence: number
    readonly bytes: Uint8Array
    readonly bodyHash: Uint8Array
  }): Promise<void> {
    const { sequence, bytes, bodyHash } = entry
    await this.#add({ type: 'entry', number: sequence, hash: bodyHash }, bytes, checkOf(bytes))
  }

  /** What is left of a retired entry. */
  async retired(sequence: number, bodyHash: Uint8Array): Promise<void> {
    await this.#add({ type: 'retired', number: sequence, hash: bodyHash }, bodyHash, checkOf(bodyHash))
  }

  /** A pack as stored. Its name was checked. */
  async pack(id: PackId, bytes: Uint8Array): Promise<void> {
    await this.#add({ type: 'pack', number: 0, hash: id }, bytes, id)
  }

  /** The relay lacks a pack that the log claims. */
  absent(id: PackId, sizeBytes: number): void {
    this.#table.add({ type: 'pack', number: 0, offset: 0, bodyBytes: sizeBytes, hash: id })
  }

  /** Index and end: the archive is whole, and durable when this resolves. */
  async end(head: Pick<ArchiveEnd, 'sequence' | 'hash'>): Promise<void> {
    const indexOffset = this.#offset
    const rowCount = this.#table.count
    for (let from = 0; from < rowCount; from += rowsInPartMax) {
      const body = this.#table.bytes(from, from + rowsInPartMax)
      await this.#record({ type: 'index', number: from / rowsInPartMax }, body, checkOf(body))
    }
    const body = encodeEnd({ ...head, indexOffset, rowCount })
    await this.#record({ type: 'end', number: 0 }, body, checkOf(body))
    await this.#sink.flush()
  }

  async #add(
    row: Pick<IndexRow, 'type' | 'number' | 'hash'>,
    body: Uint8Array,
    check: Uint8Array,
  ): Promise<void> {
    const offset = this.#offset
    await this.#record(row, body, check)
    this.#table.add({ ...row, offset, bodyBytes: body.length })
  }

  async #record(
    { type, number }: { type: RecordType; number: number },
    body: Uint8Array,
    check: Uint8Array,
  ): Promise<void> {
    await this.#sink.write(encodeHead({ type, number, bodyBytes: body.length, check }))
    await this.#sink.write(body)
    this.#offset += headBytes + body.length
    this.#unflushedBytes += body.length
    if (this.#unflushedBytes < flushEveryBytes) return
    this.#unflushedBytes = 0
    await this.#sink.flush()
  }
}
