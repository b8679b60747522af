// What a command says, and where: results on stdout, words for people on stderr, one JSON object a line where that was asked for.
import type { ExitCode } from '../errors.ts'
import type { Catalogue } from './catalogue.ts'
import { errorReport } from './error-report.ts'
import { exitCodeOf } from './exit-code.ts'
import { catalogueOf, type Language } from './messages.ts'
import { printable } from './printable.ts'
import { ProgressBar, type BarStream } from './progress-bar.ts'

/** What a line is made of; `undefined` fields are left out. */
export type JsonLine = Readonly<Record<string, unknown>> & { readonly event: string }

/** The folder and vault that an error concerns, as far as they are known. */
export interface ErrorPlace {
  readonly folder?: string
  readonly vault?: string
}

export interface OutputOptions {
  readonly language: Language
  readonly json: boolean
  readonly verbose: boolean
  readonly stdout: BarStream
  readonly stderr: BarStream
  readonly environment: NodeJS.ProcessEnv
}

/** Where and how a command speaks. */
export class Output {
  readonly language: Language
  readonly words: Catalogue
  readonly json: boolean
  readonly verbose: boolean
  readonly #options: OutputOptions
  readonly #bar: ProgressBar
  #stdoutIsData = false
  #lastEvent: string | undefined
  #place: ErrorPlace = {}

  constructor(options: OutputOptions) {
    this.#options = options
    this.language = options.language
    this.words = catalogueOf(options.language)
    this.json = options.json
    this.verbose = options.verbose
    this.#bar = new ProgressBar(options.stderr, options.environment)
  }

  /** From here on stdout carries the bytes that were asked for: everything else goes to stderr. */
  giveStdoutAway(): void {
    this.#stdoutIsData = true
  }

  /** What the last JSON line was. */
  get lastEvent(): string | undefined {
    return this.#lastEvent
  }

  /** One JSON object, with `--json` only. */
  line(line: JsonLine): void {
    if (!this.json) return
    this.#lastEvent = line.event
    const to = this.#stdoutIsData ? this.#options.stderr : this.#options.stdout
    this.#write(to, JSON.stringify(line))
  }

  /** A result for people; with `--json` the lines have it. */
  result(text: string): void {
    if (this.json) return
    this.#write(this.#stdoutIsData ? this.#options.stderr : this.#options.stdout, text)
  }

  /** A word to people that is no result. Not among JSON lines. */
  note(text: string): void {
    if (this.json && this.#stdoutIsData) return
    this.#write(this.#options.stderr, text)
  }

  /** The progress bar. `share`: 0 to 1. */
  progress(share: number, text: string): void {
    if (!this.json) this.#bar.draw(share, text)
  }

  /** Takes the progress bar away. */
  progressDone(): void {
    this.#bar.clear()
  }

  /** From here on the command is about this folder: what fails is told with it. */
  concern(place: ErrorPlace): void {
    this.#place = place
  }

  /** Says what went wrong. `place`: the folder and vault it concerns. Returns its exit code. */
  failure(error: unknown, place: ErrorPlace = this.#place): ExitCode {
    const { code, message, hint, detail } = errorReport(this.words, error, place.folder)
    this.line({ event: 'error', code, message, hint, ...(detail === undefined ? {} : { detail }), ...place })
    const path = printable(place.folder ?? '')
    const told = path === '' || message.includes(path) ? message : this.words.errorAt({ path, message })
    this.note(this.words.errorLine({ message: told }))
    if (hint !== undefined) this.note(this.words.hintLine({ hint }))
    if (this.verbose && detail !== undefined) this.note(detail)
    if (this.verbose) this.note(traceOf(error))
    return exitCodeOf(error)
  }

  #write(stream: BarStream, text: string): void {
    this.#bar.around(() => stream.write(`${text}\n`))
  }
}

/** Where an error comes from, with its causes. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error))
  const own = (error.stack ?? error.message).split('\n').map(printable).join('\n')
  return error.cause === undefined ? own : `${own}\ncaused by: ${traceOf(error.cause)}`
}
