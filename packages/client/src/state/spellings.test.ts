import { expect, it } from 'vitest'
import type { NodeId } from '../sync/tree.ts'
import { Spellings } from './spellings.ts'

const id = (number: number): NodeId => `~${number}` as NodeId

it('know of new directories alone, and of those with such a name no more', () => {
  const spellings = new Spellings((node) => node !== id(1))
  expect(spellings.areNone(id(1))).toBe(false)
  expect(spellings.areNone(id(2))).toBe(true)
  spellings.note(new Set([id(2)]))
  expect(spellings.areNone(id(2))).toBe(false)
  expect(spellings.areNone(id(3))).toBe(true)
})

it('forget what they know when there is too much of it', () => {
  const spellings = new Spellings(() => true)
  spellings.note(new Set(Array.from({ length: 20_000 }, (_, number) => id(number))))
  for (const number of [0, 19_999, 20_000]) expect(spellings.areNone(id(number))).toBe(false)
})
