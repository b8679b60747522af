// What a relay acknowledged and dropped, or altered, is found by looking at contents; the files that it concerns are named, and sent anew from a device
// that has them.
import { openFolder, type ClientError } from '@grenier/client'
import { describe, expect, test } from 'vitest'
import type { Verification } from '../../packages/client/src/engine/mending.ts'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { within, type Machine } from '../simulation/world.ts'

async function verify(world: HostileWorld, machine: Machine, share = 1): Promise<Verification> {
  const asked = (async () => {
    const engine = await openFolder(machine.context(), machine.folderPath)
    try {
      return await engine.verify({ share })
    } finally {
      await engine.close()
    }
  })()
  return await within(world, asked, 'the audit')
}

/** Two devices, twenty files in twenty packs; and a large one whose chunks are a list. */
async function manyPacks(largeBytes = 0): Promise<HostileWorld> {
  const world = await peacefulWorld({ devices: 2 })
  const a = world.at(0)
  for (let at = 0; at < 20; at += 1) {
    a.user.write(`file ${String(at).padStart(2, '0')}`, Buffer.from(world.random.bytes(3000 + at)))
    await world.syncs(a)
  }
  if (largeBytes > 0) a.user.write('large', Buffer.from(world.random.bytes(largeBytes)))
  await world.syncs(a, world.at(1), a)
  return world
}

async function expectWhole(world: HostileWorld): Promise<void> {
  await world.syncs(world.at(0))
  world.more(1)
  const joiner = world.at(world.machines.length - 1)
  expect(await world.join(joiner, await world.invite(world.at(0)))).toBe('done')
  expect(joiner.tree()).toEqual(world.at(0).tree())
  expect(eventsOf(joiner, 'problem')).toEqual([])
}

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 200 ? byte ^ 4 : byte))

describe('an audit', () => {
  test('of a relay that holds everything finds nothing', async () => {
    const world = await manyPacks()
    const all = await verify(world, world.at(0))
    expect(all).toMatchObject({ lacking: 0, wrong: 0, hurt: 0, hurtFiles: [], left: [] })
    expect(all.packs).toBe(all.of)
    const some = await verify(world, world.at(1), 0.3)
    expect(some).toMatchObject({ packs: Math.ceil(all.of * 0.3), of: all.of, hurt: 0 })
  })

  test('attack 16: finds packs that were acknowledged and dropped, names their files, and heals them', async () => {
    const world = await manyPacks(18 << 20)
    const a = world.at(0)
    const before = a.tree()
    const gone = world.relayDisk.rot((bytes, at) => (at % 4 === 1 ? undefined : bytes))
    const found = await verify(world, a)
    expect(found).toMatchObject({ lacking: gone, wrong: 0, left: [] })
    expect(found.hurtFiles.length).toBeGreaterThan(0)
    expect(a.tree()).toEqual(before)
    expect(await verify(world, a), 'what was dealt with is not found again').toMatchObject({ hurt: 0 })
    await expectWhole(world)
  })

  test('attack 16: finds packs that are not what was put there', async () => {
    const world = await manyPacks()
    const wrong = world.relayDisk.rot((bytes, at) => (at % 3 === 1 ? flipped(bytes) : bytes))
    const found = await verify(world, world.at(1))
    expect(found).toMatchObject({ lacking: 0, wrong, left: [] })
    await expectWhole(world)
  })

  test('a sample finds what is hurt as often as its share says', async () => {
    const world = await manyPacks()
    world.relayDisk.rot((bytes, at) => (at % 2 === 0 ? undefined : bytes))
    const found = await verify(world, world.at(0), 0.5)
    expect(found.hurt).toBeGreaterThan(0)
    expect(found.hurt).toBeLessThan(found.packs)
  })

  test('names what this device cannot heal, and another one heals it', async () => {
    const world = await manyPacks()
    const [a, b] = [world.at(0), world.at(1)]
    world.relayDisk.rot(() => undefined)
    b.user.write('file 03', 'edited here, and not sent yet')
    const found = await verify(world, b)
    expect(found.left).toEqual(['file 03'])
    expect(found.hurtFiles).toContain('file 03')
    expect(await verify(world, b), 'it stays hurt').toMatchObject({ left: ['file 03'] })
    expect(await verify(world, b, 0.05), 'whatever the sample').toMatchObject({ left: ['file 03'] })
    const again = await verify(world, a)
    expect(again.left).toEqual([])
    await world.syncs(a, b)
    expect(await verify(world, b)).toMatchObject({ hurt: 0, hurtFiles: [], left: [] })
    await expectWhole(world)
  })

  test('takes note that the relay has again what it lacked', async () => {
    const world = await manyPacks()
    const b = world.at(1)
    const hurt = new Set<string>()
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
    world.relayDisk.rot((bytes) => {
      hurt.add(hex(flipped(bytes)))
      return flipped(bytes)
    })
    b.user.write('file 03', 'edited here, and not sent yet')
    expect(await verify(world, b)).toMatchObject({ left: ['file 03'] })
    world.relayDisk.rot((bytes) => (hurt.has(hex(bytes)) ? flipped(bytes) : bytes))
    expect(await verify(world, b)).toMatchObject({ hurt: 0, left: [] })
  })

  test('of who may only read names the files, and sends nothing', async () => {
    const world = await manyPacks()
    world.more(1)
    const reader = world.at(2)
    expect(await world.join(reader, await world.invite(world.at(0), 'reader'))).toBe('done')
    world.relayDisk.rot((bytes, at) => (at === 5 ? undefined : bytes))
    const puts = world.relay.asked.get('put') ?? 0
    const found = await verify(world, reader)
    expect(found.left).toEqual(found.hurtFiles)
    expect(world.relay.asked.get('put') ?? 0).toBe(puts)
  })

  test('is made a little each day by a device that watches, within its budget', async () => {
    const world = await manyPacks()
    const a = world.at(0)
    const day = 24 * 3_600_000
    a.sync(false)
    await world.until(() => eventsOf(a, 'state').some(({ state }) => state === 'synced'), 60_000)
    world.relayDisk.rot(() => undefined)
    const before = world.relay.asked.get('get') ?? 0
    await world.until(() => (world.relay.asked.get('get') ?? 0) > before, 3 * day)
    expect(world.relay.asked.get('get') ?? 0).toBeGreaterThan(before)
    const isHealed = (): boolean => eventsOf(a, 'healed').some(({ packs }) => packs > 0)
    expect(await world.until(isHealed, day)).toBe(true)
    a.stop()
    expect((await world.outcomeOf(a)) as ClientError).toMatchObject({ code: 'interrupted' })
  })
})
