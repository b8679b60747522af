// Entries of the log as this device keeps them, by sequence: raw, as the bytes that were signed, back to the last pruned checkpoint and
// for the whole spine; the packs of their payloads; and every body hash for good.
import { bodyHash, type BodyHash } from '@grenier/crypto'
import { keySpace, numberFromKey, numberKey } from './state-keys.ts'
import type { StateListing, StateRows, StateRowsWriter } from './state-rows.ts'

/** An entry that is kept, raw or as its body hash alone. */
export interface KeptEntry {
  readonly sequence: number
  readonly bodyHash: BodyHash
  readonly entry: Uint8Array | undefined
}

/** Keeps an entry with its body hash. */
export function keepEntry(
  rows: StateRowsWriter,
  kept: { readonly sequence: number; readonly bodyHash: BodyHash; readonly entry: Uint8Array },
): void {
  keepBodyHash(rows, kept.sequence, kept.bodyHash)
  rows.put(entryKey(kept.sequence), kept.entry)
}

/** Keeps the body hash of an entry that was retired before this device saw it. */
export function keepBodyHash(rows: StateRowsWriter, sequence: number, hash: BodyHash): void {
  rows.put(bodyHashKey(sequence), hash)
}

/** The raw bytes of an entry; undefined when they are not kept. */
export function entryAt(rows: StateRows, sequence: number): Uint8Array | undefined {
  return rows.other(entryKey(sequence))
}

/** The body hash of an entry; undefined beyond what this device knows. */
export function bodyHashAt(rows: StateRows, sequence: number): BodyHash | undefined {
  const bytes = rows.other(bodyHashKey(sequence))
  return bytes === undefined ? undefined : bodyHash(bytes)
}

/** Everything kept from a sequence on, in order, committed rows only. */
export async function* entriesFrom(rows: StateListing, sequence: number): AsyncIterable<KeptEntry> {
  const prefix = keySpace.bodyHash
  for await (const [key, hash] of rows.others(prefix, { from: bodyHashKey(sequence) })) {
    const at = numberFromKey(key, prefix.length).value
    yield { sequence: at, bodyHash: bodyHash(hash), entry: entryAt(rows, at) }
  }
}

/** The highest sequence of which anything is kept; undefined when nothing is. */
export async function lastSequence(rows: StateListing): Promise<number | undefined> {
  for await (const [key] of rows.others(keySpace.bodyHash, { reverse: true }))
    return numberFromKey(key, keySpace.bodyHash.length).value
  return undefined
}

/** Forgets the raw bytes of an entry and the packs of its payload (`payloadPacks`: how many); the body hash stays. */
export function retireEntry(rows: StateRowsWriter, sequence: number, payloadPacks = 0): void {
  rows.del(entryKey(sequence))
  for (let position = 0; position < payloadPacks; position += 1) rows.del(payloadKey(sequence, position))
}

/** Keeps a pack of an entry's payload, as stored. `position`: in the pointer's list. */
export function keepPayloadPack(
  rows: StateRowsWriter,
  place: { readonly sequence: number; readonly position: number },
  stored: Uint8Array,
): void {
  rows.put(payloadKey(place.sequence, place.position), stored)
}

/** A pack of an entry's payload, as stored; undefined when it is not kept. */
export function payloadPackAt(
  rows: StateRows,
  place: { readonly sequence: number; readonly position: number },
): Uint8Array | undefined {
  return rows.other(payloadKey(place.sequence, place.position))
}

function entryKey(sequence: number): string {
  return keySpace.entry + numberKey(sequence)
}

export function bodyHashKey(sequence: number): string {
  return keySpace.bodyHash + numberKey(sequence)
}

function payloadKey(sequence: number, position: number): string {
  return keySpace.payload + numberKey(sequence) + numberKey(position)
}
