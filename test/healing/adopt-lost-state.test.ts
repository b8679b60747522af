// Two histories that part behind a prune, of which the relay lost the state that it names: who goes on makes that state again from what it kept, or reads
// the log anew, like one that joins with its files.
import { adoptFolder, openFolder } from '@grenier/client'
import { makePrune } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { asked, type Machine } from '../simulation/world.ts'

const adopts = async (world: HostileWorld, machine: Machine): Promise<unknown> =>
  await world.settles(
    adoptFolder(machine.context(), machine.folderPath).catch((error: unknown) => error as Error),
  )

/** The relay lost the state that a prune names and has the log again; then b goes on from it, and so does c from a copy of then. */
async function parted(since: (world: HostileWorld) => Promise<Machine>) {
  const world = await peacefulWorld({ devices: 3 })
  const [a, c] = [world.at(0), world.at(2)]
  a.user.write('dear', 'the first version')
  a.user.write('goes', 'removed later')
  await world.syncs(...world.machines)
  const yesterday = world.relayDisk.copy()
  await world.settles(asked(a, (engine) => engine.prune({ keepMs: 0, dryRun: false })))
  await world.syncs(...world.machines)
  const b = await since(world)
  a.user.write('dear', 'the second version')
  await world.syncs(a, b, c)
  world.restoreRelay(yesterday)
  await world.settles(asked(a, (engine) => engine.members()))
  await world.until(() => false, 660_000)
  const putBack = world.relayDisk.copy()
  b.user.write('of b', 'on the branch that is left')
  b.user.remove('goes')
  await world.syncs(b)
  world.restoreRelay(putBack)
  c.user.write('of c', 'on the relay’s branch')
  await world.syncs(c)
  expect(await world.sync(b)).toMatchObject({ code: 'relay-contradicts' })
  // The process that halted has ended: what a person starts then is another one.
  b.start((context) => openFolder(context, b.folderPath), true)
  await world.outcomeOf(b)
  return { world, a, b, c }
}

/** Which entry the latest prune names, and whether the relay has all that it claims. */
const prunedTo = async (world: HostileWorld): Promise<number | undefined> =>
  (await new HostileMember(world, world.at(0)).read()).spine.prune?.through

/** An owner prunes to a state that is none. */
async function prunesToNone(world: HostileWorld, owner: Machine): Promise<void> {
  const hostile = new HostileMember(world, owner)
  await hostile.namesNoState()
  const checkpoint = (await hostile.read()).checkpoints.at(-1)!
  await hostile.append(makePrune({ ...hostile.on, checkpoint }).entry.bytes)
  await hostile.leave()
}

const joins = async (world: HostileWorld): Promise<Machine> => {
  const code = await world.invite(world.at(0))
  world.more(1)
  expect(await world.join(world.at(3), code)).toBe('done')
  return world.at(3)
}

describe('adopting where the relay lost the state of before', () => {
  test('goes on from what was kept of the log: edits and removals of both branches are everywhere', async () => {
    const { world, a, b, c } = await parted((on) => Promise.resolve(on.at(1)))
    const [tree, through] = [b.tree(), await prunedTo(world)]
    expect(await adopts(world, b)).toMatchObject({ base: {} })
    expect(b.tree(), 'nothing here is touched by it').toEqual(tree)
    await world.syncs(b)
    expect(await prunedTo(world), 'nobody had to mend it first').toBe(through)
    await world.syncs(c, a, b, c)
    expect([b.tree(), c.tree()]).toEqual([a.tree(), a.tree()])
    expect(['of b', 'of c', 'goes'].map((name) => a.user.exists(name))).toEqual([true, true, false])
    for (const machine of world.machines) expect(eventsOf(machine, 'void')).toEqual([])
  })

  test('waits where the log was not kept, until an owner has named a state, and merges then: nothing is lost, what was removed comes back', async () => {
    const { world, a, b, c } = await parted(joins)
    const tree = b.tree()
    expect(await adopts(world, b)).toMatchObject({ code: 'pack-unavailable', data: { what: 'state' } })
    expect(await world.sync(b), 'all is as it was').toMatchObject({ code: 'relay-contradicts' })
    expect(b.tree()).toEqual(tree)
    await world.syncs(a)
    expect(eventsOf(a, 'state-remade')).toHaveLength(1)
    b.start((context) => openFolder(context, b.folderPath), true)
    await world.outcomeOf(b)
    expect(await adopts(world, b)).toMatchObject({ base: {} })
    expect(b.tree(), 'nothing here is touched by it').toEqual(tree)
    await world.syncs(b, c, a, b)
    expect([b.tree(), c.tree()]).toEqual([a.tree(), a.tree()])
    expect(['of b', 'of c', 'goes'].map((name) => a.user.exists(name))).toEqual([true, true, true])
    expect(b.events.filter(({ event }) => event === 'conflict')).toEqual([])
  })

  test('leaves what is here where the state that an owner has named since is none', async () => {
    const { world, a, b } = await parted(joins)
    const tree = b.tree()
    await prunesToNone(world, a)
    expect(await adopts(world, b)).toMatchObject({ code: 'checkpoint-broken', data: { what: 'hash' } })
    expect(await world.sync(b), 'all is as it was').toMatchObject({ code: 'relay-contradicts' })
    expect(b.tree()).toEqual(tree)
  })
})
