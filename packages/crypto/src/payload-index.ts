// Indexes and content references in payloads: which chunks lie in the packs that the entry names, and which chunks a file or a state is
// made of. Checked against the header's claims.
import { chunkId, concat, type ChunkId } from './bytes.ts'
import type { CborValue } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { asArray, asBytes, asTuple, asUint, malformed, type Fields } from './fields.ts'
import type { PackClaim } from './header.ts'
import { chunkBytesMax, chunksInPackMax, chunksInPutMax, claimsMax, contentDepthMax } from './limits.ts'
import { plainCapacity } from './sizes.ts'

/** A chunk in a pack: plain and stored bytes, equal where it is not compressed. */
export interface IndexedChunk {
  readonly id: ChunkId
  readonly plainBytes: number
  readonly storedBytes: number
}

/** The chunks of one pack, as they lie one after the other. `pack`: position among the packs added, then restored, by the header. */
export interface PackIndex {
  readonly pack: number
  readonly chunks: readonly IndexedChunk[]
}

/** A chunk by its place in this entry's own index (which list, which chunk of it), or by its id. */
export type ChunkRef = { readonly pack: number; readonly chunk: number } | { readonly id: ChunkId }

/** What a file or a checkpoint holds. Depth 0: the chunks of the bytes; depth n: those of a list of ids of depth n - 1. */
export interface ContentRefs {
  readonly depth: number
  readonly chunks: readonly ChunkRef[]
}

/** The index as CBOR: for each pack its position, the ids as one byte string, and plain and stored lengths by turns. */
export function indexValue(index: readonly PackIndex[]): CborValue {
  return index.map(({ pack, chunks }) => [
    pack,
    concat(chunks.map(({ id }) => id)),
    chunks.flatMap(({ plainBytes, storedBytes }) => [plainBytes, storedBytes]),
  ])
}

/** Chunks by reference, as CBOR. */
export function refsValue(chunks: readonly ChunkRef[]): CborValue {
  return chunks.map((ref) => ('id' in ref ? ref.id : [ref.pack, ref.chunk]))
}

/** The chunk ids of a pack: one byte string, 32 bytes each, one at least. @throws CryptoError `malformed` */
export function idsIn(value: unknown): ChunkId[] {
  if (!(value instanceof Uint8Array) || value.length % 32 !== 0 || value.length === 0)
    malformed('chunk ids of a pack are not 32 bytes each')
  return Array.from({ length: value.length / 32 }, (_, i) => chunkId(value.slice(i * 32, i * 32 + 32)))
}

function decodePackIndex(value: unknown, claims: readonly PackClaim[]): PackIndex {
  const [position, ids, lengths] = asTuple(value, 3, 'index of a pack')
  const pack = asUint(position, claimsMax * 2, 'position of a pack')
  const claim = claims[pack]
  if (claim === undefined) malformed('an index of a pack that the entry does not name')
  const listed = idsIn(ids)
  const bytes = asArray(lengths, chunksInPackMax * 2, 'lengths of chunks')
  if (bytes.length !== listed.length * 2) malformed('a pack has not two lengths for each chunk')
  const chunks: IndexedChunk[] = []
  let total = 0
  for (const [i, id] of listed.entries()) {
    const { plainBytes, storedBytes } = lengthsOf(bytes[2 * i], bytes[2 * i + 1])
    total += storedBytes
    chunks.push({ id, plainBytes, storedBytes })
  }
  checkFits(total, claim)
  return { pack, chunks }
}

function lengthsOf(plain: unknown, stored: unknown): Omit<IndexedChunk, 'id'> {
  const plainBytes = asUint(plain, chunkBytesMax, 'plain length of a chunk')
  const storedBytes = asUint(stored, plainBytes, 'stored length of a chunk')
  if (storedBytes < 1) malformed('a chunk of no bytes')
  return { plainBytes, storedBytes }
}

function checkFits(totalBytes: number, claim: PackClaim): void {
  if (totalBytes > plainCapacity(claim.sizeBytes)) malformed('chunks that do not fit their pack')
}

function checkPackIndex({ pack, chunks }: PackIndex, claims: readonly PackClaim[]): void {
  const claim = claims[asUint(pack, claimsMax * 2, 'position of a pack')]
  if (claim === undefined) malformed('an index of a pack that the entry does not name')
  if (chunks.length === 0 || chunks.some(({ id }) => id.length !== 32))
    malformed('chunk ids of a pack are not 32 bytes each')
  if (chunks.length > chunksInPackMax)
    throw new CryptoError('limit', `lengths of chunks have more than ${chunksInPackMax * 2} elements`)
  let total = 0
  for (const { plainBytes, storedBytes } of chunks) total += lengthsOf(plainBytes, storedBytes).storedBytes
  checkFits(total, claim)
}

/** Refuses what `decodeIndex` would refuse of its encoding. @throws CryptoError `malformed`, `limit` */
export function checkIndex(index: readonly PackIndex[], claims: readonly PackClaim[]): void {
  asArray(index, claims.length, 'index')
  for (const list of index) checkPackIndex(list, claims)
  checkRising(index)
}

function checkRising(index: readonly PackIndex[]): void {
  for (const [i, { pack }] of index.entries()) {
    const before = index[i - 1]
    if (before !== undefined && before.pack >= pack) malformed('packs of an index are not in rising order')
  }
}

/** The index of packs among `claims` (added, then restored). @throws CryptoError `malformed`, `limit` */
export function decodeIndex(value: unknown, claims: readonly PackClaim[]): PackIndex[] {
  const index = asArray(value, claims.length, 'index').map((item) => decodePackIndex(item, claims))
  checkRising(index)
  return index
}

/** Depth and chunk references, each of which exists in the index. @throws CryptoError `malformed`, `limit` */
export function decodeContent(fields: Fields, index: readonly PackIndex[]): ContentRefs {
  const depth = fields.uint('depth', contentDepthMax)
  const chunks = fields.array('chunks', chunksInPutMax).map((value): ChunkRef => {
    if (value instanceof Uint8Array) return { id: chunkId(asBytes(value, 32, 'a chunk id')) }
    const [first, second] = asTuple(value, 2, 'place of a chunk')
    return checkPlace(first, second, index)
  })
  checkList(depth, chunks)
  return { depth, chunks }
}

function checkPlace(
  first: unknown,
  second: unknown,
  index: readonly PackIndex[],
): { pack: number; chunk: number } {
  const pack = asUint(first, claimsMax * 2, 'place of a chunk')
  const chunk = asUint(second, chunksInPackMax, 'place of a chunk')
  if (index[pack]?.chunks[chunk] === undefined) malformed('a place that is not in the index')
  return { pack, chunk }
}

function checkList(depth: number, chunks: readonly ChunkRef[]): void {
  if (depth > 0 && chunks.length === 0) malformed('a list of chunks that is empty')
}

/** Refuses what `decodeContent` would refuse of its encoding. @throws CryptoError `malformed`, `limit` */
export function checkContent({ depth, chunks }: ContentRefs, index: readonly PackIndex[]): void {
  asUint(depth, contentDepthMax, 'depth of an operation')
  asArray(chunks, chunksInPutMax, 'chunks of an operation')
  for (const ref of chunks) {
    if ('id' in ref) asBytes(ref.id, 32, 'a chunk id')
    else checkPlace(ref.pack, ref.chunk, index)
  }
  checkList(depth, chunks)
}

/** The ids that references stand for. @throws CryptoError `malformed` on a place that is not in the index */
export function chunkIdsOf(chunks: readonly ChunkRef[], index: readonly PackIndex[]): ChunkId[] {
  return chunks.map((ref) => {
    if ('id' in ref) return ref.id
    const found = index[ref.pack]?.chunks[ref.chunk]
    return found === undefined ? malformed('a place that is not in the index') : found.id
  })
}
