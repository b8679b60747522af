// The pool on worker threads: the one file that knows the pool library. Each task is one message there and one back.
import { availableParallelism } from 'node:os'
import { CryptoError } from '@grenier/crypto'
import Tinypool from 'tinypool'
import { buffersOf, type Answer, type Task } from './worker-thread.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Starts worker threads, as many as there are cores; they end with `close`. */
export function threadedWorkerPool(): WorkerPool {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const threads = Math.max(1, availableParallelism())
  const pool = new Tinypool({
    filename: new URL(`./worker-thread.${extension}`, import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 10_000,
    isolateWorkers: false,
    concurrentTasksPerWorker: 1,
    ...(extension === 'ts' ? { execArgv: ['--conditions=source'] } : {}),
  })
  const run = async <T>(task: Task): Promise<T> => {
    const answer = (await pool.run(task, { transferList: buffersOf(task.task) })) as Answer
    if (!answer.ok) throw new CryptoError(answer.code, answer.message)
    return answer.value as T
  }
  return {
    cut: (task) => run({ name: 'cut', task }),
    compress: (task) => run({ name: 'compress', task }),
    seal: (task) => run({ name: 'seal', task }),
    open: (task) => run({ name: 'open', task }),
    close: () => pool.destroy(),
  }
}
