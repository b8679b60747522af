// The list of defences stays true: each attack has tests and removals, each removal applies, and what the table in docs/THREATS.md says is of the list.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removals } from './removals.ts'
import { attackLast, attackPattern, filesOf, root } from './suites.ts'
import { isOf, writtenRows } from './table.ts'

const attacks = Array.from({ length: attackLast }, (_, at) => at + 1)

test('each attack of docs/THREATS.md has a test in the suites, and a defence that is taken out', () => {
  const removed = new Set(removals.flatMap((removal) => removal.attacks))
  expect(attacks.filter((attack) => filesOf(attack).length === 0)).toEqual([])
  expect(attacks.filter((attack) => !removed.has(attack))).toEqual([])
})

test('what a removal replaces stands in the source, once', () => {
  const wrong = removals.flatMap(({ gone, edits }) =>
    edits.flatMap(({ file, find }) => {
      const times = readFileSync(join(root, file), 'utf8').split(find).length - 1
      return times === 1 ? [] : [`${gone}: found ${times} times in ${file}`]
    }),
  )
  expect(wrong).toEqual([])
})

test('each row of the table in docs/THREATS.md is of the list, and names a test that is there', () => {
  const written = writtenRows()
  expect(written.length).toBeGreaterThan(0)
  for (const row of written) {
    const { attacks: numbers, gone, file } = row
    const removal = removals.find((one) => isOf(row, one))
    expect(removal, `${numbers}: ${gone}`).toBeDefined()
    const source = readFileSync(join(root, file), 'utf8')
    const isOfSuite = removal?.tests?.includes(file) ?? attackPattern(removal?.attacks[0] ?? 0).test(source)
    expect(isOfSuite, `${file} shows ${gone}`).toBe(true)
  }
})

test('each removal of the list has its row', () => {
  const written = writtenRows()
  const missing = removals.filter((removal) => !written.some((row) => isOf(row, removal)))
  expect(missing.map(({ attacks: numbers, gone }) => `${numbers.join(', ')}: ${gone}`)).toEqual([])
})
