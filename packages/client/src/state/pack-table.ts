// The pack table: every claim of a pack that the log holds and no `drop` took back, in the order of the log, with the list of its chunks.
// A pack that two entries claim has two claims. Void entries claim too: their claims have no chunks.
import { packId, type ChunkId, type PackId, chunkId } from '@grenier/crypto'
import { ItemReader, ItemWriter } from './item-codec.ts'
import { claimKey, keySpace, numberFromKey, packKey } from './state-keys.ts'
import type { StateListing, StateRows, StateRowsWriter } from './state-rows.ts'

/** Where in the log a pack was claimed: the entry, and the position in its header's `added` followed by `restored`. */
export interface ClaimPlace {
  readonly sequence: number
  readonly position: number
}

/** A chunk as the index of an entry lists it. Equal lengths: stored uncompressed. */
export interface ListedChunk {
  readonly id: ChunkId
  readonly plainBytes: number
  readonly storedBytes: number
}

/** One claim. `sizeBytes`: as stored; `at`: the claiming entry's time, ms. */
export interface Claim {
  readonly place: ClaimPlace
  readonly id: PackId
  readonly sizeBytes: number
  readonly epoch: number
  readonly at: number
  readonly chunkCount: number
}

const writer = new ItemWriter(4096)

/** Adds a claim with its chunks, in the order in which they lie in the pack. Their places are the chunk index's to add. */
export function addClaim(rows: StateRowsWriter, claim: Claim, chunks: readonly ListedChunk[]): void {
  const key = claimKey(claim.place.sequence, claim.place.position)
  writer.bytes(claim.id)
  writer.uint(claim.sizeBytes)
  writer.uint(claim.epoch)
  writer.uint(claim.at)
  writer.uint(chunks.length)
  rows.put(key, writer.take())
  if (chunks.length > 0) rows.put(listKey(claim.place), encodeList(chunks))
  putPlaces(rows, claim.id, [...claimPlaces(rows, claim.id), claim.place])
}

/** The claim at a place; undefined when there is none, or it was dropped. @throws ClientError `state-broken`. */
export function claimAt(rows: StateRows, place: ClaimPlace): Claim | undefined {
  const bytes = rows.other(claimKey(place.sequence, place.position))
  if (bytes === undefined) return undefined
  if (lastRead?.bytes !== bytes) lastRead = { bytes, claim: decodeClaim(place, bytes) }
  return lastRead.claim
}

/** The claim of the chunk before is mostly that of the next one. A row is never written to: the same bytes are the same claim. */
let lastRead: { readonly bytes: Uint8Array; readonly claim: Claim } | undefined

/** The claims of a pack, in the order of the log; empty when nothing claims it now. */
export function claimsOf(rows: StateRows, id: PackId): readonly Claim[] {
  return claimPlaces(rows, id).flatMap((place) => claimAt(rows, place) ?? [])
}

/** The chunks of a claim, as they lie in the pack. @throws ClientError `state-broken`. */
export function chunksOf(rows: StateRows, place: ClaimPlace): readonly ListedChunk[] {
  const bytes = rows.other(listKey(place))
  return bytes === undefined ? [] : decodeList(bytes)
}

/** All claims in the order of the log, as they were when the listing began. `from`: those of this entry and behind it alone. */
export async function* claimsInOrder(rows: StateListing, from = 0): AsyncIterable<Claim> {
  const options = { from: claimKey(from, 0) }
  for await (const [key, bytes] of rows.others(keySpace.claim, options))
    yield decodeClaim(placeFromKey(key), bytes)
}

/** Takes one claim out of the table; other claims of the same pack stay. The places of its chunks are the chunk index's to take. */
export function removeClaim(rows: StateRowsWriter, claim: Pick<Claim, 'id' | 'place'>): void {
  const { id, place } = claim
  rows.del(claimKey(place.sequence, place.position))
  rows.del(listKey(place))
  putPlaces(
    rows,
    id,
    claimPlaces(rows, id).filter((other) => !samePlace(other, place)),
  )
}

function claimPlaces(rows: StateRows, id: PackId): ClaimPlace[] {
  const bytes = rows.other(packKey(id))
  if (bytes === undefined) return []
  const reader = new ItemReader(bytes)
  const places: ClaimPlace[] = []
  while (!reader.atEnd) places.push({ sequence: reader.uint(), position: reader.uint() })
  return places.sort((a, b) => a.sequence - b.sequence || a.position - b.position)
}

function putPlaces(rows: StateRowsWriter, id: PackId, places: readonly ClaimPlace[]): void {
  if (places.length === 0) {
    rows.del(packKey(id))
    return
  }
  for (const place of places) {
    writer.uint(place.sequence)
    writer.uint(place.position)
  }
  rows.put(packKey(id), writer.take())
}

function samePlace(a: ClaimPlace, b: ClaimPlace): boolean {
  return a.sequence === b.sequence && a.position === b.position
}

function decodeClaim(place: ClaimPlace, bytes: Uint8Array): Claim {
  const reader = new ItemReader(bytes)
  return {
    place,
    id: packId(reader.bytes()),
    sizeBytes: reader.uint(),
    epoch: reader.uint(),
    at: reader.uint(),
    chunkCount: reader.uint(),
  }
}

function encodeList(chunks: readonly ListedChunk[]): Uint8Array {
  for (const chunk of chunks) {
    writer.bytes(chunk.id)
    writer.uint(chunk.plainBytes)
    writer.uint(chunk.storedBytes)
  }
  return writer.take()
}

function decodeList(bytes: Uint8Array): readonly ListedChunk[] {
  const reader = new ItemReader(bytes)
  const chunks: ListedChunk[] = []
  while (!reader.atEnd)
    chunks.push({ id: chunkId(reader.bytes()), plainBytes: reader.uint(), storedBytes: reader.uint() })
  return chunks
}

function listKey(place: ClaimPlace): string {
  return keySpace.list + claimKey(place.sequence, place.position)
}

function placeFromKey(key: string): ClaimPlace {
  const sequence = numberFromKey(key, keySpace.claim.length)
  return { sequence: sequence.value, position: numberFromKey(key, sequence.end).value }
}
