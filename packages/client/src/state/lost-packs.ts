// Packs that the log claims and the relay does not hold any more, as far as it said so and this device has dealt with it.
import { packId, toHex, type ChunkId, type PackId } from '@grenier/crypto'
import { notePlace, placesOf } from './chunk-index.ts'
import { chunksOf, claimsOf } from './pack-table.ts'
import { otherKey } from './state-keys.ts'
import type { StateListing, StateRows, StateRowsWriter } from './state-rows.ts'

const prefix = otherKey('lost!')

/** Packs that were dealt with, by hex name. */
export async function knownLost(rows: StateListing): Promise<ReadonlyMap<string, PackId>> {
  const known = new Map<string, PackId>()
  for await (const [key, bytes] of rows.others(prefix)) known.set(key.slice(prefix.length), packId(bytes))
  return known
}

/** These were dealt with. */
export function keepLost(rows: StateRowsWriter, packs: readonly PackId[]): void {
  for (const pack of packs) rows.put(prefix + toHex(pack), pack)
}

/** These are to be dealt with again, or are there again. */
export function forgetLost(rows: StateRowsWriter, packs: readonly PackId[]): void {
  for (const pack of packs) rows.del(prefix + toHex(pack))
}

const writerKey = otherKey('lost-by-writer')

/** Whether all that was dealt with was so by one that may write: what could be sent of it from here was. */
export function isLostByWriter(rows: StateRows): boolean {
  return rows.other(writerKey) !== undefined
}

/** In which role some were dealt with last. */
export function noteLostBy(rows: StateRowsWriter, { writes }: { readonly writes: boolean }): void {
  if (writes) rows.put(writerKey, Uint8Array.of(1))
  else rows.del(writerKey)
}

const hurtPrefix = otherKey('hurt!')

/** Packs that this device found hurt, by hex name. */
export async function knownHurt(rows: StateListing): Promise<ReadonlyMap<string, PackId>> {
  const known = new Map<string, PackId>()
  for await (const [key, bytes] of rows.others(hurtPrefix))
    known.set(key.slice(hurtPrefix.length), packId(bytes))
  return known
}

/** These were found hurt. */
export function keepHurt(rows: StateRowsWriter, packs: readonly PackId[]): void {
  for (const pack of packs) rows.put(hurtPrefix + toHex(pack), pack)
}

/** Whether a pack was found lost or hurt here, and dealt with. */
export function isKnownBad(rows: StateRows, pack: PackId): boolean {
  return [prefix, hurtPrefix].some((before) => rows.other(before + toHex(pack)) !== undefined)
}

/** What lies in a lost pack is not there: nothing is deduplicated against it any more, and it is looked for elsewhere first. */
export function discredit(rows: StateRowsWriter, pack: PackId): void {
  for (const { place } of claimsOf(rows, pack)) {
    for (const [position, { id }] of chunksOf(rows, place).entries())
      notePlace(rows, id, { claim: place, position, known: 'bad' })
  }
}

/** These packs are whole again, as this device has just seen: it knows of no loss any more, and what lies in them is there. */
export function credit(rows: StateRowsWriter, packs: readonly PackId[]): void {
  forgetLost(rows, packs)
  for (const pack of packs) {
    rows.del(hurtPrefix + toHex(pack))
    for (const { place } of claimsOf(rows, pack)) {
      for (const [position, { id }] of chunksOf(rows, place).entries())
        notePlace(rows, id, { claim: place, position, known: 'good' })
    }
  }
}

/** Whether all that the log says lies in a pack lies elsewhere, too. */
export function isNeedless(rows: StateRows, pack: PackId): boolean {
  return chunksIn(rows, pack).every((id) => isElsewhere(rows, id))
}

/** The chunks that the log says lie in a pack. */
export function chunksIn(rows: StateRows, pack: PackId): ChunkId[] {
  return claimsOf(rows, pack).flatMap(({ place }) => chunksOf(rows, place).map(({ id }) => id))
}

/** Whether a chunk has a place that this device does not know to be bad. */
export function isElsewhere(rows: StateRows, id: ChunkId): boolean {
  return placesOf(rows, id).some(({ known }) => known !== 'bad')
}

/** Chunks of these packs that lie nowhere else, by hex id, as far as this device knows. After `discredit`. */
export function chunksWithoutPlace(rows: StateRowsWriter, packs: readonly PackId[]): Set<string> {
  const wanted = new Set<string>()
  for (const id of packs.flatMap((pack) => chunksIn(rows, pack)))
    if (!isElsewhere(rows, id)) wanted.add(toHex(id))
  return wanted
}

/** Which of these lost packs the log still counts on: chunks lie nowhere else, or it held a payload. */
export function withoutOther(rows: StateRowsWriter, packs: readonly PackId[]): PackId[] {
  // All of them first: what lies in two that are lost lies nowhere.
  for (const pack of packs) discredit(rows, pack)
  return packs.filter(
    (pack) => claimsOf(rows, pack).some(({ chunkCount }) => chunkCount === 0) || !isNeedless(rows, pack),
  )
}
