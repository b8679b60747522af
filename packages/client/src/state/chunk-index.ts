// Where each chunk lies: its places in packs, as the log claims them, and what this device knows of them by its own hand.
import type { ChunkId, PackId } from '@grenier/crypto'
import { ItemReader, ItemWriter } from './item-codec.ts'
import { claimAt, type ClaimPlace, type ListedChunk } from './pack-table.ts'
import { chunkKey } from './state-keys.ts'
import type { StateRows, StateRowsWriter } from './state-rows.ts'

/** One place of a chunk. Equal lengths: stored uncompressed. */
export interface ChunkPlace {
  readonly claim: ClaimPlace
  readonly pack: PackId
  /** The pack's size as stored, and the epoch that it is sealed under. */
  readonly packBytes: number
  readonly epoch: number
  /** Where the chunk starts in the pack's plaintext. */
  readonly offset: number
  readonly plainBytes: number
  readonly storedBytes: number
  /** Which chunk of the claim's list it is. */
  readonly position: number
  /** What this device knows: it sent or checked the chunk there (`good`), found it wrong there (`bad`), or neither. */
  readonly known: PlaceKnowledge
}

export type PlaceKnowledge = 'good' | 'bad' | 'unknown'

/** A place as it is stored: the pack's part is the pack table's. */
interface StoredPlace {
  readonly claim: ClaimPlace
  readonly position: number
  readonly offset: number
  readonly plainBytes: number
  readonly storedBytes: number
  readonly known: PlaceKnowledge
}

const knowledge: readonly PlaceKnowledge[] = ['unknown', 'good', 'bad']
const writer = new ItemWriter(256)

/** The places of a chunk, to be tried in this order: not known as bad before bad, later claims before earlier ones. */
export function placesOf(rows: StateRows, id: ChunkId): readonly ChunkPlace[] {
  const stored = storedPlaces(rows, id)
  const [only] = stored
  if (only !== undefined && stored.length === 1) {
    const place = withPack(rows, only)
    return place === undefined ? [] : [place]
  }
  return stored
    .sort((a, b) => Number(a.known === 'bad') - Number(b.known === 'bad') || compareClaims(b, a))
    .flatMap((place) => withPack(rows, place) ?? [])
}

/** Whether the log claims a place for the chunk: what a `put` needs to apply. */
export function hasPlace(rows: StateRows, id: ChunkId): boolean {
  return rows.other(chunkKey(id)) !== undefined
}

/** A place that this device sent or checked itself: the only kind to deduplicate against. */
export function ownPlaceOf(rows: StateRows, id: ChunkId): ChunkPlace | undefined {
  return placesOf(rows, id).find((place) => place.known === 'good')
}

/** The latest place that the log claims, whatever this device knows of it: the same on every device. */
export function latestPlaceOf(
  rows: StateRows,
  id: ChunkId,
): { claim: ClaimPlace; position: number } | undefined {
  return storedPlaces(rows, id).sort((a, b) => compareClaims(b, a))[0]
}

/** Adds the places of a claim's chunks. `known`: `good` when this device sealed the pack itself. */
export function addPlaces(
  rows: StateRowsWriter,
  claim: { readonly place: ClaimPlace; readonly known: PlaceKnowledge },
  chunks: readonly ListedChunk[],
): void {
  let offset = 0
  chunks.forEach((chunk, position) => {
    const { plainBytes, storedBytes } = chunk
    const place = { claim: claim.place, position, offset, plainBytes, storedBytes, known: claim.known }
    putPlaces(rows, chunk.id, [...storedPlaces(rows, chunk.id), place])
    offset += storedBytes
  })
}

/** Notes what this device found at a place. Does nothing when the place is gone. */
export function notePlace(
  rows: StateRowsWriter,
  id: ChunkId,
  found: { readonly claim: ClaimPlace; readonly position: number; readonly known: PlaceKnowledge },
): void {
  const places = storedPlaces(rows, id)
  const noted = places.map((place) =>
    sameClaim(place.claim, found.claim) && place.position === found.position
      ? { ...place, known: found.known }
      : place,
  )
  if (places.length > 0) putPlaces(rows, id, noted)
}

/** Takes away the places of a chunk in one claim. */
export function dropPlaces(rows: StateRowsWriter, id: ChunkId, claim: ClaimPlace): void {
  const places = storedPlaces(rows, id)
  const kept = places.filter((place) => !sameClaim(place.claim, claim))
  if (kept.length < places.length) putPlaces(rows, id, kept)
}

function withPack(rows: StateRows, place: StoredPlace): ChunkPlace | undefined {
  const claim = claimAt(rows, place.claim)
  if (claim === undefined) return undefined
  return { ...place, pack: claim.id, packBytes: claim.sizeBytes, epoch: claim.epoch }
}

function storedPlaces(rows: StateRows, id: ChunkId): StoredPlace[] {
  const bytes = rows.other(chunkKey(id))
  if (bytes === undefined) return []
  const reader = new ItemReader(bytes)
  const places: StoredPlace[] = []
  while (!reader.atEnd)
    places.push({
      claim: { sequence: reader.uint(), position: reader.uint() },
      position: reader.uint(),
      offset: reader.uint(),
      plainBytes: reader.uint(),
      storedBytes: reader.uint(),
      known: knowledge[reader.uint()] ?? 'unknown',
    })
  return places
}

function putPlaces(rows: StateRowsWriter, id: ChunkId, places: readonly StoredPlace[]): void {
  if (places.length === 0) {
    rows.del(chunkKey(id))
    return
  }
  for (const place of places) {
    writer.uint(place.claim.sequence)
    writer.uint(place.claim.position)
    writer.uint(place.position)
    writer.uint(place.offset)
    writer.uint(place.plainBytes)
    writer.uint(place.storedBytes)
    writer.uint(knowledge.indexOf(place.known))
  }
  rows.put(chunkKey(id), writer.take())
}

function compareClaims(a: StoredPlace, b: StoredPlace): number {
  return a.claim.sequence - b.claim.sequence || a.claim.position - b.claim.position || a.position - b.position
}

function sameClaim(a: ClaimPlace, b: ClaimPlace): boolean {
  return a.sequence === b.sequence && a.position === b.position
}
