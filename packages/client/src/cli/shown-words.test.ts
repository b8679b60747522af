import { describe, expect, test } from 'vitest'
import { isSameWord, twoPlaces } from './shown-words.ts'

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
