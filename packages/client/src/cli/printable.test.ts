import { describe, expect, test } from 'vitest'
import { printable } from './printable.ts'

describe('printable', () => {
  test('leaves names of people alone', () => {
    for (const name of ['Été 2026/naïve.txt', '写真.jpg', '🍐 poires', 'a b\\c'])
      expect(printable(name)).toBe(name)
  })

  test('writes out what a terminal would act on', () => {
    expect(printable('a\u001b[2Jb')).toBe('a\\x1b[2Jb')
    expect(printable('a\r\nb\t')).toBe('a\\x0d\\x0ab\\x09')
    expect(printable('\u009b31m\u007f')).toBe('\\x9b31m\\x7f')
  })

  test('writes out what would turn the line round', () => {
    expect(printable('photo\u202egpj.exe')).toBe('photo\\u202egpj.exe')
    expect(printable('a\u2066b\u2069\u2028')).toBe('a\\u2066b\\u2069\\u2028')
  })

  test('writes a byte that is no UTF-8 as that byte', () => {
    expect(printable('caf\udce9')).toBe('caf\\xe9')
  })
})
