// A device that is no owner's and alone knows entries whose contents the relay lost: it may not put them back, waits for an owner's that may, and goes
// on by itself where none comes. Time is the simulation's.
import { describe, expect, test } from 'vitest'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import type { Machine } from '../simulation/world.ts'

const minuteMs = 60_000
const waitsMs = 10 * minuteMs

const logOf = async (world: HostileWorld) => await world.relay.log(world.relay.vaultOf(world.at(0)))

/** An owner, somebody who joined as a writer, and the relay's disk as it was then. */
async function withWriter(): Promise<{
  world: HostileWorld
  owner: Machine
  writer: Machine
  yesterday: HostileWorld['relayDisk']
}> {
  const world = await peacefulWorld({ devices: 1 })
  world.more(1)
  const [owner, writer] = [world.at(0), world.at(1)]
  expect(await world.join(writer, await world.invite(owner, 'writer'))).toBe('done')
  await world.syncs(owner, writer)
  return { world, owner, writer, yesterday: world.relayDisk.copy() }
}

const textOf = (machine: Machine, path: string): string =>
  Buffer.from(machine.user.tree().get(path)?.bytes ?? []).toString()

async function passes(world: HostileWorld, ms: number): Promise<void> {
  await world.until(() => false, ms)
}

const refused = (then: string, entries: number) => ({
  code: 'relay-refused',
  data: { reason: 'pack-missing', then, entries },
})

describe('entries that a writer’s device alone knows, of which the relay lost the contents', () => {
  test('are waited for, then left: its files stay, and what differs is sent again', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    writer.user.write('mine', 'written before the relay lost it')
    writer.user.write('plain.txt', 'edited before the relay lost it')
    await world.syncs(writer)
    world.restoreRelay(yesterday)
    owner.user.write('of the owner', 'who does not know')
    const before = writer.tree()
    expect(await world.sync(writer)).toMatchObject(refused('waits', 1))
    expect(writer.tree()).toEqual(before)
    await passes(world, waitsMs)
    await world.syncs(writer)
    expect(eventsOf(writer, 'went-on')).toMatchObject([{ entries: 1 }])
    expect(writer.tree()).toEqual(before)
    await world.syncs(owner, writer)
    expect(textOf(owner, 'mine')).toBe('written before the relay lost it')
    expect(textOf(owner, 'plain.txt')).toBe('edited before the relay lost it')
    expect(writer.tree()).toEqual(owner.tree())
    expect(eventsOf(writer, 'conflict')).toEqual([])
  })

  test('are left by a device that watches without anybody starting it anew, which goes on watching', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    writer.sync(false)
    writer.user.write('mine', 'one')
    writer.touched('')
    expect(
      await world.until(() => world.head > 0 && writer.events.some(({ event }) => event === 'change')),
    ).toBe(true)
    await passes(world, minuteMs)
    world.restoreRelay(yesterday)
    const wentOn = (): boolean => eventsOf(writer, 'went-on').length > 0
    expect(await world.until(wentOn, 2 * waitsMs)).toBe(true)
    await passes(world, minuteMs)
    await world.syncs(owner)
    writer.user.write('later', 'two')
    writer.touched('')
    await passes(world, minuteMs)
    await world.syncs(owner)
    expect(owner.tree()).toEqual(writer.tree())
    expect(owner.user.exists('later')).toBe(true)
    writer.stop()
    expect(await world.outcomeOf(writer)).toMatchObject({ code: 'interrupted' })
  })

  test('go back as they were where an owner’s device knows them and comes in time', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    writer.user.write('mine', 'one')
    await world.syncs(writer, owner)
    const log = await logOf(world)
    world.restoreRelay(yesterday)
    expect(await world.sync(writer)).toMatchObject(refused('waits', 1))
    await passes(world, waitsMs / 2)
    await world.syncs(owner)
    await passes(world, waitsMs)
    await world.syncs(writer)
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    expect(eventsOf(writer, 'went-on')).toEqual([])
  })

  test('are not left where an owner wrote some of them, however long that owner is away', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    owner.user.write('of the owner', 'one')
    await world.syncs(owner, writer)
    const log = await logOf(world)
    world.restoreRelay(yesterday)
    for (let times = 0; times < 3; times += 1) {
      expect(await world.sync(writer)).toMatchObject(refused('owners', 1))
      await passes(world, 30 * waitsMs)
    }
    await world.syncs(owner, writer)
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    expect(eventsOf(writer, 'went-on')).toEqual([])
    expect(owner.tree()).toEqual(writer.tree())
  })
})
