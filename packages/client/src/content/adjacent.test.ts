import { expect, it } from 'vitest'
import { adjacent } from './adjacent.ts'

it('joins what follows in memory and where it goes, and nothing else', () => {
  const memory = Uint8Array.from({ length: 100 }, (_, at) => at)
  const piece = (from: number, until: number, { offset, file = 0 }: { offset: number; file?: number }) => ({
    ...{ file, offset },
    bytes: memory.subarray(from, until),
  })
  const pieces = [
    piece(0, 10, { offset: 1000 }),
    piece(10, 30, { offset: 1010 }),
    piece(30, 40, { offset: 1030 }),
    // Not where it would follow.
    piece(40, 50, { offset: 1050 }),
    // Not in memory.
    { file: 0, offset: 1060, bytes: memory.slice(50, 60) },
    piece(61, 70, { offset: 1070 }),
    // Another file.
    piece(70, 80, { offset: 1079, file: 1 }),
    piece(80, 90, { offset: 1089, file: 1 }),
  ]
  const joined = [...adjacent(pieces, (one, other) => one.file === other.file)]
  expect(
    joined.map(({ file, offset, bytes }) => [file, offset, ...bytes.subarray(0, 1), bytes.length]),
  ).toEqual([
    [0, 1000, 0, 40],
    [0, 1050, 40, 10],
    [0, 1060, 50, 10],
    [0, 1070, 61, 9],
    [1, 1079, 70, 20],
  ])
  expect([...adjacent([])]).toEqual([])
})
