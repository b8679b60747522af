// A relay whose data was restored from an older copy, or lost: the devices give back what they know, nothing is lost, and nothing is deleted.
// Time is the simulation's.
import { openFolder } from '@grenier/client'
import { makeRevoke, roleOf, toHex } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { RelayDisk } from '../simulation/relay-disk.ts'
import { asked, type Machine } from '../simulation/world.ts'

const longMs = 600_000

/** The folders of these are the same, and have these files. */
async function untilAllHave(
  world: HostileWorld,
  machines: readonly Machine[],
  names: readonly string[],
): Promise<void> {
  const same = (): boolean =>
    machines.every((machine) => names.every((name) => machine.user.exists(name))) &&
    new Set(machines.map((machine) => machine.tree().join())).size === 1
  expect(await world.until(same, longMs), `all have ${names.join()}`).toBe(true)
}

/** A user saves something, and the watcher says so. */
function save(machine: Machine, name: string, text: string): void {
  machine.user.write(name, text)
  machine.touched('')
}

/** Devices that watch, a copy of the relay's disk as it was before, and edits since that all have. */
async function watching(devices: number) {
  const world = await peacefulWorld({ devices })
  await world.syncs(...world.machines)
  const yesterday = world.relayDisk.copy()
  const before = (await world.relay.log(world.relay.vaultOf(world.at(0)))).length
  for (const machine of world.machines) machine.sync(false)
  await goOn(world)
  return { world, yesterday, before }
}

/** Each device saves something of its own; the first one also changes what there was. */
async function goOn(world: HostileWorld): Promise<void> {
  const names = world.machines.map(({ name }) => `today of ${name}`)
  for (const [at, machine] of world.machines.entries())
    save(machine, names[at]!, `${at} `.repeat(30_000 * at))
  save(world.at(0), 'plain.txt', 'edited today')
  await untilAllHave(world, world.machines, names)
}

const logOf = async (world: HostileWorld) => await world.relay.log(world.relay.vaultOf(world.at(0)))

async function untilHealed(world: HostileWorld, what: 'entries' | 'packs'): Promise<void> {
  const isHealed = (): boolean =>
    world.machines.some((machine) => eventsOf(machine, 'healed').some((event) => event[what] > 0))
  expect(await world.until(isHealed, longMs), `${what} are given back`).toBe(true)
}

async function allStop(world: HostileWorld): Promise<void> {
  for (const machine of world.machines) {
    if (!machine.running) continue
    machine.stop()
    expect(await world.outcomeOf(machine), machine.name).toMatchObject({ code: 'interrupted' })
  }
}

/** One more device joins and gets everything: what the relay has is whole. */
async function expectWhole(world: HostileWorld): Promise<void> {
  const owner = world.at(0)
  await world.syncs(owner)
  world.more(1)
  const joiner = world.at(world.machines.length - 1)
  expect(await world.join(joiner, await world.invite(owner))).toBe('done')
  expect(joiner.tree()).toEqual(owner.tree())
  expect(eventsOf(joiner, 'problem')).toEqual([])
}

describe('a relay with yesterday’s copy of its data', () => {
  test('gets the contents of a file that moves at any moment of it', async () => {
    for (let step = 1, isOver = false; !isOver; step += 9) {
      const world = await peacefulWorld({ devices: 2 })
      const a = world.at(0)
      await world.syncs(...world.machines)
      const yesterday = world.relayDisk.copy()
      a.user.makeDirectory('from')
      a.user.write('from/today', 'of today '.repeat(9000))
      await world.syncs(a)
      world.restoreRelay(yesterday)
      a.start((context) => openFolder(context, a.folderPath), true)
      isOver = true
      a.atStep(step, () => {
        isOver = false
        a.user.rename('from', 'to')
      })
      expect(await world.outcomeOf(a)).toBe('done')
      a.forgetSteps()
      await world.syncs(a, a)
      await expectWhole(world)
    }
  })

  test('gets back the very same entries, and the contents that it lost, while three devices go on working', async () => {
    const { world, yesterday, before } = await watching(3)
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    const log = await logOf(world)
    expect(log.length).toBeGreaterThan(before)
    world.restoreRelay(yesterday)
    save(a, 'while it was away', 'of a')
    b.user.remove(`today of ${a.name}`)
    b.touched('')
    await untilAllHave(world, [a, b, c], ['while it was away'])
    expect(a.user.exists(`today of ${a.name}`)).toBe(false)
    await untilHealed(world, 'packs')
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    await goOn(world)
    await allStop(world)
    expect([a, b, c].flatMap((machine) => eventsOf(machine, 'conflict'))).toEqual([])
    await expectWhole(world)
  })

  test('is healed by one run that is to end, and says so', async () => {
    const { world, yesterday } = await watching(2)
    const [a, b] = [world.at(0), world.at(1)]
    await allStop(world)
    const log = await logOf(world)
    const before = a.tree()
    world.restoreRelay(yesterday)
    a.events.splice(0)
    await world.syncs(a)
    expect(eventsOf(a, 'healed')).toMatchObject([
      { entries: expect.any(Number) as number, packs: 0 },
      { entries: 0, packs: expect.any(Number) as number },
    ])
    expect(eventsOf(a, 'change')).toEqual([])
    expect(a.tree()).toEqual(before)
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    await world.syncs(b, a)
    expect(b.tree()).toEqual(before)
    await expectWhole(world)
  })

  test('is healed although the power went at any moment of it', async () => {
    const { world, yesterday } = await watching(2)
    const a = world.at(0)
    await allStop(world)
    const [log, before] = [await logOf(world), a.tree()]
    for (let step = 3; ; step += 23) {
      world.restoreRelay(yesterday.copy())
      a.dieAfter(step)
      a.sync(true)
      await world.until(() => !a.running, longMs)
      a.forgetSteps()
      const died = a.outcome === undefined
      await world.syncs(a)
      expect((await logOf(world)).slice(0, log.length), `step ${step}`).toEqual(log)
      expect(a.tree(), `step ${step}`).toEqual(before)
      if (!died) break
    }
    await world.syncs(world.at(1))
    await expectWhole(world)
  })

  test('is given a second time what it lost a second time', async () => {
    const { world, yesterday } = await watching(2)
    await allStop(world)
    for (let times = 0; times < 3; times += 1) {
      world.restoreRelay(yesterday.copy())
      await world.syncs(world.at(0), world.at(1))
    }
    await expectWhole(world)
  })

  test('knows nothing of who joined since: they wait until the others have put it back', async () => {
    const { world, yesterday } = await watching(2)
    await allStop(world)
    world.more(1)
    const late = world.at(2)
    await world.syncs(world.at(0))
    const code = await world.invite(world.at(0))
    expect(await world.join(late, code)).toBe('done')
    await world.syncs(world.at(0))
    late.sync(false)
    world.restoreRelay(yesterday)
    await world.until(() => eventsOf(late, 'state').some(({ state }) => state === 'offline'), longMs)
    world.at(0).sync(false)
    await untilHealed(world, 'entries')
    save(late, 'of the late one', 'is not lost')
    await untilAllHave(world, [world.at(0), late], ['of the late one'])
    await allStop(world)
  })

  test('knows nothing of a revocation: the revoked device stays out', async () => {
    const { world, yesterday } = await watching(3)
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    await allStop(world)
    const owner = new HostileMember(world, a)
    await owner.read()
    const key = c.home.device.sign.publicKey
    await owner.append(makeRevoke({ ...owner.on, devices: [key], identities: [] }).entry.bytes)
    await world.syncs(a, b)
    const log = await logOf(world)
    world.restoreRelay(yesterday)
    a.sync(false)
    await untilHealed(world, 'entries')
    c.user.write('of the revoked', 'never arrives')
    expect(await world.sync(c)).toMatchObject({ code: 'device-revoked' })
    await allStop(world)
    await world.syncs(a, b)
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    expect(roleOf((await owner.read()).spine, key)).toBeUndefined()
    expect([a.user.exists('of the revoked'), b.user.exists('of the revoked')]).toEqual([false, false])
  })

  test('where the revoked device was quicker, those who know better halt, and touch nothing', async () => {
    const { world, yesterday } = await watching(3)
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    await allStop(world)
    const owner = new HostileMember(world, a)
    await owner.read()
    const key = c.home.device.sign.publicKey
    await owner.append(makeRevoke({ ...owner.on, devices: [key], identities: [] }).entry.bytes)
    await world.syncs(a, b)
    world.restoreRelay(yesterday)
    const traitor = new HostileMember(world, c)
    await traitor.read()
    await traitor.append(traitor.forged(c.home.device))
    for (const machine of [a, b]) {
      const before = machine.tree()
      expect(await world.sync(machine)).toMatchObject({ code: 'relay-contradicts' })
      expect(machine.tree()).toEqual(before)
    }
  })
})

describe('a relay that lost everything', () => {
  test('gets back accounts, logs and contents, from the devices that are there', async () => {
    const { world } = await watching(3)
    const log = await logOf(world)
    world.restoreRelay(new RelayDisk(world.random.bytes(16)))
    save(world.at(1), 'while it was away', 'of b')
    await untilAllHave(world, world.machines, ['while it was away'])
    await untilHealed(world, 'packs')
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    await allStop(world)
    await expectWhole(world)
  })

  test('is given it all again when a copy of it as it was then, empty, is put back', async () => {
    const { world } = await watching(2)
    const log = await logOf(world)
    const empty = new RelayDisk(world.random.bytes(16))
    for (const time of ['first', 'second']) {
      world.restoreRelay(empty.copy())
      save(world.at(1), `the ${time} time`, 'of b')
      await untilAllHave(world, world.machines, [`the ${time} time`])
    }
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    await allStop(world)
    await expectWhole(world)
  })

  test('is healed by a run that is to end, contents that are cut into lists included', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const [a, b] = [world.at(0), world.at(1)]
    const large = Buffer.from(world.random.bytes(20 << 20))
    a.user.write('large', large)
    for (let at = 0; at < 700; at += 1) a.user.write(Buffer.from(world.random.bytes(90)).toString('hex'), '')
    await world.syncs(a)
    world.restoreRelay(new RelayDisk(world.random.bytes(16)))
    await world.syncs(a)
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree())
    await expectWhole(world)
  })
})

/** A relay with the entries, and without the contents of a file that only a device has which is a reader's since. */
async function heldByReader() {
  const world = await peacefulWorld({ devices: 1 })
  world.more(1)
  const [owner, holder] = [world.at(0), world.at(1)]
  expect(await world.join(holder, await world.invite(owner))).toBe('done')
  await world.syncs(owner)
  const yesterday = world.relayDisk.copy()
  holder.user.write('mine', 'of one who may write no more')
  await world.syncs(holder)
  world.relay.lieTo(owner, { lacks: () => true })
  await world.sync(owner)
  world.relay.repent(owner)
  expect(owner.user.exists('mine')).toBe(false)
  const member = toHex(holder.home.device.sign.publicKey)
  const makes = async (role: 'reader' | 'writer') => {
    // A relay to which something was put back takes nothing of the kind for a while.
    if (role === 'writer') await world.until(() => false, longMs + 60_000)
    await world.settles(asked(owner, (engine) => engine.changeMembers({ do: 'role', member, role })))
  }
  await makes('reader')
  world.restoreRelay(yesterday)
  await world.sync(owner)
  return { world, owner, holder, makes }
}

describe('contents that a relay lost and only a reader has', () => {
  test('are sent once that device may write, also by a later run, and not before', async () => {
    const { world, owner, holder, makes } = await heldByReader()
    await world.syncs(holder, holder)
    await world.sync(owner)
    expect(owner.user.exists('mine')).toBe(false)
    const puts = world.relay.putsOf(holder)
    await makes('writer')
    await world.syncs(holder, owner)
    expect(owner.tree()).toEqual(holder.tree())
    expect(owner.user.exists('mine')).toBe(true)
    expect(eventsOf(holder, 'healed')).toMatchObject([{ packs: 1 }])
    expect(world.relay.putsOf(holder)).toBe(puts + 1)
    await world.syncs(holder)
    expect(world.relay.putsOf(holder), 'once').toBe(puts + 1)
    await expectWhole(world)
  })

  test('are sent by a device that watches, in the session in which it may write again', async () => {
    const { world, owner, holder, makes } = await heldByReader()
    holder.sync(false)
    expect(
      await world.until(() => eventsOf(holder, 'state').some(({ state }) => state === 'synced'), longMs),
    ).toBe(true)
    const isLooked = (): boolean => holder.disk.keysBetween('x!lost!', 'x!lost"').length > 0
    expect(await world.until(isLooked, longMs)).toBe(true)
    const logins = world.relay.asked.get('login') ?? 0
    await makes('writer')
    await untilHealed(world, 'packs')
    // Of the owner, who said so, alone.
    expect((world.relay.asked.get('login') ?? 0) - logins).toBe(1)
    await world.syncs(owner)
    expect(owner.tree()).toEqual(holder.tree())
    expect(owner.user.exists('mine')).toBe(true)
    await allStop(world)
  })
})
