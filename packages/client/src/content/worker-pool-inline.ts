// The pool without threads: for the simulation, where everything must happen in one order, and for machines with one core.
import * as work from './work.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Runs each task at once, on the caller's thread. */
export function inlineWorkerPool(): WorkerPool {
  return {
    cut: (task) => attempt(() => work.cut(task)),
    compress: (task) => attempt(() => work.compress(task)),
    seal: (task) => attempt(() => work.seal(task)),
    open: (task) => attempt(() => work.open(task)),
    check: (task) => attempt(() => work.check(task)),
    close: () => Promise.resolve(),
  }
}

function attempt<T>(run: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(run())
  })
}
