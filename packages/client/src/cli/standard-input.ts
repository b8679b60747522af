// Standard input: secrets that come that way, and answers to questions.
import { createInterface } from 'node:readline/promises'
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
