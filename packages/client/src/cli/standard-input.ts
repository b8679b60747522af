// Standard input: secrets that come that way, and answers to questions.
import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { ClientError } from '../errors.ts'
import { usageError } from './usage-error.ts'

/** More than a phrase or a code ever has. */
const inputBytesMax = 64 * 1024

/** What was being asked, by a stop that says what it leaves behind (`what`: as the error report knows it); any other error as it is. */
export function stoppedAt(error: unknown, what: 'set-up' | 'account' | 'undecided'): unknown {
  if (!(error instanceof ClientError) || error.code !== 'interrupted') return error
  return new ClientError('interrupted', error.message, { cause: error, data: { ...error.data, what } })
}

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

/** Where a question is seen, and its answer typed. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

const ownTerminal: Terminal = { input: process.stdin, output: process.stderr }

/** One line from the terminal. @throws ClientError `interrupted` on Ctrl-C and at the end of input */
export async function readAnswer(question: string, terminal = ownTerminal): Promise<string> {
  const lines = createInterface({ input: terminal.input, output: terminal.output })
  try {
    return await answered(lines, `${question} `)
  } catch (cause) {
    terminal.output.write('\n')
    throw cause
  } finally {
    lines.close()
  }
}

/** In raw mode Ctrl-C comes as a key, and the end of input as a closing. */
async function answered(lines: Interface, question: string): Promise<string> {
  const stopped = new AbortController()
  lines.on('SIGINT', () => {
    process.kill(process.pid, 'SIGINT')
    stopped.abort()
  })
  lines.on('close', () => stopped.abort())
  try {
    return await lines.question(question, { signal: stopped.signal })
  } catch (cause) {
    throw new ClientError('interrupted', 'stopped', { cause })
  }
}

/** One line from the terminal that does not show. @throws ClientError `interrupted` on Ctrl-C and at the end of input */
export async function readHidden(question: string): Promise<string> {
  process.stderr.write(`${question} `)
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 })
  try {
    return await answered(lines, '')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
