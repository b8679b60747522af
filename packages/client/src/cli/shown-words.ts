// The 24 words on a terminal: shown once, and asked for again, two of them, so that they are on paper before anything depends on them.
import { randomInt } from 'node:crypto'
import type { Invocation } from './invocation.ts'
import type { Output } from './output.ts'
import { phraseTable } from './phrase.ts'
import { readAnswer } from './standard-input.ts'
import { canAsk } from './yes-or-no.ts'

/** Who sits at the terminal, if anybody does. `clear`: nothing that was shown stays in sight. */
export interface Asked {
  canAsk(): boolean
  answer(question: string): Promise<string>
  clear(): void
}

/** How many wrong answers before the words are shown again. */
const wrongMax = 3
/** Screen and what was scrolled off it, then the cursor to its place (ECMA-48; 3 is xterm's, and understood everywhere). */
const clearScreen = '\u001b[2J\u001b[3J\u001b[H'

const atTerminal: Asked = {
  canAsk,
  answer: (question) => readAnswer(question),
  clear: () => {
    if (process.env['TERM'] !== 'dumb') process.stderr.write(clearScreen)
  },
}

/** Whether what is shown is seen, and not put into a file or the log of what ran this. */
export function canShow(): boolean {
  return process.stdout.isTTY
}

/** Shows them, below a sentence. */
export function showWords({ output }: Invocation, sentence: string, phrase: string): void {
  output.note(sentence)
  output.result(`\n${phraseTable(phrase)}\n`)
}

/**
 * Takes them off the screen and asks for two of them, at places by chance, until both are right. Asks nothing where nobody can be asked, or with `--yes`.
 * @throws ClientError `interrupted`
 */
export async function confirmWords(
  invocation: Invocation,
  phrase: string,
  asked: Asked = atTerminal,
): Promise<void> {
  const { output, yes } = invocation
  if (yes || output.json || !asked.canAsk()) return
  const words = phrase.split(' ')
  await hideWords(output, asked)
  for (const place of twoPlaces(words.length)) {
    for (let wrong = 0; ;) {
      const answer = await asked.answer(output.words.askWordAgain({ place: place + 1 }))
      if (isSameWord(answer, words[place] ?? '')) break
      wrong += 1
      output.note(output.words.wordAgainWrong({ place: place + 1 }))
      if (wrong % wrongMax !== 0) continue
      showWords(invocation, output.words.setupWords({}), phrase)
      await hideWords(output, asked)
    }
  }
}

/** Whoever is asked with the words in sight copies them from there: that they are on paper is not shown by it. */
async function hideWords({ words }: Pick<Output, 'words'>, asked: Asked): Promise<void> {
  await asked.answer(words.askWritten({}))
  asked.clear()
}

/** Two different places, in order. */
export function twoPlaces(count: number): readonly [number, number] {
  const first = randomInt(count - 1)
  return [first, randomInt(first + 1, count)]
}

/** As words are read: in any case, with or without accents. */
export function isSameWord(typed: string, word: string): boolean {
  const bare = (text: string): string =>
    text
      .trim()
      .toLowerCase()
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
  return bare(typed) === bare(word)
}
