// Finds the records of a sealed export without its index: head by head, and behind damage the next head that is whole. What the index would
// say is made again on the way.
import { CryptoError, decodeEntry, equal } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { ArchiveSource } from './archive-file.ts'
import {
  bodyBytesMax,
  checkOf,
  decodeEnd,
  decodeFront,
  decodeHead,
  frontBytes,
  headBytes,
  recordMark,
  type ArchiveEnd,
  type RecordHead,
} from './archive-record.ts'
import { copiesMax, RecordTable } from './record-table.ts'

/** Bytes that are searched at once. */
const windowBytes = 1 << 20

/** Bytes of the file that make no record. */
export interface DamagedRange {
  readonly offset: number
  readonly length: number
}

/** What a scan found. */
export interface Scan {
  /** Undefined where the front is damaged. `newer`: of a version that is not known. */
  readonly vault: Uint8Array | 'newer' | undefined
  readonly table: RecordTable
  /** Undefined where there is none: the archive was never finished, or its end is lost. */
  readonly end: ArchiveEnd | undefined
  readonly damaged: readonly DamagedRange[]
  /** Where the last whole record that is not of the index ends: from there it is gone on with. */
  readonly offset: number
}

/** `packs`: whether packs are read too, against their names, and not only their heads. @throws ClientError `update-needed`, `disk-failed` */
export async function scanArchive(source: ArchiveSource, options: { packs: boolean }): Promise<Scan> {
  return await new Scanning(source, options.packs).run()
}

class Scanning {
  readonly #source: ArchiveSource
  readonly #readsPacks: boolean
  readonly #table = new RecordTable(copiesMax)
  readonly #damaged: DamagedRange[] = []
  #end: ArchiveEnd | undefined
  #wholeUpTo = frontBytes

  constructor(source: ArchiveSource, readsPacks: boolean) {
    this.#source = source
    this.#readsPacks = readsPacks
  }

  async run(): Promise<Scan> {
    const vault = decodeFront(await this.#source.read(0, frontBytes))
    // Without its front it may begin anywhere.
    let at = vault === undefined ? 0 : frontBytes
    while (at < this.#source.sizeBytes) {
      const head = decodeHead(await this.#source.read(at, headBytes))
      const next = head === undefined ? await this.#nextHead(at + 1) : at + headBytes + head.bodyBytes
      if (head === undefined || !(await this.#take(head, at)))
        this.#damaged.push({ offset: at, length: Math.min(next, this.#source.sizeBytes) - at })
      at = next
    }
    const [table, end, damaged] = [this.#table, this.#end, this.#damaged]
    return { vault, table, end, damaged, offset: this.#wholeUpTo }
  }

  /** Whether the record is whole. */
  async #take(head: RecordHead, offset: number): Promise<boolean> {
    const { type, bodyBytes, number, check } = head
    if (offset + headBytes + bodyBytes > this.#source.sizeBytes) return false
    const isSkipped = type === 'index' || (type === 'pack' && !this.#readsPacks)
    const body = isSkipped ? undefined : await this.#source.read(offset + headBytes, bodyBytes)
    if (body !== undefined && !equal(checkOf(body), check)) return false
    if (type === 'index') return true
    if (type === 'end') {
      this.#end = body === undefined ? undefined : decodeEnd(body)
      return this.#end !== undefined
    }
    const hash = type === 'pack' ? check : type === 'retired' ? body : entryBodyHash(body, number)
    if (hash === 'newer') throw newerEntry(number)
    if (hash?.length !== 32) return false
    this.#table.add({ type, number, offset, bodyBytes, hash })
    this.#wholeUpTo = offset + headBytes + bodyBytes
    return true
  }

  /** The next whole head from an offset on; the end of the file where there is none. */
  async #nextHead(from: number): Promise<number> {
    for (let at = from; at < this.#source.sizeBytes; at += windowBytes) {
      const bytes = Buffer.from(await this.#source.read(at, windowBytes + recordMark.length - 1))
      for (let found = bytes.indexOf(recordMark); found >= 0; found = bytes.indexOf(recordMark, found + 1)) {
        if (decodeHead(await this.#source.read(at + found, headBytes)) !== undefined) return at + found
      }
    }
    return this.#source.sizeBytes
  }
}

/** The body hash of an entry that is what its record says; `newer` where this version cannot tell; undefined for another one. */
export function entryBodyHash(
  bytes: Uint8Array | undefined,
  sequence: number,
): Uint8Array | 'newer' | undefined {
  if (bytes === undefined || bytes.length > bodyBytesMax) return undefined
  try {
    const entry = decodeEntry(bytes)
    return entry.header.sequence === sequence ? entry.bodyHash : undefined
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    if (error.code === 'version-unknown' || error.code === 'kind-unknown') return 'newer'
    return undefined
  }
}

/** A whole entry of a version or kind that is not known is no damage: what it says would be left out without a word. */
export function newerEntry(sequence: number): ClientError {
  return new ClientError('update-needed', 'an entry of a newer version', { data: { sequence } })
}
