// The payload of a `checkpoint`: the state of the sequence that its header names, as content, its hash, and the index of the packs that
// it was written to.
import { decodeCbor, encodeCbor } from './cbor.ts'
import { Fields, malformed } from './fields.ts'
import type { PackClaim } from './header.ts'
import { payloadItemsMax, payloadPlainBytesMax } from './limits.ts'
import {
  decodeContent,
  decodeIndex,
  indexValue,
  refsValue,
  type ContentRefs,
  type PackIndex,
} from './payload-index.ts'

/** What a `checkpoint` says. `stateHash`: 32 bytes, of the state's canonical bytes, which are `stateBytes` long. */
export interface CheckpointPayload {
  readonly stateHash: Uint8Array
  readonly stateBytes: number
  readonly content: ContentRefs
  readonly index: readonly PackIndex[]
}

/** The body of a `checkpoint`. @throws CryptoError `malformed` on values without an encoding */
export function encodeCheckpoint({ stateHash, stateBytes, content, index }: CheckpointPayload): Uint8Array {
  return encodeCbor({
    hash: stateHash,
    size: stateBytes,
    depth: content.depth,
    chunks: refsValue(content.chunks),
    index: indexValue(index),
  })
}

/** What the body of a `checkpoint` says. `claims`: the packs that its header adds. @throws CryptoError `malformed`, `limit` */
export function decodeCheckpoint(body: Uint8Array, claims: readonly PackClaim[]): CheckpointPayload {
  const limits = { maxBytes: payloadPlainBytesMax, maxItems: payloadItemsMax }
  const fields = new Fields(decodeCbor(body, limits), 'a checkpoint')
  fields.only(['hash', 'size', 'depth', 'chunks', 'index'], 'malformed')
  const index = decodeIndex(fields.get('index'), claims)
  const content = decodeContent(fields, index)
  const stateBytes = fields.uint('size')
  if ((stateBytes === 0) !== (content.chunks.length === 0)) malformed('a state whose size and chunks differ')
  return { stateHash: fields.bytes('hash', 32), stateBytes, content, index }
}
