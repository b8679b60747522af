// What stands in the rows. Small rows are JSON, checked when read; entries are bytes behind a short front. Only this version's layout.
import {
  bodyHash,
  entryHash,
  fromHex,
  signingKey,
  toHex,
  type BodyHash,
  type SigningKey,
} from '@grenier/crypto/verify'
import * as v from 'valibot'
import { RelayError } from '../errors.ts'
import type { LogHead, StoredEntry } from './log-store.ts'
import type { PackRow } from './pack-ledger.ts'
import type { Floors } from './retention.ts'
import type { Usage } from './usage.ts'

/** What is kept of a vault in one row. `head` is undefined while packs wait for the genesis. */
export interface VaultRow {
  readonly head: LogHead | undefined
  readonly chargedTo: SigningKey
  readonly usage: Usage
  readonly floors: Floors | undefined
  /** Entries up to here were retired already. */
  readonly retiredTo: number
}

/** A prune whose entries wait for the floor. */
export interface PrunedRow {
  readonly upTo: number
  readonly checkpoint: number
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const usageSchema = v.strictObject({
  liveBytes: count,
  pendingBytes: count,
  keptBytes: count,
  entryBytes: count,
  entries: count,
  vaults: count,
})
const packSchema = v.strictObject({
  state: v.picklist(['arriving', 'pending', 'claimed', 'dropped', 'gone', 'lost']),
  sizeBytes: count,
  since: count,
  chargedTo: v.optional(v.string()),
})
const vaultSchema = v.strictObject({
  head: v.nullable(v.strictObject({ sequence: count, hash: v.string(), at: count })),
  chargedTo: v.string(),
  usage: usageSchema,
  floors: v.nullable(
    v.strictObject({ ms: count, older: v.array(v.strictObject({ ms: count, until: count })) }),
  ),
  retiredTo: count,
})
const prunedSchema = v.strictObject({ upTo: count, checkpoint: count })

// Made once: to make one costs more than to read a row with it.
const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true })

/** A row of JSON as it is written. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value))
}

/** A row of JSON, checked. @throws RelayError `data-broken` */
export function decodeJson<S extends v.GenericSchema>(schema: S, bytes: Uint8Array): v.InferOutput<S> {
  try {
    return v.parse(schema, JSON.parse(strict.decode(bytes)))
  } catch (cause) {
    throw new RelayError('data-broken', 'a row of the store does not decode', { cause })
  }
}

export const encodeUsage = (usage: Usage): Uint8Array => encodeJson(usage)
export const decodeUsage = (bytes: Uint8Array): Usage => decodeJson(usageSchema, bytes)
export const encodePruned = (row: PrunedRow): Uint8Array => encodeJson(row)
export const decodePruned = (bytes: Uint8Array): PrunedRow => decodeJson(prunedSchema, bytes)

export function encodePackRow({ chargedTo, ...row }: PackRow): Uint8Array {
  return encodeJson(chargedTo === undefined ? row : { ...row, chargedTo: toHex(chargedTo) })
}

/** @throws RelayError `data-broken` */
export function decodePackRow(bytes: Uint8Array): PackRow {
  const { chargedTo, ...row } = decodeJson(packSchema, bytes)
  return chargedTo === undefined ? row : { ...row, chargedTo: signingKey(fromHex(chargedTo)) }
}

export function encodeVaultRow(row: VaultRow): Uint8Array {
  const { head, floors } = row
  return encodeJson({
    ...row,
    head: head === undefined ? null : { ...head, hash: toHex(head.hash) },
    chargedTo: toHex(row.chargedTo),
    floors: floors ?? null,
  })
}

export function decodeVaultRow(bytes: Uint8Array): VaultRow {
  const row = decodeJson(vaultSchema, bytes)
  const head = row.head === null ? undefined : { ...row.head, hash: entryHash(fromHex(row.head.hash)) }
  return { ...row, head, chargedTo: signingKey(fromHex(row.chargedTo)), floors: row.floors ?? undefined }
}

const spineMark = 1
const plainMark = 2
const retiredMark = 3
const frontBytes = 33 // mark ‖ body hash

/** An entry's row: mark ‖ body hash ‖ the entry's bytes, which a retired one has no more. */
export interface EntryRow {
  readonly spine: boolean
  readonly bodyHash: BodyHash
  readonly bytes: Uint8Array | undefined
}

export function encodeEntryRow(row: EntryRow): Uint8Array {
  const bytes = row.bytes ?? new Uint8Array(0)
  const out = new Uint8Array(frontBytes + bytes.length)
  out[0] = row.bytes === undefined ? retiredMark : row.spine ? spineMark : plainMark
  out.set(row.bodyHash, 1)
  out.set(bytes, frontBytes)
  return out
}

/** @throws RelayError `data-broken` */
export function decodeEntryRow(bytes: Uint8Array): EntryRow {
  const mark = bytes[0]
  if (bytes.length < frontBytes || mark === undefined || mark < spineMark || mark > retiredMark)
    throw new RelayError('data-broken', 'a row of an entry does not decode')
  return {
    spine: mark === spineMark,
    bodyHash: bodyHash(bytes.subarray(1, frontBytes)),
    bytes: mark === retiredMark ? undefined : bytes.subarray(frontBytes),
  }
}

/** As a reader of the log gets it. */
export function storedEntry(sequence: number, row: EntryRow): StoredEntry {
  return row.bytes === undefined ? { sequence, bodyHash: row.bodyHash } : { sequence, bytes: row.bytes }
}
