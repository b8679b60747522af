// A result that is longer than a line may be, as several lines.
import { decodeAnswer, lineCharsMax, type ControlAnswer } from './control-message.ts'

/** Even where each character is written as six. */
const partCharsMax = lineCharsMax / 8

/** The lines of a result: one, or as many as it takes. */
export function* doneAnswers(result: unknown): Generator<string> {
  const whole = JSON.stringify({ answer: 'done', result })
  if (whole.length <= partCharsMax) {
    yield whole
    return
  }
  for (let at = 0; at < whole.length; at += partCharsMax)
    yield JSON.stringify({ answer: 'part', part: whole.slice(at, at + partCharsMax) })
  yield JSON.stringify({ answer: 'part', part: '' })
}

/** The answer of a line, and of the `parts` before it where it is the last one of them; undefined where more is to come. @throws ControlFault */
export function answerOf(
  line: string,
  parts: string[],
): Exclude<ControlAnswer, { answer: 'part' }> | undefined {
  const answer = decodeAnswer(line)
  if (answer.answer !== 'part') return answer
  if (answer.part === '') return answerOf(parts.join(''), [])
  parts.push(answer.part)
  return undefined
}
