// A member, or who has its device, that wants everything gone: from the folders of the others, and from the relay.
import {
  decodeEntry,
  makeConfig,
  makeDrop,
  packId,
  signEntry,
  type CborValue,
  type PackId,
} from '@grenier/crypto'
import { expect, test } from 'vitest'
import { eventsOf, expectHalt, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { attack, change, file } from '../hostile/traitor.ts'

const day = 86_400_000

async function packsIn(world: HostileWorld): Promise<PackId[]> {
  const log = await world.relay.log(world.relay.vaultOf(world.at(0)))
  return log.flatMap((given) =>
    'entry' in given ? decodeEntry(given.entry).header.added.map(({ id }) => packId(id)) : [],
  )
}

/** How many packs the relay still has, claimed or dropped. */
async function held(world: HostileWorld): Promise<number> {
  let count = 0
  for await (const place of world.stores.packs.list(world.relay.vaultOf(world.at(0))))
    count += place.pack.length === 32 ? 1 : 0
  return count
}

test('attack 25: a stolen owner’s device that lowers the floor, and drops everything, deletes nothing before the old floor has passed', async () => {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  await world.syncs(a, b)
  const [packs, before] = [await packsIn(world), await held(world)]
  const thief = new HostileMember(world, a)
  await thief.read()
  await thief.append(makeConfig({ ...thief.on, retentionMs: 0 }).entry.bytes)
  await thief.read()
  await thief.append(makeDrop({ ...thief.on, packs }).entry.bytes)
  await thief.leave()
  await world.until(() => false, 29 * day)
  await world.sweepRelay()
  expect(await held(world)).toBe(before)
  await world.until(() => false, 10 * day)
  await world.sweepRelay()
  expect(await held(world)).toBe(0)
})

test('attack 25: a writer drops nothing: the relay does not take it, and whoever is shown it halts', async () => {
  const world = await peacefulWorld({ devices: 3 })
  const b = world.at(1)
  await world.syncs(world.at(0), b)
  const traitor = new HostileMember(world, world.at(2))
  await traitor.read()
  const { header } = decodeEntry(traitor.forged(traitor.device))
  const drop = signEntry({
    header: { ...header, kind: 'drop', part: { packs: await packsIn(world) } } as never,
    payload: new Uint8Array(0),
    secretKey: traitor.device.sign.secretKey,
  }).bytes
  await expect(traitor.append(drop)).rejects.toMatchObject({ data: { reason: 'entry-refused' } })
  world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: drop }] })
  await expectHalt(world, b, 'relay-contradicts')
})

test('attack 25: a writer that removes everything is stopped at the brake of each device, and no file goes', async () => {
  const world = await peacefulWorld({ devices: 3 })
  const [a, b] = [world.at(0), world.at(1)]
  const traitor = new HostileMember(world, world.at(2))
  await traitor.read()
  const made = await attack(traitor, change(Array.from({ length: 40 }, (_, at) => file(`file ${at}`))))
  await world.syncs(a, b)
  expect(a.user.exists('file 39')).toBe(true)
  // Nodes are named by the entry and the operation that put them.
  const nodes: CborValue[] = Array.from({ length: 40 }, (_, at) => [made, at])
  await attack(traitor, change(nodes.map((node) => ({ op: 'remove', node }))))
  for (const machine of [a, b]) {
    const before = machine.tree()
    machine.events.splice(0)
    await world.sync(machine)
    expect(eventsOf(machine, 'void')).toEqual([])
    expect(eventsOf(machine, 'state').map(({ state }) => state)).toContain('braked')
    expect(machine.tree()).toEqual(before)
  }
})
