// What a relay acknowledged and dropped, or altered, is found by looking at contents; the files that it concerns are named, and sent anew from a device
// that has them.
import { containerFrontBytes } from '@grenier/crypto'
import { openFolder, type ClientError, type FolderEngine } from '@grenier/client'
import { describe, expect, test } from 'vitest'
import type { Verification } from '../../packages/client/src/engine/mending.ts'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import type { Verified } from '../../packages/client/src/engine/verified-note.ts'
import { within, type Machine } from '../simulation/world.ts'

const dayMs = 24 * 3_600_000

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

  test('tells of lost packs that only older versions need, of which files, and goes on telling', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const a = world.at(0)
    const large = Buffer.from(world.random.bytes(24 << 20))
    for (const version of ['first', 'second', 'third']) {
      a.user.write('notes', `${version}: ${Buffer.from(world.random.bytes(2000)).toString('hex')}`)
      a.user.write('large', Buffer.concat([Buffer.from(world.random.bytes(2 << 20)), large]))
      await world.syncs(a)
    }
    a.user.write('kept', 'once, and for all')
    await world.syncs(a)
    world.relayDisk.rot(() => undefined)
    const found = await verify(world, a)
    expect(found).toMatchObject({ wrong: 0, left: [], morePacks: 0 })
    expect(found.hurtPacks.length, 'all of them, each once').toBe(found.lacking)
    const older = found.hurtPacks.filter(({ lost }) => lost === 'older')
    expect(older.length).toBe(found.lost)
    expect(new Set(older.flatMap(({ paths }) => paths))).toEqual(new Set(['large', 'notes']))
    for (const { code, sequence } of older) {
      expect(code).toBe('pack-unavailable')
      expect(sequence).toBeGreaterThan(0)
    }
    const healed = found.hurtPacks.filter(({ lost }) => lost === 'nothing')
    expect(
      healed.flatMap(({ paths }) => paths),
      'which was sent again',
    ).toContain('kept')
    const again = await verify(world, a)
    expect(again.lost, 'no look makes it good').toBe(found.lost)
    expect(again.hurtPacks.map(({ pack }) => pack).sort()).toEqual(older.map(({ pack }) => pack).sort())
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
    a.sync(false)
    await world.until(() => eventsOf(a, 'state').some(({ state }) => state === 'synced'), 60_000)
    world.relayDisk.rot(() => undefined)
    const before = world.relay.asked.get('get') ?? 0
    await world.until(() => (world.relay.asked.get('get') ?? 0) > before, 3 * dayMs)
    expect(world.relay.asked.get('get') ?? 0).toBeGreaterThan(before)
    const isHealed = (): boolean => eventsOf(a, 'healed').some(({ packs }) => packs > 0)
    expect(await world.until(isHealed, dayMs)).toBe(true)
    a.stop()
    expect((await world.outcomeOf(a)) as ClientError).toMatchObject({ code: 'interrupted' })
  })

  test('of each day asks the relay for no more than its budget, and status has the last one that was made', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const a = world.at(0)
    // Well above what one day looks at, so that the budget is what ends it.
    const budget = 16 << 20
    a.user.write('large', Buffer.from(world.random.bytes(1.5 * budget)))
    await world.syncs(a)
    const asked: { atMs: number; bytes: number }[] = []
    world.relay.onRequest = (message) => {
      // Whole packs are the audit's; the front of a pack and a region of it are read for the prune that goes unasked.
      if (message.type === 'get' && message.offset === 0 && message.length > containerFrontBytes)
        asked.push({ atMs: world.scheduler.nowMs, bytes: message.length })
    }
    const kept = async (): Promise<Verified | undefined> => {
      const engine = await openFolder(a.context(), a.folderPath)
      try {
        return (await engine.status()).verified
      } finally {
        await engine.close()
      }
    }
    expect(await kept(), 'none was made').toBeUndefined()
    const days = 3
    const startMs = world.scheduler.nowMs
    a.sync(false)
    await world.until(() => world.scheduler.nowMs - startMs > (days + 0.5) * dayMs, 2 * days * dayMs)
    const perDay = Array.from({ length: days + 1 }, (_, day) => {
      const own = asked.filter(({ atMs }) => Math.floor((atMs - startMs) / dayMs) === day)
      return own.reduce((sum, { bytes }) => sum + bytes, 0)
    })
    expect(perDay[0], 'the first one comes a day after the device has begun').toBe(0)
    for (const bytes of perDay.slice(1)) {
      expect(bytes).toBeLessThanOrEqual(budget)
      expect(bytes, 'and most of it is used').toBeGreaterThan(budget / 2)
    }
    a.stop()
    await world.outcomeOf(a)
    const last = asked.at(-1)?.atMs ?? 0
    const verified = await kept()
    expect(verified).toMatchObject({ hurt: 0, files: 0, bytes: perDay.at(-1) })
    expect(Math.abs((verified?.atMs ?? 0) - last), 'dated when it was made').toBeLessThan(60_000)
    expect(verified?.packs).toBeLessThan(verified?.of ?? 0)
  })

  test('of a day that breaks off is none: status keeps the one before, and it is tried again within hours', async () => {
    const world = await manyPacks()
    const a = world.at(0)
    await verify(world, a)
    const made = world.scheduler.nowMs
    a.sync(false)
    let breaks = true
    let tries = 0
    world.relay.onRequest = ({ type }) => {
      if (type !== 'get' || !breaks) return
      tries += 1
      world.cut(a)
    }
    await world.until(() => tries > 0, 3 * dayMs)
    expect(tries).toBeGreaterThan(0)
    await world.until(() => world.scheduler.nowMs - made > 1.5 * dayMs, 2 * dayMs)
    const standing = async (): Promise<Verified | undefined> => {
      const said: (Verified | undefined)[] = []
      const what = async (engine: FolderEngine): Promise<unknown> =>
        said.push((await engine.status()).verified)
      await world.settles(
        new Promise((told) => {
          a.ask(what, told)
        }),
      )
      return said[0]
    }
    expect(Math.abs(((await standing())?.atMs ?? 0) - made)).toBeLessThan(60_000)
    expect(tries, 'one try after the other would drain the line').toBeLessThan(100)
    breaks = false
    const isMade = async (): Promise<boolean> => ((await standing())?.atMs ?? 0) > made + dayMs
    for (let hour = 0; hour < 6 && !(await isMade()); hour += 1) {
      const fromMs = world.scheduler.nowMs
      await world.until(() => world.scheduler.nowMs - fromMs > 3_600_000, 2 * 3_600_000)
    }
    expect(await isMade()).toBe(true)
    a.stop()
    await world.outcomeOf(a)
  })
})
