// How far the heap may grow before V8 marks all of it. Buffers on their way count against that limit like objects: with little alive, 40 % of it are
// a few buffers, and each GiB that was sent made V8 mark the same 20 MiB eighty times. So there is room for them on top, while they are there.
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** What `bin/grenier.mjs` begins with, but for commands that go through a whole vault once. */
const percentLeast = 40
const percentMost = 250
/** Of what V8 counts as outside its heap when nothing is on its way. */
const stillBytes = 10 << 20
/** More than this no transfer has on its way; what V8 counts may be long dead. */
const roomBytesMost = 48 << 20

/** Keeps that room until the process ends. Where the process began with limits of its own, they stay. */
export function keepHeapRoom(): void {
  const begun = process.execArgv.filter((flag) =>
    /^--(heap-growing-percent|initial-old-space-size)=/.test(flag),
  )
  if (begun.join() !== `--heap-growing-percent=${percentLeast}`) return
  let percent = percentLeast
  // At each collection; V8 looks at it when it has marked the heap next, and says what the limit is from then on.
  new PerformanceObserver(() => {
    const { used_heap_size: usedBytes, external_memory: outsideBytes } = getHeapStatistics()
    const wanted = percentFor(usedBytes, outsideBytes)
    if (wanted === percent) return
    setFlagsFromString(`--heap-growing-percent=${wanted}`)
    percent = wanted
  }).observe({ entryTypes: ['gc'] })
}

/** In steps of ten. `outsideBytes` may be few at the moment: twice as many are expected. */
export function percentFor(usedBytes: number, outsideBytes: number): number {
  const roomBytes = Math.min(roomBytesMost, 2 * Math.max(0, outsideBytes - stillBytes))
  const percent = percentLeast + 10 * Math.round((10 * roomBytes) / usedBytes)
  return Math.min(percentMost, percent)
}
