// Each way of breaking the engine on purpose still has something to break. That it is noticed is what `npm run sabotage` shows.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sabotages } from './sabotages.ts'

test.each(sabotages)('$name', ({ file, find, replace }) => {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  expect(source.split(find)).toHaveLength(2)
  expect(replace).not.toBe(find)
})
