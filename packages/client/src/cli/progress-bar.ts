// One line on a terminal that is redrawn in place. Gives way to every other line, and is gone when the work is.

/** Where it draws: standard error. */
export interface BarStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

const clearLine = '\r\u001b[K'
const barCells = 24
/** Narrower than this the numbers alone are shown. */
const columnsForBar = 70

/** Whether a stream is a terminal that can redraw a line. */
export function canRedraw(stream: BarStream, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && environment['TERM'] !== 'dumb'
}

/** Draws on a stream; does nothing at all where `canRedraw` says no. */
export class ProgressBar {
  readonly #stream: BarStream
  readonly #enabled: boolean
  #line: string | undefined

  constructor(stream: BarStream, environment: NodeJS.ProcessEnv) {
    this.#stream = stream
    this.#enabled = canRedraw(stream, environment)
  }

  /** Draws the line anew. `share`: of the work done, 0 to 1. */
  draw(share: number, text: string): void {
    if (!this.#enabled) return
    this.#line = barLine(share, text, this.#stream.columns ?? 80)
    this.#stream.write(`${clearLine}${this.#line}`)
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#line !== undefined) this.#stream.write(clearLine)
    this.#line = undefined
  }

  /** Lets others write whole lines, then shows itself again. */
  around(write: () => void): void {
    const line = this.#line
    this.clear()
    write()
    if (line === undefined) return
    this.#line = line
    this.#stream.write(line)
  }
}

/** The bar and its text, in one column less than there are: a full line would wrap on some terminals. */
export function barLine(share: number, text: string, columns: number): string {
  const room = Math.max(0, columns - 1)
  const done = Math.round(Math.min(1, Math.max(0, share)) * barCells)
  const bar = columns < columnsForBar ? '' : `[${'#'.repeat(done)}${'-'.repeat(barCells - done)}] `
  // Nothing in it is wider than a column: numbers, units and the words of the catalogue.
  return `${bar}${text}`.slice(0, room)
}
