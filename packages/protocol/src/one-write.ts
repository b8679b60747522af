// Frames that are sent at once, in one write: a system call for each takes as much of the processor as what is in it.

/** What can be told to keep what it is given until it is told to write it, as often as it was told to keep it. */
export interface Corkable {
  cork(): void
  uncork(): void
}

/**
 * No more than this is made one write: it is over when all of it has left, and on a slow line nobody hears of it before. (What comes while a write is under
 * way a stream joins by itself.)
 */
const togetherBytes = 256 * 1024

/** Holds back what is written to a stream until everything that is at it now has been. */
export class OneWrite {
  readonly #stream: Corkable
  readonly #later: (release: () => void) => void
  #isHeld = false
  #heldBytes = 0
  readonly #release = (): void => {
    this.#isHeld = false
    this.#stream.uncork()
  }

  /** `later`: calls back once what runs now has run, before anything is waited for: `process.nextTick`. */
  constructor(stream: Corkable, later: (release: () => void) => void) {
    this.#stream = stream
    this.#later = later
  }

  /** Called before each frame of so many bytes. */
  hold(bytes: number): void {
    if (!this.#isHeld) this.#later(this.#release)
    else if (this.#heldBytes + bytes > togetherBytes) this.#stream.uncork()
    else {
      this.#heldBytes += bytes
      return
    }
    this.#isHeld = true
    this.#heldBytes = bytes
    this.#stream.cork()
  }
}
