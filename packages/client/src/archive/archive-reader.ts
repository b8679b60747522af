// Reads a sealed export: entries by their sequence, packs by their name, each checked, whatever else of the file is damaged. What stands twice
// is taken where it is whole.
import { equal, packIdOf, type PackId } from '@grenier/crypto'
import type { ArchiveSource } from './archive-file.ts'
import {
  checkOf,
  decodeEnd,
  decodeFront,
  decodeHead,
  endRecordBytes,
  frontBytes,
  headBytes,
  rowAt,
  rowBytes,
  rowsInPartMax,
  type ArchiveEnd,
  type IndexRow,
  type RecordHead,
} from './archive-record.ts'
import { entryBodyHash, newerEntry, scanArchive } from './archive-scan.ts'
import { copiesMax, RecordTable } from './record-table.ts'

/** What an archive has of an entry. `lost`: nothing but, where the index tells, its body hash. */
export type ArchivedEntry =
  | { readonly entry: Uint8Array }
  | { readonly retired: Uint8Array }
  | { readonly lost: Uint8Array | undefined }

/** An archive, opened. */
export class ArchiveReader {
  /** The vault that the front names; undefined where it is damaged. `newer`: of a version that is not known. */
  readonly vault: Uint8Array | 'newer' | undefined
  /** Undefined for an archive that was never finished, or whose end is lost. */
  readonly end: ArchiveEnd | undefined
  /** The last entry that the archive tells of; -1 where there is none. */
  readonly lastSequence: number
  readonly #source: ArchiveSource
  readonly #table: RecordTable

  private constructor(
    source: ArchiveSource,
    found: {
      readonly vault: Uint8Array | 'newer' | undefined
      readonly end: ArchiveEnd | undefined
      readonly table: RecordTable
    },
  ) {
    this.#source = source
    this.vault = found.vault
    this.end = found.end
    this.#table = found.table
    let last = found.end?.sequence ?? -1
    for (const { type, number } of found.table) if (type !== 'pack') last = Math.max(last, number)
    // Each entry has a record of its own: a number beyond what fits was made up, and would be counted up to.
    this.lastSequence = Math.min(last, Math.floor(source.sizeBytes / headBytes))
  }

  /** By the index; where there is none, or it is damaged, by looking for each record. @throws ClientError `disk-failed` */
  static async open(source: ArchiveSource): Promise<ArchiveReader> {
    const vault = decodeFront(await source.read(0, frontBytes))
    const indexed = vault === undefined ? undefined : await readIndex(source)
    if (indexed !== undefined) return new ArchiveReader(source, { vault, ...indexed })
    return new ArchiveReader(source, await scanArchive(source, { packs: false }))
  }

  /** Whether these bytes begin like an archive. */
  static async isArchive(source: ArchiveSource): Promise<boolean> {
    return decodeFront(await source.read(0, frontBytes)) !== undefined
  }

  /** What there is of an entry. @throws ClientError `disk-failed`, `update-needed` */
  async entry(sequence: number): Promise<ArchivedEntry> {
    let lost: ArchivedEntry = { lost: undefined }
    let retired: ArchivedEntry | undefined
    for (const row of this.#table.of({ sequence })) {
      lost = { lost: row.hash }
      const body = await this.#body(row)
      if (body === undefined) continue
      if (row.type === 'entry') return { entry: body }
      retired = { retired: body }
    }
    return retired ?? lost
  }

  /** A pack, whole and of this name; undefined where it is not there, or damaged. @throws ClientError `disk-failed` */
  async pack(id: PackId): Promise<Uint8Array | undefined> {
    for (const row of this.#table.of({ pack: id })) {
      const body = await this.#body(row)
      if (body !== undefined) return body
    }
    return undefined
  }

  /**
   * A stretch of a pack, the caller's own; not checked where it is not all of the pack: whoever opens it sees what is damaged, and loses no more
   * than that. undefined where it is not there; where there are several, as `pack`.
   */
  async part(
    id: PackId,
    { offset, length }: { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array | undefined> {
    const rows = this.#table.of({ pack: id })
    const [row] = rows
    const isOne = row !== undefined && rows.length === 1 && row.offset !== 0 && length < row.bodyBytes
    if (!isOne) return (await this.pack(id))?.slice(offset, offset + length)
    const bytes = await this.#source.read(
      row.offset + headBytes + offset,
      Math.min(length, row.bodyBytes - offset),
    )
    return bytes.length === length ? bytes : undefined
  }

  /** The body of a record, if it is what its row says: a damaged head does no harm then. */
  async #body({ type, number, offset, bodyBytes, hash }: IndexRow): Promise<Uint8Array | undefined> {
    if (offset === 0) return undefined
    const body = await this.#source.read(offset + headBytes, bodyBytes)
    if (body.length !== bodyBytes) return undefined
    const found = type === 'pack' ? packIdOf(body) : type === 'entry' ? entryBodyHash(body, number) : body
    if (found === 'newer') {
      // A damaged byte makes an unknown version too: only what is whole is newer.
      const record = await readRecord(this.#source, offset)
      if (record?.head.type === 'entry' && record.head.number === number) throw newerEntry(number)
      return undefined
    }
    return found !== undefined && equal(found, hash) ? body : undefined
  }
}

/** End and index; undefined unless both are whole. */
async function readIndex(
  source: ArchiveSource,
): Promise<{ end: ArchiveEnd; table: RecordTable } | undefined> {
  const last = await readRecord(source, source.sizeBytes - endRecordBytes)
  const end = last?.head.type === 'end' ? decodeEnd(last.body) : undefined
  if (end === undefined) return undefined
  const table = new RecordTable(copiesMax)
  let offset = end.indexOffset
  for (let part = 0; table.count < end.rowCount; part += 1) {
    const record = await readRecord(source, offset)
    if (record?.head.type !== 'index' || record.head.number !== part) return undefined
    const { body } = record
    if (body.length === 0 || body.length % rowBytes > 0 || body.length > rowsInPartMax * rowBytes)
      return undefined
    for (let at = 0; at < body.length; at += rowBytes) {
      const row = rowAt(body, at)
      if (row === undefined) return undefined
      table.add(row)
    }
    offset += headBytes + body.length
  }
  return table.count === end.rowCount ? { end, table } : undefined
}

/** A whole record at a place. */
async function readRecord(
  source: ArchiveSource,
  offset: number,
): Promise<{ head: RecordHead; body: Uint8Array } | undefined> {
  if (offset < frontBytes) return undefined
  const head = decodeHead(await source.read(offset, headBytes))
  if (head === undefined) return undefined
  const body = await source.read(offset + headBytes, head.bodyBytes)
  return body.length === head.bodyBytes && equal(checkOf(body), head.check) ? { head, body } : undefined
}
