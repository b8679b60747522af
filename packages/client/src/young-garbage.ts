// Collects what was just thrown away, now and then, where much goes through one process. What comes over the line lies in buffers that are garbage as
// soon as they were copied, but hardly an object is made meanwhile that would have V8 look for them: they lie about until it marks its whole heap for
// their sake (decisions 050 and 107). A look at the young generation alone finds them, and takes about a millisecond.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Told of bytes that went through. */
export type CollectYoung = (bytes: number) => void

/** V8's own, and what is asked of it. */
type Collect = (options: { readonly type: 'minor' }) => void

let found: { readonly collect: Collect | undefined } | undefined

/** One that collects each time that so many bytes went through. Where V8 has nothing to offer, it does nothing. */
export function youngCollector(everyBytes: number): CollectYoung {
  let waitingBytes = 0
  return (bytes) => {
    waitingBytes += bytes
    if (waitingBytes < everyBytes) return
    waitingBytes = 0
    found ??= { collect: find() }
    found.collect?.({ type: 'minor' })
  }
}

function find(): Collect | undefined {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('globalThis.gc')
  return isCollect(collect) ? collect : undefined
}

function isCollect(value: unknown): value is Collect {
  return typeof value === 'function'
}
