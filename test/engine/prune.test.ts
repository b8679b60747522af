// Pruning: what goes and what stays, on a real relay whose clock is moved; what others do meanwhile; and bringing back what was dropped.
import { decodeEntry, makeDrop, packId, type ChunkId, type PackId } from '@grenier/crypto'
import { openFolder, type FolderEngine } from '@grenier/client'
import { describe, expect, test } from 'vitest'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { change, file, idOf, listOf } from '../hostile/traitor.ts'
import type { Pruned } from '../../packages/client/src/engine/pruning.ts'
import type { Machine } from '../simulation/world.ts'

const day = 86_400_000

/** Time passes, and nothing else happens. */
async function passes(world: HostileWorld, days: number): Promise<void> {
  await world.until(() => false, days * day)
}

/** A machine watches for some hours, after so many days in which it did not. */
async function watchesAfter(world: HostileWorld, machine: Machine, days: number): Promise<void> {
  await passes(world, days)
  machine.sync(false)
  await passes(world, 1 / 8)
  machine.stop()
  await world.outcomeOf(machine)
}

/** Asks a machine's engine, as a command would. */
async function asks<T>(
  world: HostileWorld,
  machine: Machine,
  what: (engine: FolderEngine) => Promise<T>,
): Promise<T> {
  const asked = (async () => {
    const engine = await openFolder(machine.context(), machine.folderPath)
    try {
      return await what(engine)
    } finally {
      await engine.close()
    }
  })()
  return await world.settles(asked)
}

/** What the relay holds of the vault, by state of packs, in bytes and in count. */
async function held(world: HostileWorld): Promise<Record<string, { count: number; bytes: number }>> {
  const sums: Record<string, { count: number; bytes: number }> = {}
  for await (const { row } of world.stores.ledger.list(world.relay.vaultOf(world.at(0)))) {
    const sum = (sums[row.state] ??= { count: 0, bytes: 0 })
    sum.count += 1
    sum.bytes += row.sizeBytes
  }
  return sums
}

async function usedBytes(world: HostileWorld): Promise<number> {
  const record = await world.stores.logs.vault(world.relay.vaultOf(world.at(0)))
  if (record === undefined) throw new Error('no vault')
  const usage = await world.stores.ledger.usage(record.chargedTo)
  return usage.liveBytes + usage.keptBytes + usage.pendingBytes + usage.entryBytes
}

/** Bytes that no compression makes smaller. */
function noise(world: HostileWorld, length: number): string {
  return Buffer.from(world.random.bytes(length)).toString('base64').slice(0, length)
}

/** A history: files that are written, written again, and removed, over some days. */
async function history(world: HostileWorld, rounds = 4): Promise<void> {
  const [a, b] = [world.at(0), world.at(1)]
  for (let round = 0; round < rounds; round += 1) {
    for (let at = 0; at < 12; at += 1) a.user.write(`file ${at}`, noise(world, 60_000))
    await world.syncs(a, b)
    b.user.write('of b', noise(world, 30_000))
    await world.syncs(b, a)
    await passes(world, 2)
  }
  for (let at = 6; at < 12; at += 1) a.user.remove(`file ${at}`)
  await world.syncs(a, b)
}

async function liveBytes(machine: Machine): Promise<number> {
  return await Promise.resolve([...machine.user.tree()].reduce((sum, [, { bytes }]) => sum + bytes.length, 0))
}

describe('prune', () => {
  test('lets go of what is older than what is kept, says before what that comes to, and the quota falls by it', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await history(world)
    await passes(world, 20)
    const before = await held(world)
    const foreseen = await asks(world, a, (engine) => engine.prune({ keepMs: day, dryRun: true }))
    expect(await held(world)).toEqual(before)
    expect(foreseen.packs).toBeGreaterThan(3)
    const pruned = await asks(world, a, (engine) => engine.prune({ keepMs: day, dryRun: false }))
    expect(pruned).toMatchObject({ packs: foreseen.packs, packBytes: foreseen.packBytes })
    const usedThen = await usedBytes(world)
    await world.syncs(a, b)
    // Until the floor has passed, everything is there.
    await passes(world, 29)
    await world.sweepRelay()
    expect((await held(world))['dropped']?.bytes).toBe(pruned.packBytes)
    await passes(world, 2)
    await world.sweepRelay()
    const after = await held(world)
    expect(after['dropped']).toBeUndefined()
    expect(usedThen - (await usedBytes(world))).toBe(pruned.packBytes + pruned.entryBytes)
    await world.syncs(a, b)
    expect(b.tree()).toEqual(a.tree())
    // All of it is there for who has nothing.
    world.more(1)
    const c = world.at(2)
    expect(await world.join(c, await world.invite(a))).toBe('done')
    expect(c.tree()).toEqual(a.tree())
    for (const machine of world.machines) expect(eventsOf(machine, 'void')).toEqual([])
    // Once more, when the new packs are old enough: what was left of small ones is merged or gone.
    await passes(world, 20)
    await asks(world, a, (engine) => engine.prune({ keepMs: day, dryRun: false }))
    await passes(world, 31)
    await world.sweepRelay()
    const { claimed } = await held(world)
    expect(claimed?.bytes).toBeLessThan(1.15 * (await liveBytes(a)) + 64 * 1024)
  })

  test('spares versions that are to be kept, and packs of the last two weeks', async () => {
    const world = await peacefulWorld()
    const [a] = [world.at(0)]
    await history(world)
    const young = await asks(world, a, (engine) => engine.prune({ keepMs: 1, dryRun: true }))
    expect(young.packs).toBe(0)
    // That is told: they go once they are older.
    expect(young.youngBytes).toBeGreaterThan(4 * 60_000)
    await passes(world, 20)
    const older = await asks(world, a, (engine) => engine.prune({ keepMs: 1, dryRun: true }))
    expect(older.youngBytes).toBe(0)
    expect(older.packBytes).toBeGreaterThanOrEqual(young.youngBytes)
    const kept = await asks(world, a, (engine) => engine.prune({ keepMs: 60 * day, dryRun: false }))
    expect(kept).toMatchObject({ through: undefined, packs: 0, entries: 0 })
  })

  test('goes by the time of the vault where none is said', async () => {
    const world = await peacefulWorld()
    const [a] = [world.at(0)]
    await history(world)
    await asks(world, a, (engine) => engine.retention(90 * day))
    await passes(world, 40)
    const asked = (keepMs?: number): Promise<Pruned> =>
      asks(world, a, (engine) => engine.prune({ keepMs, dryRun: true }))
    expect((await asked(30 * day)).packs).toBeGreaterThan(3)
    expect((await asked()).packs).toBe(0)
  })

  test('passes over a list that is none at once, and over one that is nowhere once the floor has passed', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    // The longer of the last two counts.
    for (const days of [3, 2]) await asks(world, a, (engine) => engine.retention(days * day))
    const thief = new HostileMember(world, b)
    await thief.read()
    const makes = async (name: string, plain: Uint8Array, id: ChunkId): Promise<void> => {
      await thief.read()
      const chunk = { id, plain: plain.length, stored: plain.length }
      const { body = {} } = change(
        [file(name, { size: 9, depth: 1, chunks: [[0, 0]] })],
        [listOf(0, [chunk])],
      )
      await thief.says(body, [thief.pack(plain)])
    }
    const none = new TextEncoder().encode('no list of ids')
    await makes('no list', none, idOf(thief, none))
    await world.syncs(a)
    const prune = (dryRun: boolean): Promise<Pruned> =>
      asks(world, a, (engine) => engine.prune({ keepMs: day, dryRun }))
    expect((await prune(false)).unreadable).toEqual(['no list'])
    await makes('lost', none, idOf(thief, new TextEncoder().encode('other bytes')))
    await world.syncs(a)
    const blocked = { code: 'pack-unavailable', data: { list: 'lost' } }
    await expect(prune(true)).rejects.toMatchObject(blocked)
    await passes(world, 2.5)
    await expect(prune(false)).rejects.toMatchObject(blocked)
    await passes(world, 1)
    expect((await prune(false)).unreadable).toEqual(['lost', 'no list'])
  })

  test('is refused to who is no owner', async () => {
    const world = await peacefulWorld()
    const asked = asks(world, world.at(1), (engine) => engine.prune({ keepMs: day, dryRun: true }))
    await expect(asked).rejects.toMatchObject({ code: 'relay-refused', data: { reason: 'no-right' } })
  })

  test('cut off anywhere loses nothing, and goes on', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await history(world)
    await passes(world, 20)
    const tree = a.tree()
    let cuts = 0
    for (let steps = 4; ; steps += 7) {
      const ended: { yes: boolean } = { yes: false }
      const engine = openFolder(a.context(), a.folderPath)
      const pruning = engine
        .then(async (open) => {
          await open.prune({ keepMs: day, dryRun: false })
          await open.close()
        })
        .then(
          () => (ended.yes = true),
          () => undefined,
        )
      let died = false
      a.atStep(steps, () => {
        died = true
        a.kill()
      })
      await world.until(() => died || ended.yes)
      void pruning
      a.forgetSteps()
      if (ended.yes) break
      cuts += 1
      if (steps > 4000) throw new Error('it never ended')
    }
    expect(cuts).toBeGreaterThan(3)
    await world.syncs(a, b)
    await passes(world, 31)
    await world.sweepRelay()
    expect(a.tree()).toEqual(tree)
    world.more(1)
    const c = world.at(2)
    expect(await world.join(c, await world.invite(a))).toBe('done')
    expect(c.tree()).toEqual(tree)
  })

  test('what a stolen owner device dropped comes back, whole, within the floor', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await history(world, 1)
    const thief = new HostileMember(world, a)
    await thief.read()
    const packs: PackId[] = []
    for (const given of await world.relay.log(world.relay.vaultOf(a)))
      if ('entry' in given) packs.push(...decodeEntry(given.entry).header.added.map(({ id }) => packId(id)))
    const { entry } = makeDrop({ ...thief.on, packs })
    await thief.append(entry.bytes)
    await thief.leave()
    await passes(world, 10)
    expect((await held(world))['claimed']).toBeUndefined()
    const back = await asks(world, a, (engine) => engine.bringBack())
    expect(back).toMatchObject({ packs: packs.length, gone: 0 })
    await passes(world, 40)
    await world.sweepRelay()
    await world.syncs(a, b)
    world.more(1)
    const c = world.at(2)
    expect(await world.join(c, await world.invite(a))).toBe('done')
    expect(c.tree()).toEqual(a.tree())
  })

  test('goes on by itself where an owner watches: once enough has died, and not before', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    await history(world)
    const watches = async (days: number): Promise<void> => {
      a.sync(false)
      await passes(world, days)
      a.stop()
      await world.outcomeOf(a)
    }
    await passes(world, 20)
    await watches(2)
    // All of it is younger than what is kept.
    expect((await held(world))['dropped']).toBeUndefined()
    await passes(world, 10)
    await watches(2)
    const dropped = (await held(world))['dropped']
    expect(dropped?.bytes).toBeGreaterThan(500_000)
    // What is left is not worth another one.
    await watches(3)
    expect((await held(world))['dropped']).toEqual(dropped)
    await passes(world, 31)
    await world.sweepRelay()
    await world.syncs(a, b)
    world.more(1)
    const c = world.at(2)
    expect(await world.join(c, await world.invite(a))).toBe('done')
    expect(c.tree()).toEqual(a.tree())
    expect((await held(world))['claimed']?.bytes).toBeLessThan(1.15 * (await liveBytes(a)) + 64 * 1024)
  })

  test('does not go on by itself where an owner joined, before that owner says how long versions stay', async () => {
    const world = await peacefulWorld()
    const a = world.at(0)
    await history(world)
    world.more(1)
    const c = world.at(2)
    expect(await world.join(c, await world.invite(a, 'owner'))).toBe('done')
    await watchesAfter(world, c, 0)
    await world.syncs(c)
    await asks(world, c, (engine) => engine.retention())
    await watchesAfter(world, c, 40)
    expect((await held(world))['dropped']).toBeUndefined()
    await world.syncs(c)
    await asks(world, c, (engine) => engine.retention(30 * day))
    await watchesAfter(world, c, 0)
    await watchesAfter(world, c, 2)
    expect((await held(world))['dropped']?.bytes).toBeGreaterThan(500_000)
  })

  test('the floor is what an owner says; a lower one holds once the old one has passed', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const month = { floorMs: 30 * day, holdsMs: 30 * day }
    expect(await asks(world, b, (engine) => engine.retention())).toEqual(month)
    const refused = asks(world, b, (engine) => engine.retention(day))
    await expect(refused).rejects.toMatchObject({ code: 'relay-refused', data: { reason: 'no-right' } })
    const lowered = await asks(world, a, (engine) => engine.retention(5 * day))
    expect(lowered).toEqual({ floorMs: 5 * day, holdsMs: 30 * day })
    await history(world, 2)
    await passes(world, 20)
    const pruned = await asks(world, a, (engine) => engine.prune({ keepMs: day, dryRun: false }))
    // No longer than the old one holds.
    expect(pruned.floorMs).toBeGreaterThan(5.5 * day)
    expect(pruned.floorMs).toBeLessThanOrEqual(10 * day)
    // The new one has passed, the old one has not.
    await passes(world, 5.5)
    await world.sweepRelay()
    expect((await held(world))['dropped']?.count).toBeGreaterThan(0)
    await passes(world, 10)
    await world.sweepRelay()
    expect((await held(world))['dropped']).toBeUndefined()
    expect(await asks(world, b, (engine) => engine.retention())).toEqual({
      floorMs: 5 * day,
      holdsMs: 5 * day,
    })
    const later = await asks(world, a, (engine) => engine.prune({ keepMs: day, dryRun: true }))
    expect(later.floorMs).toBe(5 * day)
  })

  test('a long file that is sent again while what it counts on is dropped is whole all the same', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    // More than 64 chunks: the entry names a list alone.
    const old = Buffer.from(world.random.bytes(20 << 20))
    b.user.write('long', old)
    await world.syncs(b)
    const log = await world.relay.log(world.relay.vaultOf(a))
    b.user.remove('long')
    await world.syncs(b, a)
    const packs = log
      .flatMap((given) => ('entry' in given ? [decodeEntry(given.entry).header] : []))
      .filter(({ device }) => Buffer.compare(device, b.home.device.sign.publicKey) === 0)
      .flatMap(({ added }) => added.map(({ id }) => packId(id)))
    expect(packs.length).toBeGreaterThan(4)
    const thief = new HostileMember(world, a)
    await thief.read()
    const { entry } = makeDrop({ ...thief.on, packs })
    b.user.write('long', Buffer.concat([old, world.random.bytes(1 << 20)]))
    const dropped: { promise?: Promise<unknown> } = {}
    b.atCall('read', 2, () => {
      dropped.promise = thief.append(entry.bytes)
    })
    await world.syncs(b)
    await dropped.promise
    const after = await world.relay.log(world.relay.vaultOf(a))
    const kinds = after.map((given) => ('entry' in given ? decodeEntry(given.entry).header.kind : ''))
    expect(kinds.indexOf('drop')).toBeLessThan(kinds.lastIndexOf('change'))
    await world.syncs(a)
    expect(a.tree()).toEqual(b.tree())
  })
})
