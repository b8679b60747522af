import { describe, expect, test } from 'vitest'
import { relayErrorCodes } from '@grenier/protocol'
import { catalogueOf, languageOf } from './messages.ts'
import { english } from './messages-en.ts'
import { french } from './messages-fr.ts'
import { usageFaults } from './usage-error.ts'

/** Every path in a catalogue that leads to words. */
function keysOf(value: unknown, below = ''): string[] {
  if (typeof value !== 'object' || value === null) return [below]
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, `${below}/${key}`))
}

/** Parameters that make every sentence speak; unused ones do no harm. */
const values = {
  message: 'M',
  hint: 'H',
  items: ['a', 'b'],
  path: '/p',
  note: '/n',
  detail: 'D',
  why: 'that is so',
  wentTo: 'wss://elsewhere',
  reason: 'R',
  text: 'T',
  pid: 1,
  action: 'A',
  from: 'F',
  keptAs: 'K',
  already: 1,
  problem: 'P',
  verb: 'V',
  rest: 'R',
  sequence: 3,
  device: 'V',
  listed: 'L',
  code: 3,
  member: 'V',
  arrival: 'A',
  ids: 'I',
  name: 'N',
  relay: 'wss://r',
  mirror: 'wss://m',
  folder: '/f',
  inside: 'a/b',
  role: 'role',
  span: 'S',
  until: 'U',
  files: '1',
  bytes: '2 B',
  sent: '3 B',
  received: '4 B',
  seconds: '5',
  count: 2,
  conflicts: 1,
  problems: 2,
  filesDone: '1',
  filesTotal: '2',
  bytesDone: '1',
  bytesTotal: '2',
  rate: '9',
  begins: 'B',
  head: 4,
  state: 'S',
  words: 'w',
  when: 'now',
  what: 'chain-broken',
  pack: 'ab',
  came: 1,
  expected: 2,
  seen: 'seen',
  examples: ['a', 'b'],
  ranges: ['1–2', '4–5'],
  more: 3,
  invitations: ['a', 'b'],
  direction: 'up',
  gone: 1,
  changed: 2,
  goneText: '1',
  changedText: '2',
  filesText: '3',
  entries: '4',
  base: 1,
  left: 2,
  of: '6',
  lacking: 1,
  wrong: 1,
  hurt: 1,
  since: 'then',
  packs: '5',
  versions: '6',
  days: '30',
  uncertain: 1,
  made: '1 May',
  place: 3,
  plan: 'p',
  used: '1 B',
  quota: '2 B',
  names: 'n',
  id: 'ff',
  devices: 'd',
  key: 'k',
  own: true,
  at: 'now',
  by: 'ab',
  inviter: 'I',
  identity: 'cd',
  isThis: true,
  madeVault: true,
  held: ['a'],
  paths: ['a.txt'],
  done: '1',
  total: '2',
  lost: 1,
  others: ['b'],
  revoked: ['a', 'b'],
  voided: 1,
  compared: '4',
  isDeleted: true,
  signed: true,
  put: '1',
  moved: '2',
  removed: '3',
  hasWords: true,
  idle: '8h',
  through: 4,
  minutes: '7',
  whole: false,
  invitation: 'I',
  logout: true,
}

function sentences(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'function') return [String((value as (given: unknown) => unknown)(values))]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(sentences)
}

describe('the catalogue', () => {
  test('has the same entries in both languages', () => {
    expect(keysOf(french).sort()).toEqual(keysOf(english).sort())
  })

  test('has words for each refusal of the relay and each wrong usage', () => {
    for (const { refusals, usage } of [english, french]) {
      expect(Object.keys(refusals).sort()).toEqual([...relayErrorCodes].sort())
      expect(Object.keys(usage).sort()).toEqual([...usageFaults].sort())
    }
  })

  test('says something everywhere, and never `undefined`', () => {
    for (const language of ['en', 'fr'] as const) {
      for (const sentence of sentences(catalogueOf(language))) {
        expect(sentence).not.toMatch(/undefined|\[object|NaN/)
        expect(sentence.trim()).not.toBe('')
      }
    }
  })

  test('is not English where it should be French', () => {
    const shared = sentences(french).filter((sentence) => sentences(english).includes(sentence))
    expect(
      shared.filter((sentence) => sentence.split(' ').length > 4 && !sentence.includes('grenier')),
    ).toEqual([])
  })

  test('has no French line that could break before its mark, or inside its quotes', () => {
    const loose = / [:;?!»](?![A-Za-z])|« /
    expect(sentences(french).filter((sentence) => loose.test(sentence))).toEqual([])
  })

  test('counts in the manner of each language', () => {
    const none = { conflicts: 0, problems: 1 }
    expect(english.summaryTroubles(none)).toContain('0 conflicts, 1 problem:')
    expect(french.summaryTroubles(none)).toContain('0 conflit, 1 problème\u00a0:')
  })
})

describe('the language', () => {
  test('is the one asked for, else that of the locale, else English', () => {
    expect(languageOf('fr', { LANG: 'en_US.UTF-8' })).toBe('fr')
    expect(languageOf('en', { LANG: 'fr_FR.UTF-8' })).toBe('en')
    expect(languageOf(undefined, { LC_ALL: '', LANG: 'fr_FR.UTF-8' })).toBe('fr')
    expect(languageOf(undefined, { LC_ALL: 'C', LANG: 'fr_FR.UTF-8' })).toBe('en')
    expect(languageOf(undefined, {})).toBe('en')
    expect(languageOf('de', { LANG: 'fr_FR.UTF-8' })).toBe('fr')
  })
})
