// Ctrl-C and its kin: the first one asks for a clean stop, the second one ends the process at once.
import type { ExitCode } from '../errors.ts'

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const satisfies Partial<
  Record<NodeJS.Signals, ExitCode>
>

/** One Ctrl-C may come twice: from the terminal, and from whoever started this process. */
const sameMs = 300

/** Signals of this process, from `listen` until `dispose`. */
export class Interrupt {
  readonly #controller = new AbortController()
  readonly #asked: () => void
  #exitCode: ExitCode | undefined
  #askedAtMs = Number.NEGATIVE_INFINITY

  /** `asked`: called at the first signal. */
  constructor(asked: () => void) {
    this.#asked = asked
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The exit code of the signal that came, if one did. */
  get exitCode(): ExitCode | undefined {
    return this.#exitCode
  }

  listen(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.#take)
  }

  dispose(): void {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.#take)
  }

  /** Stops as if a signal had come: when nobody reads what is written any more. */
  stop(exitCode: ExitCode): void {
    this.#exitCode ??= exitCode
    this.#controller.abort()
  }

  readonly #take = (signal: keyof typeof exitCodes): void => {
    const soon = performance.now() - this.#askedAtMs < sameMs
    if (this.#exitCode !== undefined && soon) return
    if (this.#exitCode !== undefined) process.exit(exitCodes[signal])
    this.#askedAtMs = performance.now()
    this.stop(exitCodes[signal])
    this.#asked()
  }
}
