// Claiming and dropping packs: the pack table and the chunk index, changed together.
import type { PackId } from '@grenier/crypto'
import { addPlaces, dropPlaces, type PlaceKnowledge } from './chunk-index.ts'
import { isKnownBad } from './lost-packs.ts'
import { addClaim, chunksOf, claimsOf, removeClaim, type Claim, type ListedChunk } from './pack-table.ts'
import type { StateRowsWriter } from './state-rows.ts'

/** What lies in a claimed pack, in order, and what this device knows of it: `good` when it sealed the pack itself. */
export interface ClaimedChunks {
  readonly chunks: readonly ListedChunk[]
  readonly known: PlaceKnowledge
}

/**
 * Adds a claim, and the places of its chunks. `claim.chunkCount` is the count of `chunks`. A pack that this device knows to be lost or hurt is not
 * credited: its claim is not new then, and is folded again.
 */
export function claimPack(rows: StateRowsWriter, claim: Claim, { chunks, known }: ClaimedChunks): void {
  addClaim(rows, claim, chunks)
  addPlaces(rows, { place: claim.place, known: isKnownBad(rows, claim.id) ? 'bad' : known }, chunks)
}

/** Takes one claim away, with the places of its chunks. */
export function unclaim(rows: StateRowsWriter, claim: Pick<Claim, 'id' | 'place'>): void {
  for (const chunk of chunksOf(rows, claim.place)) dropPlaces(rows, chunk.id, claim.place)
  removeClaim(rows, claim)
}

/** Takes every claim of a pack away. Returns whether there was one. */
export function dropPack(rows: StateRowsWriter, id: PackId): boolean {
  const claims = claimsOf(rows, id)
  for (const claim of claims) unclaim(rows, claim)
  return claims.length > 0
}
