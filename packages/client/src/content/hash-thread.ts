// The entry of a thread that names chunks and does nothing else, so that it stays small: no pool library, no WebAssembly.
import { parentPort } from 'node:worker_threads'
import { chunkIdsOf, hasMachineCode, type ChunkRange } from '@grenier/crypto/chunk-ids'

/** What it is asked. `bytes`: moved here, with their buffer. */
export interface HashTask {
  readonly number: number
  readonly key: Uint8Array
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly ranges: readonly ChunkRange[]
}

/** What it says; `bytes` are moved back. The first message is `started`, if it can do anything. */
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
// Where this thread cannot have what the process has, it ends before anything is moved here.
if (hasMachineCode()) parentPort?.postMessage('started')
else process.exit(0)
