// A question to who sits at the terminal, answered yes or no.
import type { Output } from './output.ts'
import { readAnswer } from './standard-input.ts'

/** Whether somebody can be asked, and sees the question. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/** Whether the answer was yes; anything else, nothing included, is no. */
export async function isYes({ words }: Pick<Output, 'words'>, question: string): Promise<boolean> {
  const answer = await readAnswer(question)
  const first = answer.trim().toLowerCase().charAt(0)
  return first !== '' && words.yesLetters({}).includes(first)
}
