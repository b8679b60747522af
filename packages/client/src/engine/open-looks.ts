// Questions about the history that are being answered beside a run: one that ends by itself waits for them, since what they read is closed with it.

/** Those of one folder. */
export class OpenLooks {
  readonly #open = new Set<Promise<unknown>>()

  /** Counts `work` as long as it takes. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const looked = work()
    this.#open.add(looked)
    try {
      return await looked
    } finally {
      this.#open.delete(looked)
    }
  }

  /** Resolves when all have ended, however; at once when everything is to stop: who asked may never read the rest. */
  async ended(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#open.size === 0) return
    const stopped = Promise.withResolvers<undefined>()
    const stop = (): void => stopped.resolve(undefined)
    signal.addEventListener('abort', stop, { once: true })
    await Promise.race([Promise.allSettled([...this.#open]), stopped.promise])
    signal.removeEventListener('abort', stop)
  }
}
