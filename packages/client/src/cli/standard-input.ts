// Standard input: secrets that come that way, and answers to questions.
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ClientError } from '../errors.ts'
import { usageError } from './usage-error.ts'

/** More than a phrase or a code ever has. */
const inputBytesMax = 64 * 1024

/** Everything on standard input; on a terminal one line, asked for on stderr. @throws ClientError `usage` when there is too much */
export async function readInput(question: string): Promise<string> {
  if (process.stdin.isTTY) return await readAnswer(question)
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of process.stdin) {
    const buffer = Buffer.from(piece as Uint8Array)
    pieces.push(buffer)
    bytes += buffer.length
    if (bytes > inputBytesMax) throw usageError('file-unreadable', '-')
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** One line from the terminal. */
export async function readAnswer(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(`${question} `)
  } finally {
    lines.close()
  }
}

/** One line from the terminal that does not show. @throws ClientError `interrupted` on Ctrl-C and at the end of input */
export async function readHidden(question: string): Promise<string> {
  process.stderr.write(`${question} `)
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 })
  const stopped = new AbortController()
  // The terminal is in raw mode: Ctrl-C comes as a key, and the end of input as a closing.
  lines.on('SIGINT', () => {
    process.kill(process.pid, 'SIGINT')
    stopped.abort()
  })
  lines.on('close', () => stopped.abort())
  try {
    return await lines.question('', { signal: stopped.signal })
  } catch (cause) {
    throw new ClientError('interrupted', 'stopped', { cause })
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
