// The pool of a command that goes through a whole vault in little memory: everything at once, on the caller's thread, but for the ids of large chunks, which a small
// thread beside it computes where there is one: that is a quarter of the work of bringing out a large file. It runs while it has something to do.
import { hasMachineCode } from '@grenier/crypto/chunk-ids'
import { HashBeside } from './hash-beside.ts'
import { buffersOf } from './moved-bytes.ts'
import * as work from './work.ts'
import { inlineWorkerPool } from './worker-pool-inline.ts'
import type { OpenTask, WorkerPool } from './worker-pool.ts'

/** Runs with less are done at once. */
const besideBytesMin = 1 << 20
/** So many runs that were not for the thread, and none that was: it ends, and gives its memory back. */
const otherRunsMax = 16

/** @see besideWorkerPool */
export interface BesideWorkerPool extends WorkerPool {
  /** When a thread that is about to be there is, or never will be: until then all is done here. */
  begun(): Promise<void>
}

/** `hasRoom`: whether the process may take some 20 MiB more for a thread, which is asked as long as there is none. */
export function besideWorkerPool(hasRoom: () => boolean): BesideWorkerPool {
  const inline = inlineWorkerPool()
  const beside = new Beside(hasRoom)
  return {
    ...inline,
    async open(task) {
      const isFor = isForThread(task)
      if (!isFor) beside.other()
      const thread = isFor ? beside.thread() : undefined
      if (thread === undefined) return await inline.open(task)
      const bytes = work.openRun(task)
      const ranges = work.rangesOfLarge(task, bytes)
      if (ranges === undefined) return work.chunksIn(task, bytes)
      const { keys, chunks } = task
      return await thread.checked({ key: keys.chunkIdKey, bytes, ranges, ids: chunks.map(({ id }) => id) })
    },
    begun: () => beside.begun(),
    close: () => beside.close(),
  }
}

function isForThread({ cells, chunks }: OpenTask): boolean {
  const isLarge = cells.length >= besideBytesMin && buffersOf([cells]).length > 0
  return isLarge && chunks.every(work.isLargeAsItIs)
}

/** The thread, while there is one. */
class Beside {
  readonly #hasRoom: () => boolean
  #thread: HashBeside | undefined
  #otherRuns = 0
  /** Where one could not be had, or died, none is asked for again. */
  #isImpossible = false
  #ending: Promise<unknown> = Promise.resolve()

  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom
  }

  /** One that can be asked now; one that is not there is begun meanwhile. */
  thread(): HashBeside | undefined {
    this.#otherRuns = 0
    if (this.#thread?.isOver === true) this.#let(this.#thread)
    if (this.#thread === undefined && !this.#isImpossible && hasMachineCode() && this.#hasRoom())
      this.#begin()
    return this.#thread?.isReady === true ? this.#thread : undefined
  }

  #begin(): void {
    try {
      this.#thread = new HashBeside()
    } catch {
      this.#isImpossible = true
    }
  }

  /** A run that is none for it. */
  other(): void {
    this.#otherRuns += 1
    if (this.#otherRuns > otherRunsMax && this.#thread?.isIdle === true) this.#let(this.#thread)
  }

  #let(thread: HashBeside): void {
    // From here on nobody asks it.
    this.#thread = undefined
    if (thread.isOver) this.#isImpossible = true
    this.#ending = Promise.allSettled([this.#ending, thread.end()])
  }

  async begun(): Promise<void> {
    await this.#thread?.begun()
  }

  async close(): Promise<void> {
    this.#isImpossible = true
    if (this.#thread !== undefined) this.#let(this.#thread)
    await this.#ending
  }
}
