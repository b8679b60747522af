// Names of what is left of damaged files: valid, never that of the file itself, the extension kept.
import { expect, test } from 'vitest'
import { damagedNames } from './damaged-name.ts'
import { nameFromBytes, nameToBytes, type Name } from './name.ts'

test.each([
  ['film.mp4', 'film (damaged).mp4', 'film (damaged)-2.mp4'],
  ['README', 'README (damaged)', 'README (damaged)-2'],
  ['.profile', '.profile (damaged)', '.profile (damaged)-2'],
])('%s', (name, first, second) => {
  const names = damagedNames(name as Name)
  expect([names.next().value, names.next().value]).toEqual([first, second])
})

test('a long name, or one that is no text, is still a name', () => {
  for (const bytes of [
    Buffer.alloc(255, 'é'),
    Buffer.concat([Buffer.alloc(251, 0xff), Buffer.from('.mp4')]),
  ]) {
    const name = nameFromBytes(bytes)
    if (name === undefined) throw new Error('no name')
    const { value } = damagedNames(name).next()
    expect(nameToBytes(value).length).toBeLessThanOrEqual(255)
    expect(value).not.toBe(name)
  }
})
