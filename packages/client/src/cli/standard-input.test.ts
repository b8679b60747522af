import { PassThrough } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { readAnswer, type Terminal } from './standard-input.ts'

afterEach(() => vi.restoreAllMocks())

/** A terminal whose keys are pressed from here. */
function terminal(): Terminal & { readonly input: PassThrough; readonly seen: () => string } {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const isTTY = { value: true }
  Object.defineProperty(output, 'isTTY', isTTY)
  const texts: string[] = []
  output.on('data', (piece: Buffer) => texts.push(piece.toString()))
  return { input, output, seen: () => texts.join('') }
}

describe('a question', () => {
  test('is answered by one line', async () => {
    const at = terminal()
    const answer = readAnswer('Which?', at)
    at.input.write('this one\r')
    expect(await answer).toBe('this one')
    expect(at.seen()).toContain('Which? ')
  })

  test.each([
    ['Ctrl-C', '\u0003', 'SIGINT'],
    ['Ctrl-D', '\u0004', undefined],
  ])('ends by %s as a stop that was asked for, not as a fault', async (_, key, signal) => {
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
    const at = terminal()
    const answer = readAnswer('Which?', at)
    at.input.write(key)
    await expect(answer).rejects.toMatchObject({ code: 'interrupted' })
    expect(kill.mock.calls.map(([, sent]) => sent)).toEqual(signal === undefined ? [] : [signal])
  })

  test('ends where there is no more input', async () => {
    const at = terminal()
    const answer = readAnswer('Which?', at)
    at.input.end()
    await expect(answer).rejects.toMatchObject({ code: 'interrupted' })
  })
})
