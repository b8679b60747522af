// The pool on worker threads: the one file that knows the pool library, which is loaded with the first task for a thread. Each task is one message
// there and one back.
import { availableParallelism } from 'node:os'
import { chunkId, CryptoError, type ChunkId } from '@grenier/crypto'
import type Tinypool from 'tinypool'
import { packCutTask, unpackCut } from './cut-message.ts'
import { movedWith, type Answer, type Task, type Work } from './worker-message.ts'
import { inlineWorkerPool } from './worker-pool-inline.ts'
import type { WorkerPool } from './worker-pool.ts'

/**
 * Work up to this is done at once, on the caller's thread: it takes about a millisecond, starting a thread some hundred. A device that
 * sends a small edit now and then has no threads at all.
 */
const bytesAtOnceMax = 128 << 10
const partsAtOnceMax = 16

/** A run whose chunks are shorter than this, as stored and on average, is one of small files. */
const smallChunkBytes = 64 << 10

/** Threads hold bytes, and hardly an object: V8 would give each 32 MiB to make objects in. */
const youngMiB = 4

/** Starts worker threads on demand, at most as many as there are cores unless told; they end with `close`. */
export function threadedWorkerPool(threads = availableParallelism()): WorkerPool {
  let made: Promise<Tinypool> | undefined
  const open = new Set<Promise<unknown>>()
  const threadsSeen = new Map<Thread, Promise<void>>()
  const run = async <T extends Task>(task: T): Promise<Work[T['name']]['gives']> => {
    made ??= madePool(threads).catch((error: unknown) => {
      // The library may be there the next time.
      made = undefined
      throw error
    })
    const running: Promise<unknown> = runOn(made, task)
    open.add(running)
    const answer = (await running.finally(() => open.delete(running))) as Answer<Work[T['name']]['gives']>
    if (!answer.ok) throw new CryptoError(answer.code, answer.message)
    return answer.value
  }
  const runOn = async (making: Promise<Tinypool>, task: Task): Promise<unknown> => {
    const pool = await making
    const answer: Promise<unknown> = pool.run(task, { transferList: movedWith(task) })
    for (const thread of pool.threads)
      if (!threadsSeen.has(thread)) threadsSeen.set(thread, whenStarted(thread))
    return await answer
  }
  const atOnce = inlineWorkerPool()
  const small = new InTurn(open)
  return {
    cut: async (task) =>
      isLittle(task.pieces.map(({ bytes }) => bytes.length))
        ? await atOnce.cut(task)
        : unpackCut(await run({ name: 'cut', task: packCutTask(task) })),
    compress: (task) =>
      isLittle(task.inputs.flatMap(({ ranges }) => ranges.map(({ length }) => length)))
        ? atOnce.compress(task)
        : run({ name: 'compress', task }),
    seal: (task) => (isLittle([task.storedBytes]) ? atOnce.seal(task) : run({ name: 'seal', task })),
    open: (task) => {
      const { cells, chunks } = task
      if (isLittle([cells.length, ...chunks.map(({ plainBytes }) => plainBytes)])) return atOnce.open(task)
      const work = (): Promise<Work['open']['gives']> =>
        run({ name: 'open', task: { ...task, chunks: chunks.map(compact) } })
      return cells.length < chunks.length * smallChunkBytes ? small.run(work) : work()
    },
    check: (task) =>
      isLittle(task.chunks.map(({ bytes }) => bytes.length))
        ? atOnce.check(task)
        : run({ name: 'check', task: { ...task, chunks: task.chunks.map(compact) } }),
    async close() {
      await Promise.allSettled(open)
      const pool = await made
      if (pool === undefined) return
      // A thread that starts holds no process up, but here it is waited for.
      for (const thread of pool.threads) thread.ref?.()
      await Promise.all(threadsSeen.values())
      await pool.destroy()
    },
  }
}

async function madePool(threads: number): Promise<Tinypool> {
  const { default: Pool } = await import('tinypool')
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Pool({
    filename: new URL(`./worker-thread.${extension}`, import.meta.url).href,
    minThreads: 0,
    maxThreads: Math.max(1, threads),
    idleTimeout: 10_000,
    isolateWorkers: false,
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxYoungGenerationSizeMb: youngMiB },
    ...(extension === 'ts' ? { execArgv: ['--conditions=source'] } : {}),
  })
}

/** Whether parts of these lengths, in bytes, are so little work that no thread is needed. */
function isLittle(lengths: readonly number[]): boolean {
  return (
    lengths.length <= partsAtOnceMax && lengths.reduce((sum, length) => sum + length, 0) <= bytesAtOnceMax
  )
}

/**
 * Work one after the other. Opening small files keeps a thread busy for a part of the time that writing them takes, and a second one would
 * only take memory.
 */
class InTurn {
  readonly #open: Set<Promise<unknown>>
  #last: Promise<unknown> = Promise.resolve()

  /** `open`: where it is noted what is not done. */
  constructor(open: Set<Promise<unknown>>) {
    this.#open = open
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    const ended = done.then(
      () => undefined,
      () => undefined,
    )
    this.#last = ended
    this.#open.add(ended)
    void ended.then(() => this.#open.delete(ended))
    return done
  }
}

type Thread = Tinypool['threads'][number]

/**
 * Resolves when a thread has loaded its modules, which it tells with its first message, or never will. V8 takes the whole process down
 * when a thread is ended in the middle of that.
 */
function whenStarted(thread: Thread): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['message', 'error', 'exit']) thread.once(event, () => resolve())
  })
}

/** An id that is part of a long list is copied out of it: else the whole list would go with each message. */
function compact<T extends { readonly id: ChunkId }>(chunk: T): T {
  return chunk.id.buffer.byteLength === chunk.id.byteLength
    ? chunk
    : { ...chunk, id: chunkId(chunk.id.slice()) }
}
