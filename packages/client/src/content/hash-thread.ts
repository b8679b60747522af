// The entry of a thread that names chunks and does nothing else, so that it stays small: no pool library, no WebAssembly.
import { parentPort } from 'node:worker_threads'
import { chunkIdsOf, type ChunkRange } from '@grenier/crypto/chunk-ids'

/** What it is asked. `bytes`: moved here, with their buffer. */
export interface HashTask {
  readonly number: number
  readonly key: Uint8Array
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly ranges: readonly ChunkRange[]
}

/** What it says; `bytes` are moved back. The first message is `started`. */
export interface HashAnswer {
  readonly number: number
  readonly bytes: Uint8Array<ArrayBuffer>
  /** As `chunkIdsOf` gives them. */
  readonly ids: Uint8Array
}

parentPort?.on('message', ({ number, key, bytes, ranges }: HashTask) => {
  const answer: HashAnswer = { number, bytes, ids: chunkIdsOf(key, bytes, ranges) }
  parentPort?.postMessage(answer, [bytes.buffer])
})
parentPort?.postMessage('started')
