// A relay that gives other bytes than the packs that it was given.
import { describe, expect, test } from 'vitest'
import { behindByTwo } from '../hostile/forged-log.ts'
import { eventsOf, expectHalt, peacefulWorld } from '../hostile/hostile-world.ts'
import { Seeded } from '../simulation/seeded.ts'

describe('an altered pack', () => {
  test('attack 3: an altered pack halts the vault, and no file appears', async () => {
    const { world } = await behindByTwo()
    const b = world.at(1)
    const random = new Seeded(5)
    for (const at of [0, 4, 5, 14, 50, 80, 90, ...Array.from({ length: 6 }, () => random.below(4096))]) {
      world.relay.lieTo(b, {
        pack: (_, offset, bytes) => {
          const altered = bytes.slice()
          if (at >= offset && at < offset + bytes.length)
            altered[at - offset] = (altered[at - offset] ?? 0) ^ 0x10
          return altered
        },
      })
      const outcome = await world.sync(b)
      // A bit in the padding behind the last chunk of a cell is seen as well: the cell is one.
      expect(outcome, `byte ${at}`).toMatchObject({ code: 'relay-corrupt' })
      expect(b.user.exists('later one')).toBe(false)
      expect(eventsOf(b, 'state').at(-1)).toMatchObject({ state: 'halted' })
    }
    world.relay.repent(b)
    await world.syncs(b)
    expect(b.tree()).toEqual(world.at(0).tree())
  })

  test('attack 3: an altered payload pack halts the vault', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    for (let at = 0; at < 700; at += 1) a.user.write(Buffer.from(world.random.bytes(90)).toString('hex'), '')
    await world.syncs(a)
    world.relay.lieTo(b, {
      pack: (_, offset, bytes) =>
        offset === 0 ? bytes.map((byte, at) => (at === 99 ? byte ^ 1 : byte)) : bytes,
    })
    const error = await expectHalt(world, b, 'relay-corrupt')
    expect(error.data['pack']).toMatch(/^[0-9a-f]{64}$/)
  })
})
