// The payload of a `checkpoint`: the state of the sequence that its header names, as content, its hash, the index of the packs that it was
// written to, and where the chunks lie that it shares with earlier packs: who has nothing but this entry finds them all.
import { concat, packId, type PackId } from './bytes.ts'
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import { ascending, asArray, asBytes, asTuple, asUint, Fields, malformed } from './fields.ts'
import type { PackClaim } from './header.ts'
import { chunkBytesMax, claimsMax, epochMax, payloadItemsMax, payloadPlainBytesMax } from './limits.ts'
import {
  decodeContent,
  decodeIndex,
  idsIn,
  indexValue,
  refsValue,
  type ContentRefs,
  type IndexedChunk,
  type PackIndex,
} from './payload-index.ts'
import { isAllowedPackSize, plainCapacity } from './sizes.ts'

/** A chunk in a pack that an earlier entry added. `offset`: in the pack's plaintext. */
export interface EarlierChunk extends IndexedChunk {
  readonly offset: number
}

/** A pack that an earlier entry added, and which chunks of the state lie in it. */
export interface EarlierPack {
  readonly id: PackId
  readonly sizeBytes: number
  readonly epoch: number
  readonly chunks: readonly EarlierChunk[]
}

/** What a `checkpoint` says. `stateHash`: 32 bytes, of the state's canonical bytes, which are `stateBytes` long. */
export interface CheckpointPayload {
  readonly stateHash: Uint8Array
  readonly stateBytes: number
  readonly content: ContentRefs
  readonly index: readonly PackIndex[]
  /** Where those chunks lie, of the state and of the lists it is made of, that the index does not give. By rising pack. */
  readonly earlier: readonly EarlierPack[]
}

/** The body of a `checkpoint`. @throws CryptoError `malformed` on values without an encoding */
export function encodeCheckpoint(checkpoint: CheckpointPayload): Uint8Array {
  const { stateHash, stateBytes, content, index, earlier } = checkpoint
  return encodeCbor({
    hash: stateHash,
    size: stateBytes,
    depth: content.depth,
    chunks: refsValue(content.chunks),
    index: indexValue(index),
    ...(earlier.length === 0 ? {} : { earlier: earlier.map(earlierValue) }),
  })
}

function earlierValue({ id, sizeBytes, epoch, chunks }: EarlierPack): CborValue {
  const ids = concat(chunks.map((chunk) => chunk.id))
  const places = chunks.flatMap(({ offset, plainBytes, storedBytes }) => [offset, plainBytes, storedBytes])
  return [id, sizeBytes, epoch, ids, places]
}

/** What the body of a `checkpoint` says. `claims`: the packs that its header adds. @throws CryptoError `malformed`, `limit` */
export function decodeCheckpoint(body: Uint8Array, claims: readonly PackClaim[]): CheckpointPayload {
  const limits = { maxBytes: payloadPlainBytesMax, maxItems: payloadItemsMax }
  const fields = new Fields(decodeCbor(body, limits), 'a checkpoint')
  fields.only(['hash', 'size', 'depth', 'chunks', 'index', 'earlier'], 'malformed')
  const index = decodeIndex(fields.get('index'), claims)
  const content = decodeContent(fields, index)
  const stateBytes = fields.uint('size')
  if ((stateBytes === 0) !== (content.chunks.length === 0)) malformed('a state whose size and chunks differ')
  return { stateHash: fields.bytes('hash', 32), stateBytes, content, index, earlier: decodeEarlier(fields) }
}

/** One way to say that there is none: the field is left out. */
function decodeEarlier(fields: Fields): EarlierPack[] {
  if (!fields.has('earlier')) return []
  const packs = fields.array('earlier', claimsMax).map(decodeEarlierPack)
  if (packs.length === 0) malformed('a list of earlier packs that is empty')
  ascending(
    packs.map(({ id }) => id),
    'earlier packs',
  )
  return packs
}

function decodeEarlierPack(value: unknown): EarlierPack {
  const [id, size, epoch, ids, places] = asTuple(value, 5, 'an earlier pack')
  const sizeBytes = asUint(size, Number.MAX_SAFE_INTEGER, 'size of an earlier pack')
  if (!isAllowedPackSize(sizeBytes)) malformed('an earlier pack of a size that packs do not have')
  const listed = idsIn(ids)
  const numbers = asArray(places, payloadItemsMax, 'places in an earlier pack')
  if (numbers.length !== listed.length * 3) malformed('an earlier pack has not three numbers for each chunk')
  const chunks = listed.map((chunk, at): EarlierChunk => {
    const offset = asUint(numbers[3 * at], plainCapacity(sizeBytes), 'offset of a chunk')
    const plainBytes = asUint(numbers[3 * at + 1], chunkBytesMax, 'plain length of a chunk')
    const storedBytes = asUint(numbers[3 * at + 2], plainBytes, 'stored length of a chunk')
    if (storedBytes < 1 || offset + storedBytes > plainCapacity(sizeBytes))
      malformed('a chunk that does not lie in its pack')
    return { id: chunk, offset, plainBytes, storedBytes }
  })
  return {
    id: packId(asBytes(id, 32, 'an earlier pack')),
    sizeBytes,
    epoch: asUint(epoch, epochMax, 'epoch of an earlier pack'),
    chunks,
  }
}
