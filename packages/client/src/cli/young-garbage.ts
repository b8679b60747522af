// Collects what was just thrown away, now and then, where a whole vault goes through one process. What comes over the line lies in buffers that are
// garbage as soon as they were copied, but V8 counts them against a limit of 64 MiB only: so many lie about at any time. A look at the young
// generation alone finds them, and takes about a millisecond.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes that went through between two collections. */
const everyBytes = 2 << 20

/** Told of bytes that went through. */
export type CollectYoung = (bytes: number) => void

/** A collector. Where V8 has none to offer, it does nothing. */
export function youngCollector(): CollectYoung {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('globalThis.gc')
  let waitingBytes = 0
  return (bytes) => {
    waitingBytes += bytes
    if (waitingBytes < everyBytes || !isCollector(collect)) return
    waitingBytes = 0
    collect({ type: 'minor' })
  }
}

function isCollector(value: unknown): value is (options: { readonly type: 'minor' }) => void {
  return typeof value === 'function'
}
