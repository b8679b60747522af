import { wordlist as japanese } from '@scure/bip39/wordlists/japanese.js'
import { entropyToMnemonic } from '@scure/bip39'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import { CryptoError } from './errors.ts'
import { entropyOf, phraseOf, secretOfWords, wordsOf } from './phrase.ts'

const entropies = fc.uint8Array({ minLength: 32, maxLength: 32 })
const secrets = fc.uint8Array({ minLength: 16, maxLength: 16 })
const languages = fc.constantFrom('english' as const, 'french' as const)

test('24 words give back their entropy, and 12 their secret, in both languages', () => {
  fc.assert(
    fc.property(entropies, secrets, languages, (entropy, secret, language) => {
      expect(entropyOf(phraseOf(entropy, language))).toEqual(entropy)
      expect(secretOfWords(wordsOf(secret, language))).toEqual(secret)
    }),
  )
})

test('words are read in any case, with or without accents, composed or not, over several lines', () => {
  fc.assert(
    fc.property(entropies, (entropy) => {
      const words = phraseOf(entropy, 'french')
      const without = words.normalize('NFKD').replace(/[\u0300-\u036f]/g, '')
      for (const typed of [
        words.toUpperCase(),
        words.normalize('NFC'),
        without,
        ` \n${words.replaceAll(' ', '\t\n ')} `,
      ])
        expect(entropyOf(typed)).toEqual(entropy)
    }),
  )
})

test('words are read with their numbers, as they stand on paper, and with commas', () => {
  fc.assert(
    fc.property(entropies, languages, (entropy, language) => {
      const words = phraseOf(entropy, language).split(' ')
      const numbered = (write: (word: string, number: number) => string): string[] =>
        words.map((word, at) => write(word, at + 1))
      for (const typed of [
        words.join(', '),
        words.join(',\n'),
        numbered((word, number) => `${number} ${word}`).join(' '),
        numbered((word, number) => `${String(number).padStart(2)}. ${word}`).join('\n'),
        numbered((word, number) => `${number}.${word};`).join('\r\n'),
        numbered((word, number) => `${number})\t${word}`).join('\n'),
        // A sheet in three columns, read by rows.
        Array.from({ length: 24 }, (_, at) => (at % 3) * 8 + Math.floor(at / 3))
          .map((at) => `${at + 1}. ${words[at] ?? ''}`)
          .join(' '),
      ])
        expect(entropyOf(typed)).toEqual(entropy)
    }),
  )
})

test('numbers that are not those of the words make a wrong phrase', () => {
  const words = phraseOf(new Uint8Array(32).fill(5), 'english').split(' ')
  const withNumbers = (number: (at: number) => string): string =>
    words.map((word, at) => `${number(at)} ${word}`).join(' ')
  for (const typed of [
    withNumbers((at) => (at === 3 ? '5' : `${at + 1}`)),
    withNumbers((at) => `${at}`),
    withNumbers((at) => (at === 7 ? '' : `${at + 1}`)),
    withNumbers((at) => (at === 7 ? '8 8' : `${at + 1}`)),
    `${words.join(' ')} 24`,
    `1 ${words.join(' ')}`,
    words.map((_, at) => `${at + 1}`).join(' '),
  ])
    expect(() => entropyOf(typed), typed).toThrow(CryptoError)
})

test('Japanese words are read with their wide spaces and their marks', () => {
  const entropy = new Uint8Array(32).fill(0x77)
  expect(entropyOf(entropyToMnemonic(entropy, japanese))).toEqual(entropy)
})

test('an exchanged, missing, extra or unknown word is a wrong phrase', () => {
  const words = phraseOf(
    Uint8Array.from({ length: 32 }, (_, i) => i * 7),
    'english',
  ).split(' ')
  const typed = [
    words.slice(1),
    [...words, 'abandon'],
    [...words.slice(0, 23), 'grenier'],
    [words[1]!, words[0]!, ...words.slice(2)],
    [...words.slice(0, 23), words[23] === 'zoo' ? 'zone' : 'zoo'],
    [],
  ]
  for (const list of typed) expect(codeOf(() => entropyOf(list.join(' ')))).toBe('phrase-wrong')
  expect(codeOf(() => secretOfWords(words.join(' ')))).toBe('phrase-wrong')
  expect(codeOf(() => entropyOf('a '.repeat(100_000)))).toBe('phrase-wrong')
})

test('words that no list has are told by their places, as long as it is clear which list the others are of', () => {
  for (const language of ['english', 'french'] as const) {
    const words = phraseOf(new Uint8Array(32).fill(9), language).split(' ')
    const placesIn = (changed: Readonly<Record<number, string>>): unknown => {
      try {
        entropyOf(words.map((word, at) => changed[at + 1] ?? word).join(' '))
        return 'read'
      } catch (error) {
        return error instanceof CryptoError ? error.data['unknown'] : error
      }
    }
    expect(placesIn({})).toBe('read')
    expect(placesIn({ 1: 'grenier' })).toBe('1')
    expect(placesIn({ 24: 'xyzzy', 3: 'grenier' })).toBe('3, 24')
    const more = (count: number): Record<number, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [at + 1, 'xyzzy']))
    expect(placesIn(more(12))).toBe('1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12')
    expect(placesIn(more(13)), 'of what list is anybody’s guess').toBe(undefined)
    expect(placesIn({ 1: words[1]!, 2: words[0]! }), 'all are of the list').toBe(
      words[0] === words[1] ? 'read' : undefined,
    )
  }
})

test('any text is read or refused with a code', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(codeOf(() => entropyOf(text))).toBe('phrase-wrong')
    }),
  )
})

test('an error never repeats the words', () => {
  try {
    entropyOf(`${'abandon '.repeat(23)}secretword`)
  } catch (error) {
    expect(String(error)).not.toMatch(/abandon|secretword/)
    expect((error as Error).cause).toBe(undefined)
  }
})

test('entropies and secrets of wrong length are refused', () => {
  expect(codeOf(() => phraseOf(new Uint8Array(16), 'english'))).toBe('malformed')
  expect(codeOf(() => wordsOf(new Uint8Array(32), 'english'))).toBe('malformed')
})
