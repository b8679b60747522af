// Wakes a run that has nothing to do: a hint from the watcher, a push from the relay, a timer, an end. Rings are not counted.

/** One waiter; a ring that comes before the wait is not lost. */
export class Bell {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves at the next ring, or at once when it rang since the last wait. */
  async wait(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#rung = false
    this.#wake = undefined
  }
}
