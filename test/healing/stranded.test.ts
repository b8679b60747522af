// A device that is no owner's and alone knows entries whose contents the relay lost: it may not put them back, waits for an owner's that may, and goes
// on by itself where none comes. Time is the simulation's.
import { openFolder } from '@grenier/client'
import { toHex } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { vouchedMs } from '../../packages/relay/src/limits.ts'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import type { Lies, Listed } from '../hostile/lying-relay.ts'
import { asked, type Machine } from '../simulation/world.ts'

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

/** The writer writes something, then the owner, and both know it. */
async function inTurn(
  { world, owner, writer }: Pick<Awaited<ReturnType<typeof withWriter>>, 'world' | 'owner' | 'writer'>,
  text: string,
): Promise<void> {
  writer.user.write('mine', text)
  await world.syncs(writer, owner)
  owner.user.write('of the owner', text)
  await world.syncs(owner, writer)
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

/** What is done at each login of anybody, which are counted: the first is of a run, the second of the attempt to go on. */
function atLogins(world: HostileWorld, then: (nth: number) => void): { readonly count: number } {
  const logins = { count: 0 }
  world.relay.onRequest = ({ type }) => {
    if (type !== 'login') return
    logins.count += 1
    then(logins.count)
  }
  return logins
}

/** It is shown something else while it tries to go on than in its runs. */
function lieToAttempt(world: HostileWorld, machine: Machine, lies: Lies): { readonly count: number } {
  return atLogins(world, (nth) => {
    if (nth === 2) world.relay.lieTo(machine, lies)
    else world.relay.repent(machine)
  })
}

/** A writer whose entry the relay lost with its pack, and which has waited for so long that it goes on now. */
async function withStranded(): Promise<{
  world: HostileWorld
  owner: Machine
  writer: Machine
  whole: Awaited<ReturnType<typeof logOf>>
}> {
  const { world, owner, writer, yesterday } = await withWriter()
  writer.user.write('mine', 'one')
  await world.syncs(writer)
  const whole = await logOf(world)
  world.restoreRelay(yesterday)
  expect(await world.sync(writer)).toMatchObject(refused('waits', 1))
  await passes(world, waitsMs)
  return { world, owner, writer, whole }
}

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

  test('go back as they were where an owner wrote one behind them, however long that owner is away', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    await inTurn({ world, owner, writer }, 'one')
    writer.user.write('mine', 'three')
    await world.syncs(writer)
    const log = await logOf(world)
    world.restoreRelay(yesterday)
    // Behind the owner's there is one, for which no owner has a word.
    expect(await world.sync(writer)).toMatchObject(refused('waits', 1))
    expect(await logOf(world)).toEqual(log.slice(0, -1))
    await passes(world, waitsMs)
    await world.syncs(writer, owner, writer)
    expect((await logOf(world)).slice(0, log.length - 1)).toEqual(log.slice(0, -1))
    expect(textOf(owner, 'mine')).toBe('three')
    expect(owner.tree()).toEqual(writer.tree())
  })

  test('go back on one word where the owner and others wrote in turn', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    for (let turn = 0; turn < 4; turn += 1) {
      await inTurn({ world, owner, writer }, `${turn}`)
    }
    const log = await logOf(world)
    world.restoreRelay(yesterday)
    await world.syncs(writer)
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    expect(world.relay.asked.get('vouch')).toBe(1)
  })

  test('go back where the relay forgot the word meanwhile: it is given again from there', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    for (const words of ['one', 'two', 'three']) {
      writer.user.write('mine', words)
      await world.syncs(writer)
    }
    await world.syncs(owner)
    owner.user.write('of the owner', 'four')
    await world.syncs(owner, writer)
    const log = await logOf(world)
    world.restoreRelay(yesterday)
    let sinceWord = 0
    world.relay.lieTo(writer, {
      holds: ({ type }) => {
        if (world.relay.asked.get('vouch') !== 1 || type !== 'put-back') return undefined
        sinceWord += 1
        return sinceWord === 2
          ? new Promise<void>((resolve) => world.scheduler.after(vouchedMs + 1, resolve))
          : undefined
      },
    })
    await world.syncs(writer)
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    expect(world.relay.asked.get('vouch')).toBe(2)
  })

  test('go back as they were where the device was made an owner’s behind them, by an owner who is out since', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    world.more(1)
    const reader = world.at(2)
    expect(await world.join(reader, await world.invite(owner, 'reader'))).toBe('done')
    writer.user.write('mine', 'one')
    await world.syncs(writer, owner)
    const key = (machine: Machine): string => toHex(machine.home.device.sign.publicKey)
    const change = { do: 'role', member: key(writer), role: 'owner' } as const
    await world.settles(asked(owner, (engine) => engine.changeMembers(change)))
    await world.syncs(writer, reader)
    await world.settles(asked(writer, (engine) => engine.changeMembers({ do: 'revoke', member: key(owner) })))
    writer.user.write('mine', 'two')
    await world.syncs(writer, reader)
    const log = await logOf(world)
    world.restoreRelay(yesterday)
    await world.syncs(writer)
    expect((await logOf(world)).slice(0, log.length)).toEqual(log)
    expect(await world.sync(owner)).toMatchObject({ code: 'device-revoked' })
    world.more(1)
    expect(await world.join(world.at(3), await world.invite(writer, 'reader'))).toBe('done')
    await world.syncs(reader)
    expect([textOf(world.at(3), 'mine'), textOf(reader, 'mine')]).toEqual(['two', 'two'])
  })

  test('are not left where an owner wrote some of them, at a relay that takes no word for it', async () => {
    const { world, owner, writer, yesterday } = await withWriter()
    await inTurn({ world, owner, writer }, 'one')
    world.restoreRelay(yesterday)
    const log = await logOf(world)
    world.relay.lieTo(writer, { forgetsWords: true })
    for (let times = 0; times < 3; times += 1) {
      expect(await world.sync(writer)).toMatchObject(refused('owners', 2))
      await passes(world, 30 * waitsMs)
    }
    expect(eventsOf(writer, 'went-on')).toEqual([])
    expect(await logOf(world)).toEqual(log)
    world.relay.repent(writer)
    await world.syncs(writer, owner, writer)
    expect(owner.tree()).toEqual(writer.tree())
  })

  test('are not left where somebody joined behind them, however long the owner is away', async () => {
    const { world, owner, writer } = await withWriter()
    const code = await world.invite(owner, 'reader')
    await world.syncs(writer)
    const yesterday = world.relayDisk.copy()
    writer.user.write('mine', 'one')
    await world.syncs(writer, owner)
    world.more(1)
    expect(await world.join(world.at(2), code)).toBe('done')
    await world.syncs(writer)
    world.restoreRelay(yesterday)
    const log = await logOf(world)
    for (let times = 0; times < 3; times += 1) {
      expect(await world.sync(writer)).toMatchObject(refused('owners', 2))
      await passes(world, 30 * waitsMs)
    }
    expect(eventsOf(writer, 'went-on')).toEqual([])
    expect(await logOf(world)).toEqual(log)
  })
})

describe('a relay that shows something else to the attempt to go on than to the run', () => {
  test('cannot take back a revocation, or what an owner wrote', async () => {
    const world = await peacefulWorld({ devices: 1 })
    world.more(2)
    const [owner, writer, gone] = [world.at(0), world.at(1), world.at(2)]
    for (const machine of [writer, gone])
      expect(await world.join(machine, await world.invite(owner, 'writer'))).toBe('done')
    await world.syncs(owner, writer)
    const places = [(await logOf(world)).length]
    const engine = await openFolder(owner.context(), owner.folderPath)
    const member = toHex(gone.home.device.sign.publicKey)
    await world.settles(engine.changeMembers({ do: 'revoke', member }).finally(() => engine.close()))
    places.push((await logOf(world)).length)
    owner.user.write('of the owner', 'two')
    await world.syncs(owner, writer)
    const yesterday = world.relayDisk.copy()
    const kept = await logOf(world)
    expect(kept.length).toBeGreaterThan(places[1] ?? Infinity)
    writer.user.write('mine', 'one')
    await world.syncs(writer)
    world.restoreRelay(yesterday)
    for (const length of [...places, 0]) {
      expect(await world.sync(writer)).toMatchObject(refused('waits', 1))
      await passes(world, waitsMs)
      const lies = {
        log: (log: readonly Listed[]) => log.slice(0, length),
        ...(length === 0 ? { head: () => undefined } : {}),
      }
      const logins = lieToAttempt(world, writer, lies)
      // Nothing changed: the run after it says the same as the one before the attempt.
      expect(await world.sync(writer), `shown ${length}`).toMatchObject(refused('waits', 1))
      expect(logins.count).toBeGreaterThan(2)
      expect(eventsOf(writer, 'went-on')).toEqual([])
      world.relay.onRequest = undefined
      world.relay.repent(writer)
    }
    await passes(world, waitsMs)
    await world.syncs(writer, owner)
    expect(eventsOf(writer, 'went-on')).toMatchObject([{ entries: 1 }])
    expect((await logOf(world)).slice(0, kept.length)).toEqual(kept)
    expect(owner.tree()).toEqual(writer.tree())
  })

  test('gets one attempt in ten minutes where it shows that one nothing to be left', async () => {
    const { world, writer, whole } = await withStranded()
    const logins = lieToAttempt(world, writer, { log: () => whole })
    expect(await world.sync(writer)).toMatchObject(refused('waits', 1))
    expect(eventsOf(writer, 'went-on')).toEqual([])
    expect(logins.count).toBeLessThan(10)
    const watched = lieToAttempt(world, writer, { log: () => whole })
    writer.sync(false)
    await passes(world, waitsMs - 2 * minuteMs)
    expect(eventsOf(writer, 'went-on')).toEqual([])
    expect(writer.running).toBe(true)
    expect(watched.count).toBeLessThan(40)
    writer.stop()
    expect(await world.outcomeOf(writer)).toMatchObject({ code: 'interrupted' })
  })
})

describe('the ten minutes', () => {
  test('begin anew when the relay had all of it meanwhile', async () => {
    const { world, writer, whole } = await withStranded()
    world.relay.lieTo(writer, { log: () => whole })
    await world.syncs(writer)
    world.relay.repent(writer)
    expect(await world.sync(writer)).toMatchObject(refused('waits', 1))
    expect(eventsOf(writer, 'went-on')).toEqual([])
  })

  test('are not begun anew by a line that breaks while it goes on, which does not end a watching sync either', async () => {
    const { world, owner, writer } = await withStranded()
    const logins = atLogins(world, (nth) => {
      if (nth === 2) world.cut(writer)
    })
    writer.sync(false)
    const wentOn = (): boolean => eventsOf(writer, 'went-on').length > 0
    expect(await world.until(wentOn, 4 * minuteMs)).toBe(true)
    expect(logins.count).toBeGreaterThan(3)
    expect(writer.running).toBe(true)
    await passes(world, minuteMs)
    writer.stop()
    expect(await world.outcomeOf(writer)).toMatchObject({ code: 'interrupted' })
    await world.syncs(owner)
    expect(owner.tree()).toEqual(writer.tree())
  })
})
