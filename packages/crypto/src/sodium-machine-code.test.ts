import { describe, expect, test } from 'vitest'
import { hashedInParts } from './hash.ts'
import { labelBytes } from './label.ts'
import { machineCodeHash } from './sodium-machine-code.ts'
import { systemRandom } from './random.ts'

const usual =
  ['linux', 'darwin', 'win32'].includes(process.platform) && ['x64', 'arm64'].includes(process.arch)

describe('BLAKE2b as machine code', () => {
  test.runIf(usual)('is there where it is said to be', () => {
    expect(machineCodeHash()).toBeDefined()
  })

  test.runIf(usual)('gives what WebAssembly gives, whatever the parts are', () => {
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
})
