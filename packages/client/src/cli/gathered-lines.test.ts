import { expect, test } from 'vitest'
import { GatheredLines } from './gathered-lines.ts'

test('lines of one go are written at once, in order, and later ones after them', async () => {
  const written: string[] = []
  const lines = new GatheredLines({ write: (text) => written.push(text) })
  lines.write('a\n')
  lines.write('b\n')
  expect(written).toEqual([])
  await Promise.resolve()
  expect(written).toEqual(['a\nb\n'])
  lines.write('c\n')
  await Promise.resolve()
  expect(written).toEqual(['a\nb\n', 'c\n'])
})
