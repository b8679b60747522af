// The passphrase of this device's keys: where it comes from, and opening the keys with it before a command begins.
import { readFileSync, statSync } from 'node:fs'
import { ClientError } from '../errors.ts'
import { keysAt, openKeys } from '../home/device-key.ts'
import { homeExists } from '../home/home-files.ts'
import { liveSyncs } from './control-client.ts'
import type { Invocation } from './invocation.ts'
import { readHidden, readInput } from './standard-input.ts'
import { usageError } from './usage-error.ts'
import { canAsk } from './yes-or-no.ts'

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

/** Commands that do without the keys of the device. */
const keyless: ReadonlySet<string> = new Set(['limit', 'forget', 'decrypt'])

/**
 * Opens the keys of this home for `command`, if a passphrase seals them and it needs them.
 * @throws ClientError `keys-locked` when there is no passphrase, and nobody to ask, or it is another one
 */
export async function openKeysFor(invocation: Invocation, command: string): Promise<void> {
  const { homeDirectory, passphrase, output } = invocation
  if (keyless.has(command) || !homeExists(homeDirectory) || !keysAt(homeDirectory).sealed) return
  const question = output.words.askPassphrase({})
  const given = await passphrase.read(question)
  if (given !== undefined) {
    openKeys(homeDirectory, given).fill(0)
    return
  }
  // What runs has its keys open, and answers for itself.
  if (command === 'status' && (await liveSyncs(homeDirectory)).length > 0) return
  if (invocation.yes || !canAsk()) {
    keysAt(homeDirectory).device()
    return
  }
  await ask(invocation, question)
}

async function ask({ homeDirectory, output }: Invocation, question: string): Promise<void> {
  for (let left = tries; ; left -= 1) {
    try {
      openKeys(homeDirectory, await readHidden(question)).fill(0)
      return
    } catch (error) {
      const isWrong = error instanceof ClientError && error.data['what'] === 'wrong'
      if (!isWrong || left <= 1) throw error
      output.note(output.words.passphraseAgain({}))
    }
  }
}
