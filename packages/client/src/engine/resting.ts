// What an open folder is doing, and who waits for it to come to rest.
import type { FolderState } from './events.ts'

/** The state of one folder. */
export class Resting {
  #state: FolderState = 'offline'
  #waiting: ((state: FolderState) => void)[] = []

  get state(): FolderState {
    return this.#state
  }

  enter(state: FolderState): void {
    this.#state = state
    if (state === 'syncing') return
    for (const resolve of this.#waiting.splice(0)) resolve(state)
  }

  /** When the run that watches comes to rest the next time: how it stands then. */
  rested(): Promise<FolderState> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The run has ended: nobody waits for it any more. */
  over(): void {
    for (const resolve of this.#waiting.splice(0)) resolve('paused')
  }
}
