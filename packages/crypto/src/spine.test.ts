// The rules of the log and the spine, each broken once.
import { describe, expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import { toHex } from './bytes.ts'
import { decodeEntry } from './entry.ts'
import { accept } from './forged-entries.vectors.ts'
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

test('a lowering that opens no epoch voids open invitations with their seals, and owes an epoch', () => {
  const { state, laptop, desk, open } = world
  const invited = toHex(open.sign.publicKey)
  expect(state.spine.seals.has(invited) && !state.spine.rekeyDue).toBe(true)
  const part = { action: 'role', member: desk.sign.publicKey, role: 'reader' } as const
  const { spine } = advance(state, world.member(laptop, part))
  expect([spine.invites.size, spine.seals.has(invited), spine.rekeyDue]).toEqual([0, false, true])
})

test('an invitation is accepted once: nothing else has to happen for it to be closed', () => {
  const used = new ForgedWorld(seededRandom('used'))
  const entry = accept(used, {})
  const state = advance(used.state, entry)
  expect(state.spine.seals.has(toHex(used.open.sign.publicKey))).toBe(false)
  used.log.add('accept', { entry, state })
  expect(codeOf(() => advance(state, accept(used, {})))).toBe('no-right')
})
