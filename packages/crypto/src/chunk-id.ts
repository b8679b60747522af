// Names of chunks: keyed, so that nothing is shared between vaults and no content can be confirmed by its name.
import { chunkId, type ChunkId } from './bytes.ts'
import { chunkIdLabel } from './chunk-ids.ts'
import { keyedHash } from './hash.ts'

/** The id of a chunk. `key`: 32 bytes, from `chunkIdKeyOf`; `plain`: the chunk before compression. */
export function chunkIdOf(key: Uint8Array, plain: Uint8Array): ChunkId {
  return chunkId(keyedHash(key, chunkIdLabel, plain))
}
