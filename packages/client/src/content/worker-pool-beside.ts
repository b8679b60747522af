// The pool of a command that goes through a whole vault in little memory: everything at once, on the caller's thread, but for the ids of large chunks, which a small
// thread beside it computes where there is one: that is a third of the work of bringing out a large file. It runs while it has something to do.
import { Worker } from 'node:worker_threads'
import { equal, type ChunkId } from '@grenier/crypto'
import { hasMachineCode, type ChunkRange } from '@grenier/crypto/chunk-ids'
import type { HashAnswer, HashTask } from './hash-thread.ts'
import { buffersOf } from './moved-bytes.ts'
import * as work from './work.ts'
import { inlineWorkerPool } from './worker-pool-inline.ts'
import type { OpenTask, WorkerPool } from './worker-pool.ts'

/** Runs with less are done at once. */
const besideBytesMin = 1 << 20
/** So many runs that were not for the thread, and none that was: it ends, and gives its memory back. */
const otherRunsMax = 16

/** `hasRoom`: whether the process may take some 20 MiB more for a thread, which is asked as long as there is none. */
export function besideWorkerPool(hasRoom: () => boolean): WorkerPool {
  const inline = inlineWorkerPool()
  const thread = new HashThread()
  let otherRuns = 0
  const isFor = ({ cells, chunks }: OpenTask): boolean =>
    cells.length >= besideBytesMin &&
    chunks.every(({ plainBytes, storedBytes }) => plainBytes === storedBytes) &&
    buffersOf([cells]).length > 0
  return {
    ...inline,
    async open(task) {
      if (!isFor(task)) {
        otherRuns += 1
        if (otherRuns > otherRunsMax) thread.rest()
        return await inline.open(task)
      }
      otherRuns = 0
      if (!thread.isThere && !(hasMachineCode() && hasRoom())) return await inline.open(task)
      const plain = work.openRun(task)
      const ranges = work.rangesOfLarge(task, plain)
      if (ranges === undefined) return work.chunksIn(task, plain)
      return await thread.checked({
        key: task.keys.chunkIdKey,
        plain,
        ranges,
        ids: task.chunks.map(({ id }) => id),
      })
    },
    close: () => thread.close(),
  }
}

interface ToCheck {
  readonly key: Uint8Array
  readonly plain: Uint8Array
  readonly ranges: readonly ChunkRange[]
  readonly ids: readonly ChunkId[]
}

/** A thread of `hash-thread.ts`, made when there is something for it. */
class HashThread {
  #worker: Worker | undefined
  #started = Promise.withResolvers<undefined>()
  #number = 0
  /** What it is at, by number. */
  readonly #waiting = new Map<number, PromiseWithResolvers<HashAnswer>>()

  get isThere(): boolean {
    return this.#worker !== undefined
  }

  /** The chunks, where they are what their ids say. The buffer of the bytes is moved. @throws what the thread ended with */
  async checked({ key, plain, ranges, ids }: ToCheck): Promise<(Uint8Array | undefined)[]> {
    const answer = await this.#asked({ key, ranges, bytes: plain as Uint8Array<ArrayBuffer> })
    return ranges.map(({ start, length }, at) => {
      const id = ids[at]
      const isIt = id !== undefined && equal(answer.ids.subarray(at * id.length, (at + 1) * id.length), id)
      return isIt ? answer.bytes.subarray(start, start + length) : undefined
    })
  }

  #asked(task: Omit<HashTask, 'number'>): Promise<HashAnswer> {
    const worker = (this.#worker ??= this.#made())
    const waiting = Promise.withResolvers<HashAnswer>()
    this.#number += 1
    this.#waiting.set(this.#number, waiting)
    worker.ref()
    worker.postMessage({ number: this.#number, ...task } satisfies HashTask, [task.bytes.buffer])
    return waiting.promise
  }

  #made(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./hash-thread.${extension}`, import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: 1 },
      ...(extension === 'ts' ? { execArgv: ['--conditions=source'] } : {}),
    })
    const started = (this.#started = Promise.withResolvers())
    worker.on('message', (said: 'started' | HashAnswer) => {
      if (said === 'started') started.resolve(undefined)
      else this.#answered(said)
    })
    worker.on('error', (error) => {
      started.resolve(undefined)
      if (this.#worker === worker) this.#worker = undefined
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    return worker
  }

  #answered(answer: HashAnswer): void {
    this.#waiting.get(answer.number)?.resolve(answer)
    this.#waiting.delete(answer.number)
    if (this.#waiting.size === 0) this.#worker?.unref()
  }

  /** Nothing is to be expected for it for a while. */
  rest(): void {
    if (this.#waiting.size === 0) void this.close()
  }

  /** After what is under way. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise))
    const [worker, started] = [this.#worker, this.#started]
    if (worker === undefined) return
    this.#worker = undefined
    // V8 takes the process down where a thread is ended while it loads its modules.
    worker.ref()
    await started.promise
    await worker.terminate()
  }
}
