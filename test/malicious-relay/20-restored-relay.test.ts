// A relay that comes back with an older copy of its data, and means no harm. More of it, with devices that go on meanwhile, is in test/healing.
import { expect, test } from 'vitest'
import { eventsOf, oneMore, peacefulWorld } from '../hostile/hostile-world.ts'

test('attack 20: yesterday’s copy is given back what it lost, entry for entry; nothing here changes or goes', async () => {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b)
  const yesterday = world.relayDisk.copy()
  await oneMore(world, a, 'today')
  await world.syncs(b)
  const [log, tree] = [await world.relay.log(world.relay.vaultOf(a)), a.tree()]
  world.restoreRelay(yesterday)
  a.events.splice(0)
  await world.syncs(a)
  expect(eventsOf(a, 'change')).toEqual([])
  expect([a.tree(), b.tree()]).toEqual([tree, tree])
  expect((await world.relay.log(world.relay.vaultOf(a))).slice(0, log.length)).toEqual(log)
  world.more(1)
  const c = world.at(2)
  await world.syncs(a)
  expect(await world.join(c, await world.invite(a))).toBe('done')
  expect(c.tree()).toEqual(tree)
})
