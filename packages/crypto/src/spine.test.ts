// The rules of the log and the spine, each broken once.
import { describe, expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import { decodeEntry } from './entry.ts'
import { ForgedWorld } from './forged-world.vectors.ts'
import { advance } from './log-state.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { violations } from './spine-violations.vectors.ts'

const world = new ForgedWorld(seededRandom('violations'))

describe('advance refuses', () => {
  test.each(violations)('$name: $code', ({ make, code, first = false }) => {
    const entry = decodeEntry(make(world).bytes)
    expect(codeOf(() => advance(first ? undefined : world.state, entry))).toBe(code)
  })
})
