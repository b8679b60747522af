// The records of an archive in little memory: rows of the index as bytes, found again by what they hold. 64 bytes a record, so that an archive
// of a tebibyte takes some 20 MB.
import { putRow, rowAt, rowBytes, type IndexRow } from './archive-record.ts'

/** What is looked for: an entry by its sequence, a pack by its name. */
export type RecordKey = { readonly sequence: number } | { readonly pack: Uint8Array }

/** Records of one thing that are looked at in an archive: two are written. */
export const copiesMax = 8

/** Rows in the order in which they were added; several may be of one thing. */
export class RecordTable {
  #rows = new Uint8Array(1024 * rowBytes)
  #count = 0
  /** Open addressing: numbers of rows plus one. At most half full. */
  #slots = new Int32Array(4096)
  readonly #copiesMax: number

  /** `copiesMax`: what is found of one key, the first ones: more rows of it, which only a crafted file has, would cost time without end. */
  constructor(copiesMax = Number.POSITIVE_INFINITY) {
    this.#copiesMax = copiesMax
  }

  get count(): number {
    return this.#count
  }

  add(row: IndexRow): void {
    if ((this.#count + 1) * rowBytes > this.#rows.length) this.#rows = doubled(this.#rows)
    putRow(this.#rows, this.#count * rowBytes, row)
    this.#count += 1
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    else this.#place(this.#count - 1)
  }

  /** The row of a number, which is there. */
  at(number: number): IndexRow {
    const row = number < this.#count ? rowAt(this.#rows, number * rowBytes) : undefined
    if (row === undefined) throw new RangeError('a row that is not there')
    return row
  }

  /** All rows of an entry or a pack, in the order in which they were added. */
  of(key: RecordKey): IndexRow[] {
    const found: number[] = []
    for (let slot = this.#slotOf(hashOf(key)); ; slot = this.#slotOf(slot + 1)) {
      const number = (this.#slots[slot] ?? 0) - 1
      if (number < 0) break
      if (isOf(this.at(number), key)) found.push(number)
    }
    return found.sort((a, b) => a - b).map((number) => this.at(number))
  }

  /** Bytes of the rows from one number up to another. Good until the next row is added. */
  bytes(from: number, to: number): Uint8Array {
    return this.#rows.subarray(from * rowBytes, Math.min(to, this.#count) * rowBytes)
  }

  *[Symbol.iterator](): Iterator<IndexRow> {
    for (let number = 0; number < this.#count; number += 1) yield this.at(number)
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let number = 0; number < this.#count; number += 1) this.#place(number)
  }

  #place(number: number): void {
    const row = this.at(number)
    const key = row.type === 'pack' ? { pack: row.hash } : { sequence: row.number }
    let copies = 0
    let slot = this.#slotOf(hashOf(key))
    for (let there = this.#slots[slot] ?? 0; there !== 0; there = this.#slots[slot] ?? 0) {
      if (this.#copiesMax < Number.POSITIVE_INFINITY && isOf(this.at(there - 1), key)) copies += 1
      if (copies >= this.#copiesMax) return
      slot = this.#slotOf(slot + 1)
    }
    this.#slots[slot] = number + 1
  }

  #slotOf(hash: number): number {
    return hash & (this.#slots.length - 1)
  }
}

function isOf(row: IndexRow, key: RecordKey): boolean {
  if ('sequence' in key) return row.type !== 'pack' && row.number === key.sequence
  return row.type === 'pack' && Buffer.compare(row.hash, key.pack) === 0
}

/** Names are hashes already; sequences are spread. */
function hashOf(key: RecordKey): number {
  if ('sequence' in key) return Math.imul(key.sequence, 0x9e3779b1) >>> 1
  const { pack } = key
  return new DataView(pack.buffer, pack.byteOffset, pack.byteLength).getUint32(0) >>> 1
}

function doubled(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2)
  larger.set(bytes)
  return larger
}
