// The passphrase of this device's keys: where it comes from.
import { readFileSync, statSync } from 'node:fs'
import { ClientError } from '../errors.ts'
import type { Invocation } from './invocation.ts'
import { readHidden, readInput } from './standard-input.ts'
import { usageError } from './usage-error.ts'

/** More than anybody types. */
const passphraseBytesMax = 4096
const tries = 3

/** What `--passphrase-file` names, read once. */
export class GivenPassphrase {
  readonly #file: string | undefined
  #read: Promise<string> | undefined

  /** `file`: a path, `-` for standard input; undefined where none was named. */
  constructor(file: string | undefined) {
    this.#file = file
  }

  /** Whether a file was named. */
  get isGiven(): boolean {
    return this.#file !== undefined
  }

  /** The passphrase; undefined where no file was named. @throws ClientError `usage` */
  async read(question: string): Promise<string | undefined> {
    if (this.#file === undefined) return undefined
    this.#read ??= passphraseIn(this.#file, question)
    return await this.#read
  }
}

/** The one line of a file, `-` for standard input. @throws ClientError `usage` */
export async function passphraseIn(file: string, question: string): Promise<string> {
  const text = file === '-' ? await fromInput(question) : fromFile(file)
  return checkedPassphrase(text.replace(/\r?\n$/, ''), file)
}

/** @throws ClientError `usage` when it is empty or more than a line */
export function checkedPassphrase(passphrase: string, from: string): string {
  if (passphrase === '' || /[\r\n]/.test(passphrase)) throw usageError('passphrase', from)
  return passphrase
}

async function fromInput(question: string): Promise<string> {
  return process.stdin.isTTY ? await readHidden(question) : await readInput(question)
}

function fromFile(file: string): string {
  try {
    if (statSync(file).size <= passphraseBytesMax) return readFileSync(file, 'utf8')
  } catch (cause) {
    throw usageError('file-unreadable', file, cause)
  }
  throw usageError('passphrase', file)
}

/**
 * Asks who sits here, three times at most, and gives what `open` made of the right one.
 * @throws ClientError as `open`
 */
export async function askPassphrase<T>({ output }: Invocation, open: (passphrase: string) => T): Promise<T> {
  for (let left = tries; ; left -= 1) {
    try {
      return open(await readHidden(output.words.askPassphrase({})))
    } catch (error) {
      const isWrong = error instanceof ClientError && error.data['what'] === 'wrong'
      if (!isWrong || left <= 1) throw error
      output.note(output.words.passphraseAgain({}))
    }
  }
}
