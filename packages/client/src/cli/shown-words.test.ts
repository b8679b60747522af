import { describe, expect, test } from 'vitest'
import { realPlatform } from './real-platform.ts'
import { Interrupt } from './interrupt.ts'
import type { Invocation } from './invocation.ts'
import { desktopKeyring } from './keyring-desktop.ts'
import type { Language } from './messages.ts'
import { Output } from './output.ts'
import { GivenPassphrase } from './passphrase.ts'
import { confirmWords, isSameWord, twoPlaces } from './shown-words.ts'

describe('two of the words', () => {
  test('are at different places, in order, and any place may come', () => {
    const seen = new Set<number>()
    for (let round = 0; round < 2000; round += 1) {
      const [first, second] = twoPlaces(24)
      expect(first).toBeLessThan(second)
      expect(second).toBeLessThan(24)
      seen.add(first).add(second)
    }
    expect(seen.size).toBe(24)
  })

  test('are taken in any case and with or without accents, and no other word is', () => {
    expect(isSameWord(' Éléphant\n', 'éléphant'.normalize('NFC'))).toBe(true)
    expect(isSameWord('elephant', 'éléphant')).toBe(true)
    expect(isSameWord('elegant', 'éléphant')).toBe(false)
    expect(isSameWord('', 'abandon')).toBe(false)
  })
})

describe('the words on a terminal', () => {
  const words = Array.from({ length: 24 }, (_, at) => `word${at + 1}`)
  const phrase = words.join(' ')

  /** What is seen, one after the other, while somebody answers: what was said, `? ` and a question, or `clear`. */
  async function seen(
    answer: (question: string, place: number | undefined, time: number) => string,
    how: { readonly yes?: boolean; readonly alone?: boolean; readonly language?: Language } = {},
  ): Promise<readonly string[]> {
    const screen: string[] = []
    const stream = { write: (text: string) => void screen.push(text.trim()) }
    const speaking = { language: how.language ?? 'en', json: false, verbose: false, environment: {} } as const
    const invocation: Invocation = {
      output: new Output({ ...speaking, stdout: stream, stderr: stream }),
      interrupt: new Interrupt(() => undefined),
      homeDirectory: '/nowhere',
      yes: how.yes === true,
      passphrase: new GivenPassphrase(undefined),
      keyring: desktopKeyring,
      platform: realPlatform,
    }
    let time = 0
    await confirmWords(invocation, phrase, {
      canAsk: () => how.alone !== true,
      answer: (question) => {
        screen.push(`? ${question}`)
        const place = /(\d+)\s?\?$/.exec(question)?.[1]
        return Promise.resolve(answer(question, place === undefined ? undefined : Number(place), time++))
      },
      clear: () => screen.push('clear'),
    })
    return screen
  }
  const right = (place: number | undefined): string => (place === undefined ? '' : (words[place - 1] ?? ''))

  test.each(['en', 'fr'] as const)(
    'leave the screen before two of them are asked for (%s)',
    async (language) => {
      const screen = await seen((_, place) => right(place), { language })
      expect(screen).toHaveLength(4)
      expect(screen[0]).toMatch(language === 'en' ? /^\? When all of it/ : /^\? Quand tout/)
      expect(screen[1]).toBe('clear')
      const places = screen.slice(2).map((question) => Number(/(\d+)\s?\?$/.exec(question)?.[1]))
      expect(new Set(places).size).toBe(2)
      expect(screen.join('\n')).not.toContain('word1')
    },
  )

  test('are asked for until they are right, and shown again after three wrong ones', async () => {
    const screen = await seen((_, place, time) => (time <= 3 && place !== undefined ? 'wrong' : right(place)))
    const [shown] = screen.flatMap((text, at) => (text.includes('24 word24') ? [at] : []))
    expect(screen.slice(0, shown).filter((text) => text.includes('That is not word'))).toHaveLength(3)
    // They leave the screen once more before anybody is asked again, for the same place.
    expect(screen.slice((shown ?? 0) + 1, (shown ?? 0) + 3)).toEqual([screen[0], 'clear'])
    expect(screen[(shown ?? 0) + 3]).toBe(screen[2])
    expect(screen.filter((text) => text === 'clear')).toHaveLength(2)
  })

  test.each([
    ['with --yes', { yes: true }],
    ['where nobody can be asked', { alone: true }],
  ])('are not asked for %s', async (_, how) => {
    expect(await seen(() => 'wrong', how)).toEqual([])
  })
})
