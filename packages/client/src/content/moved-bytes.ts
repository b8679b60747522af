// Large buffers as they are moved between threads, and given back. The collector counts memory of buffers against a small heap: left to it,
// a stream of 4 MiB buffers costs a full collection every few of them, which took a third of the time of all the work.
import { isMarkedAsUntransferable } from 'node:worker_threads'

/** Below this a copy is cheaper than a move, and the collector than giving back. */
const movedBytesMin = 1024

/**
 * The buffers that these lie in, each once. Not among them are small ones, those of Node's own pool, and those of a `Buffer`, whose
 * slices share memory with others.
 */
export function buffersOf(arrays: readonly Uint8Array[]): ArrayBuffer[] {
  return movableOf(arrays.filter((bytes) => !Buffer.isBuffer(bytes)).map(({ buffer }) => buffer))
}

/** Those of them that are moved, each once. */
export function movableOf(buffers: Iterable<ArrayBufferLike>): ArrayBuffer[] {
  const found: ArrayBuffer[] = []
  for (const buffer of new Set(buffers)) {
    if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < movedBytesMin) continue
    if (!isMarkedAsUntransferable(buffer)) found.push(buffer)
  }
  return found
}

/** Gives the memory back at once, with all of the buffers that these lie in. Whoever calls this owns them; nothing may use them after. */
export function release(arrays: readonly Uint8Array[]): void {
  releaseBuffers(buffersOf(arrays))
}

/** The same for what Node's own functions gave, as a `Buffer` each, and nobody else has seen; what lies in Node's pool stays. */
export function releaseOwn(given: readonly Uint8Array[]): void {
  release(given.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)))
}

/** The same for buffers. */
export function releaseBuffers(buffers: readonly ArrayBuffer[]): void {
  for (const buffer of buffers) buffer.transfer(0)
}
