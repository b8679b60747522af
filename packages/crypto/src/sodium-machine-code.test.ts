import { describe, expect, test } from 'vitest'
import { concat } from './bytes.ts'
import { chunkIdOf } from './chunk-id.ts'
import { chunkIdsOf } from './chunk-ids.ts'
import { hashedInParts } from './hash.ts'
import { labelBytes } from './label.ts'
import { systemRandom } from './random.ts'
import { machineCodeHash } from './sodium-machine-code.ts'

const usual =
  ['linux', 'darwin', 'win32'].includes(process.platform) && ['x64', 'arm64'].includes(process.arch)

describe.runIf(usual)('BLAKE2b as machine code', () => {
  test('is there where it is said to be', () => {
    expect(machineCodeHash()).toBeDefined()
  })

  test('gives what WebAssembly gives, whatever the parts are', () => {
    const label = labelBytes('grenier/v1/chunk')
    for (const key of [null, systemRandom.bytes(32)])
      for (const length of [0, 1, 63, 64, 127, 128, 129, 4096, 65_535, 65_536, 1 << 20]) {
        const room = systemRandom.bytes(length + 7)
        // Where a part lies in its buffer is of no matter, nor how many there are.
        for (const parts of [
          [room.subarray(7)],
          [label, room.subarray(3, 3 + length)],
          [label, new Uint8Array(0), room],
        ])
          expect(machineCodeHash()?.(key, parts), String(length)).toEqual(hashedInParts(key, parts))
      }
  })

  test('refuses a key that is none, and chunks that are not there', () => {
    const bytes = new Uint8Array(100)
    for (const length of [0, 65]) expect(() => machineCodeHash()?.(new Uint8Array(length), [bytes])).toThrow()
    for (const [start, length] of [
      [0, 101],
      [-1, 2],
      [100, -1],
    ] as const)
      expect(() => chunkIdsOf(new Uint8Array(32), bytes, [{ start, length }])).toThrow(RangeError)
  })

  test('names chunks as they are named one by one', () => {
    const [key, bytes] = [systemRandom.bytes(32), systemRandom.bytes(200_000)]
    const ranges = [
      { start: 0, length: 40 },
      { start: 40, length: 199_960 },
    ]
    const each = [chunkIdOf(key, bytes.subarray(0, 40)), chunkIdOf(key, bytes.subarray(40))]
    expect(chunkIdsOf(key, bytes, ranges)).toEqual(concat(each))
  })
})
