// A relay that acknowledges and does not keep: entries and packs.
import { ClientError } from '@grenier/client'
import { decodeEntry } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { behindByTwo } from '../hostile/forged-log.ts'
import { eventsOf, expectHalt, peacefulWorld } from '../hostile/hostile-world.ts'

describe('a relay that acknowledges and drops', () => {
  test('attack 16: a relay that takes an entry and does not keep it is found out', async () => {
    const { world } = await behindByTwo()
    const b = world.at(1)
    await world.syncs(b)
    world.relay.lieTo(b, { swallows: () => true })
    b.user.write('of b', 'acknowledged and dropped')
    expect(await world.sync(b)).toBe('done')
    await expectHalt(world, b, 'relay-rollback')
    // Whatever it said to it: as soon as it takes the entry, everybody has it.
    await expectHalt(world, b, 'relay-rollback')
    world.relay.repent(b)
    await world.syncs(b, world.at(0))
    expect(world.at(0).tree()).toEqual(b.tree())
  })

  test('attack 16: a pack that the relay lacks keeps only its files away, and they come when it is back', async () => {
    const { world } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    const withheld = new Set<string>()
    for (const given of await world.relay.log(world.relay.vaultOf(b)))
      if ('entry' in given && given.sequence % 2 === 0)
        for (const { id } of decodeEntry(given.entry).header.added)
          withheld.add(Buffer.from(id).toString('hex'))
    world.relay.lieTo(b, { lacks: (pack) => withheld.has(pack) })
    expect(await world.sync(b)).toBe('done')
    expect(eventsOf(b, 'problem').map(({ code }) => code)).toContain('pack-unavailable')
    expect([b.user.exists('later one'), b.user.exists('later two')].filter(Boolean)).toHaveLength(1)
    world.relay.repent(b)
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree())
  })

  test('attack 16: a payload pack that the relay lacks: a run that is to end gives up, one that watches waits', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    // Names that do not compress, more than fit an entry.
    for (let at = 0; at < 700; at += 1) a.user.write(Buffer.from(world.random.bytes(90)).toString('hex'), '')
    await world.syncs(a)
    world.relay.lieTo(b, { lacks: () => true })
    const before = b.tree()
    expect(await world.sync(b)).toBeInstanceOf(ClientError)
    expect(b.outcome).toMatchObject({ code: 'pack-unavailable' })
    expect(b.tree()).toEqual(before)
    b.events.splice(0)
    b.sync(false)
    await world.until(() => eventsOf(b, 'state').some(({ code }) => code === 'pack-unavailable'), 600_000)
    await world.until(() => false, 120_000)
    expect(b.running).toBe(true)
    world.relay.repent(b)
    expect(
      await world.until(() => eventsOf(b, 'state').some(({ state }) => state === 'synced'), 600_000),
    ).toBe(true)
    expect(b.tree()).toEqual(a.tree())
    b.stop()
    expect(await world.outcomeOf(b)).toMatchObject({ code: 'interrupted' })
  })
})
