// The 24 words on their way between paper and memory: read from a file, written to one that nobody else can read, shown once.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { CryptoError, entropyOf, phraseOf } from '@grenier/crypto'
import type { Language } from './messages.ts'
import { readInput } from './standard-input.ts'
import { usageError } from './usage-error.ts'

/** More than 24 words of any list. */
const phraseBytesMax = 4096
const wordsInRow = 4

/** The entropy (32 bytes) of the words in a file, `-` for standard input. @throws ClientError `usage` */
export async function readPhrase(file: string, question: string): Promise<Uint8Array> {
  const text = file === '-' ? await readInput(question) : readPhraseFile(file)
  try {
    return entropyOf(text)
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    const { words, unknown } = cause.data
    if (words !== undefined) throw usageError('phrase-count', String(words), cause)
    throw unknown === undefined
      ? usageError('phrase-wrong', file, cause)
      : usageError('phrase-word', String(unknown), cause)
  }
}

function readPhraseFile(file: string): string {
  try {
    if (statSync(file).size > phraseBytesMax) throw usageError('phrase-wrong', file)
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'usage') throw cause
    throw usageError('file-unreadable', file, cause)
  }
}

/** @throws ClientError `usage` when there is something of that name, or no folder for it */
export function refuseUnwritable(file: string): void {
  if (existsSync(file)) throw usageError('file-exists', file)
  if (!existsSync(dirname(file))) throw usageError('file-unwritable', file)
}

/** Writes the words to a new file, 0600, durable when it returns. @throws ClientError `usage`; nothing is overwritten */
export function writePhrase(file: string, phrase: string): void {
  writePrivate(file, `${phrase}\n`)
}

/** Writes a text that holds the words to a new file, 0600, durable when it returns. @throws ClientError `usage`; nothing is overwritten */
export function writePrivate(file: string, text: string): void {
  let handle: number
  try {
    handle = openSync(file, 'wx', 0o600)
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw usageError(exists ? 'file-exists' : 'file-unwritable', file, cause)
  }
  try {
    // Unlike writeSync, all of it or an error.
    writeFileSync(handle, text)
    fsyncSync(handle)
  } catch (cause) {
    rmSync(file, { force: true })
    throw usageError('file-unwritable', file, cause)
  } finally {
    closeSync(handle)
  }
  flushDirectory(dirname(file))
}

function flushDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** The words one by one. */
export function phraseWordsOf(phrase: string): string[] {
  return phrase.split(' ')
}

/** The words as a table with their numbers, as one copies them to paper. */
export function phraseTable(phrase: string): string {
  const words = phrase.split(' ').map((word, at) => `${String(at + 1).padStart(2)} ${word.padEnd(12)}`)
  const rows: string[] = []
  for (let at = 0; at < words.length; at += wordsInRow)
    rows.push(`  ${words.slice(at, at + wordsInRow).join(' ')}`.trimEnd())
  return rows.join('\n')
}

/** The words of an entropy, with letters in one piece, as people type them and terminals count them; they are read in either form. */
export function phraseIn(language: Language, entropy: Uint8Array): string {
  return phraseOf(entropy, language === 'fr' ? 'french' : 'english').normalize('NFC')
}
