// What happens between two steps of a sync: others commit, keys change, lines break, files are saved again. Nothing may be lost, sent twice, or
// waited for in vain.
import { decodeEntry, makeRekey, toHex, type ChangePayload } from '@grenier/crypto'
import { openFolder } from '@grenier/client'
import type { RelativePath } from '../../packages/client/src/sync/name.ts'
import { describe, expect, test } from 'vitest'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { EntryWriter } from '../../packages/client/src/engine/entry-writer.ts'
import { folderRecord, openVault } from '../../packages/client/src/engine/open-vault.ts'
import { Receiver } from '../../packages/client/src/engine/receiver.ts'
import { deviceLogin, logInAt } from '../../packages/client/src/engine/relay-login.ts'
import { relayUrl, type Machine } from '../simulation/world.ts'

/** Starts a watch that is told of what is done to the folder through `hint`. */
function watches(machine: Machine): (directory: string) => void {
  let told: (directory: RelativePath) => void = () => undefined
  machine.start(async (context) => {
    const platform = {
      ...context.platform,
      watch: (_: string, events: { hint: (directory: RelativePath) => void }) => {
        told = (directory) => events.hint(directory)
        return { ready: Promise.resolve(), close: () => Promise.resolve() }
      },
    }
    return await openFolder({ ...context, platform }, machine.folderPath)
  }, false)
  return (directory) => told(directory as RelativePath)
}

async function quiet(world: HostileWorld, ...machines: readonly Machine[]): Promise<void> {
  await world.until(() => false, 30_000)
  for (const machine of machines) {
    machine.stop()
    await world.outcomeOf(machine)
  }
}

describe('a file that is saved again while it is being sent', () => {
  for (const delayMs of [0, 30, 100]) {
    test(`arrives as it was saved last, though the line broke ${delayMs} ms after its first pack left`, async () => {
      const world = await peacefulWorld()
      const [a, b] = [world.at(0), world.at(1)]
      const hint = watches(a)
      await world.until(() => eventsOf(a, 'state').some(({ state }) => state === 'synced'))
      const first = world.random.bytes(1_200_000)
      const last = world.random.bytes(900_000)
      let packs = 0
      world.relay.onRequest = ({ type }) => {
        if (type !== 'put' || packs++ > 0) return
        world.scheduler.after(delayMs, () => {
          a.user.write('saved twice', last)
          hint('')
          world.cut(a)
        })
      }
      a.user.write('saved twice', first)
      hint('')
      await quiet(world, a)
      await world.syncs(b)
      expect(Buffer.compare(b.user.read('saved twice'), last)).toBe(0)
      expect(b.tree()).toEqual(a.tree())
    })
  }
})

describe('a small edit while bulk is being sent', () => {
  test('goes before it', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const hint = watches(a)
    await world.until(() => eventsOf(a, 'state').some(({ state }) => state === 'synced'))
    world.weather = { latencyMs: 400, stallChance: 0 }
    let puts = 0
    world.relay.onRequest = ({ type }) => {
      if (type !== 'put' || puts++ > 0) return
      a.user.write('small', 'an edit')
      a.user.write('plain.txt', 'another one')
      hint('')
    }
    a.user.write('bulk', world.random.bytes(14_000_000))
    hint('')
    await quiet(world, a)
    const sent = eventsOf(a, 'change').map(({ path }) => path)
    expect(sent.slice(-3)).toEqual(['small', 'plain.txt', 'bulk'])
    expect(eventsOf(a, 'conflict')).toEqual([])
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree())
    expect(world.leaks).toEqual([])
  })

  test('is the last word when it is saved again and again', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const hint = watches(a)
    await world.until(() => eventsOf(a, 'state').some(({ state }) => state === 'synced'))
    world.weather = { latencyMs: 200, stallChance: 0 }
    for (let at = 0; at < 30; at += 1)
      world.scheduler.after(200 + 90 * at, () => {
        a.user.write('notes', `version ${at}`)
        if (at % 7 === 3) a.user.rename('notes', 'renamed')
        hint('')
      })
    a.user.write('bulk', world.random.bytes(14_000_000))
    hint('')
    await quiet(world, a)
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree())
    expect(Buffer.from(b.user.read('notes')).toString()).toBe('version 29')
  })
})

describe('devices that write at the same time', () => {
  test('all get through, and agree', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const all = world.machines
    const hints = all.map((machine) => watches(machine))
    await world.until(() => false, 2_000)
    for (let round = 0; round < 12; round += 1) {
      for (const [at, machine] of all.entries()) {
        machine.user.write(`of ${at}, round ${round}`, `${round} ${'text '.repeat(40)}`)
        hints[at]?.('')
      }
      await world.until(() => false, 5)
    }
    await quiet(world, ...all)
    for (const machine of all) expect(machine.outcome).toMatchObject({ code: 'interrupted' })
    expect(all[1]?.tree()).toEqual(all[0]?.tree())
    expect(all[2]?.tree()).toEqual(all[0]?.tree())
    expect(all[0]?.tree().filter((line) => line.startsWith('of '))).toHaveLength(36)
    expect(all[0]?.tree().filter((line) => line.includes('conflict'))).toEqual([])
  })

  test('a payload that lies in packs of its own is sealed again when others were quicker', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b] = [world.at(0), world.at(1)]
    const other = new HostileMember(world, world.at(2))
    for (let at = 0; at < 700; at += 1) a.user.write(Buffer.from(world.random.bytes(90)).toString('hex'), '')
    let beaten = 0
    const made: Promise<unknown>[] = []
    world.relay.onRequest = (message) => {
      if (message.type !== 'append' || beaten++ > 0) return
      made.push(other.says({ operations: [], index: [] }))
      world.cut(a)
    }
    await world.syncs(a)
    await Promise.all(made)
    expect(beaten).toBeGreaterThan(1)
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree())
  })
})

describe('an entry whose answer is lost', () => {
  /** A device sends what its user did, is cut off from the answer, and stops; then the user goes on, and it syncs again. */
  async function unanswered(
    edits: { readonly before: (a: Machine) => void; readonly after: (a: Machine) => void },
    kill = false,
  ): Promise<[Machine, Machine]> {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    a.user.write('kept', 'what both know')
    a.user.write('edited', 'first')
    a.user.write('.grenierignore', 'ignored/\n')
    a.user.makeDirectory('ignored')
    await world.syncs(a)
    await world.syncs(b)
    const { head } = world
    edits.before(a)
    a.sync(true)
    await world.until(() => world.head > head)
    world.cut(a)
    if (kill) a.kill()
    else {
      a.stop()
      await world.outcomeOf(a)
    }
    edits.after(a)
    await world.syncs(a)
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree().filter((line) => !line.startsWith('ignored ')))
    return [a, b]
  }

  for (const kill of [false, true]) {
    const how = kill ? 'after a loss of power' : 'after a stop'
    test(`takes nothing away that is there again, ${how}`, async () => {
      const [, b] = await unanswered(
        {
          before: (a) => a.user.rename('kept', 'ignored/kept'),
          after: (a) => a.user.rename('ignored/kept', 'kept'),
        },
        kill,
      )
      expect(Buffer.from(b.user.read('kept')).toString()).toBe('what both know')
    })

    test(`is in no conflict with what its own user writes next, ${how}`, async () => {
      const [a, b] = await unanswered(
        {
          before: (a) => a.user.write('edited', 'second'),
          after: (a) => a.user.write('edited', 'third'),
        },
        kill,
      )
      expect(Buffer.from(b.user.read('edited')).toString()).toBe('third')
      expect(eventsOf(a, 'conflict')).toEqual([])
    })
  }
})

describe('a new epoch', () => {
  for (const after of [1, 2]) {
    test(`while packs are under way: what was sealed before is sealed again, at put ${after}`, async () => {
      const world = await peacefulWorld()
      const [a, b] = [world.at(0), world.at(1)]
      await world.syncs(a)
      const owner = new HostileMember(world, a)
      let puts = 0
      const opened: Promise<unknown>[] = []
      world.relay.onRequest = ({ type }) => {
        if (type === 'put' && ++puts === after)
          opened.push(owner.read().then(() => owner.append(makeRekey(owner.on).entry.bytes)))
      }
      b.user.write('large', world.random.bytes(6_000_000))
      b.user.write('small', 'small')
      await world.syncs(b)
      world.relay.onRequest = undefined
      expect(opened).toHaveLength(1)
      await Promise.all(opened)
      await world.syncs(a)
      expect(a.tree()).toEqual(b.tree())
      // Of each chunk one copy is claimed: what was sealed twice is the same pack to the log.
      const packs = (await world.relay.log(owner.vault)).flatMap((given) =>
        'entry' in given ? decodeEntry(given.entry).header.added.map(({ id }) => toHex(id)) : [],
      )
      expect(new Set(packs).size).toBe(packs.length)
    })
  }
})

describe('what no device would take', () => {
  test('is told, and not sent', async () => {
    const world = await peacefulWorld()
    const a = world.at(0)
    const context = a.context()
    const open = await openVault(context, folderRecord(context, a.folderPath))
    const { vault } = open
    const receiver = new Receiver({ vault, adopt: () => Promise.resolve() })
    const entries = new EntryWriter(vault, receiver)
    const session = await world.settles(logInAt(context.platform, relayUrl, deviceLogin(context.home)))
    await world.settles(receiver.receive(session))
    const name = { bytes: new TextEncoder().encode('new') }
    const put = { op: 'put', parent: 'root', name, node: { kind: 'directory', mode: 0o755 } } as const
    const lost = { op: 'remove', node: { sequence: 4711, index: 0 } } as const
    const before = await world.relay.log(vault.log.vault)
    const said = async (operations: ChangePayload['operations']): Promise<unknown> => {
      const change = { packs: [], payload: { operations, index: [] }, commits: [] }
      return await world.settles(entries.change(session, change, () => Promise.resolve()))
    }
    expect(await said([put, lost])).toEqual({ void: 'node-missing', operation: 1 })
    expect(await said([{ ...put, name: { bytes: new TextEncoder().encode('..') } }])).toMatchObject({
      void: 'malformed',
    })
    const target = new Uint8Array(4096).fill(0x61)
    const link = { kind: 'link', mtimeNs: 0n, target } as const
    const many = Array.from({ length: 9000 }, (_, at) => ({
      ...put,
      name: { bytes: new TextEncoder().encode(`link ${at}`) },
      node: link,
    }))
    expect(await said(many)).toBe('too-large')
    expect(await world.relay.log(vault.log.vault)).toEqual(before)
    expect(await said([put])).toBe('appended')
    await session.close()
    await open.close()
  })
})
