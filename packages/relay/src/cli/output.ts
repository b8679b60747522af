// What a command says: data on stdout, words for people on stderr, one JSON object a line where that was asked for.
import { RelayError } from '../errors.ts'
import { adviceOf, say, type Lang, type MessageKey } from './messages.ts'
import type { EventFields } from '../core/event-log.ts'

/** Exit codes that this command uses; docs/ERRORS.md lists them. */
export type ExitCode = 0 | 1 | 2

/** Where and how a command speaks. */
export class Output {
  readonly lang: Lang
  readonly json: boolean

  constructor(options: { lang: Lang; json: boolean }) {
    this.lang = options.lang
    this.json = options.json
  }

  /** One line of data: the object with `--json`, else the sentence. */
  data(event: Readonly<Record<string, unknown>>, sentence: string): void {
    process.stdout.write(`${this.json ? JSON.stringify(event) : sentence}\n`)
  }

  /** One sentence for people, never among data. */
  note(key: MessageKey, fields: EventFields = {}): void {
    process.stderr.write(`${this.say(key, fields)}\n`)
  }

  /** A sentence of the catalogue. */
  say(key: MessageKey, fields: EventFields = {}): string {
    return say(this.lang, key, fields)
  }

  /** A time for people, to the minute. */
  time(ms: number): string {
    return new Intl.DateTimeFormat(this.lang, { dateStyle: 'medium', timeStyle: 'short' }).format(ms)
  }

  /** Says what went wrong, and returns the exit code for it. */
  failure(error: unknown): ExitCode {
    const advice = adviceOf(this.lang, error)
    const code = error instanceof RelayError ? error.code : 'internal'
    process.stderr.write(`error: ${advice.error}\n`)
    if (advice.hint !== undefined) process.stderr.write(`hint: ${advice.hint}\n`)
    if (this.json)
      process.stdout.write(
        `${JSON.stringify({ event: 'error', code, message: advice.error, hint: advice.hint })}\n`,
      )
    return code === 'usage' ? 2 : 1
  }
}
