// Lines that are said one right after the other go out as one: a call of the system for each of thousands of files costs more than the line.
import type { BarStream } from './progress-bar.ts'

/** Writes to a stream what was said before anything else got a turn. */
export class GatheredLines implements BarStream {
  readonly #stream: Pick<BarStream, 'write'>
  #lines: string[] = []

  constructor(stream: Pick<BarStream, 'write'>) {
    this.#stream = stream
  }

  write(text: string): void {
    this.#lines.push(text)
    if (this.#lines.length > 1) return
    queueMicrotask(() => {
      const all = this.#lines.join('')
      this.#lines = []
      this.#stream.write(all)
    })
  }
}
