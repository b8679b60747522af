// Two histories of one vault: a person says which device goes on with the relay's. Nothing that either branch has is lost, and who was removed on the
// one that is left is removed on the other, before anything else is written there.
import { adoptFolder, openFolder } from '@grenier/client'
import { currentEpoch, makeCancel, makeRevoke, makeRole, roleOf, type SigningKey } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { goOnAt } from '../../packages/client/src/engine/told-relay.ts'
import { eventsOf, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { RelayDisk } from '../simulation/relay-disk.ts'
import { asked, within, type Machine } from '../simulation/world.ts'

async function adopts(world: HostileWorld, machine: Machine) {
  // The process that halted has ended: what a person starts then is another one.
  machine.start((context) => openFolder(context, machine.folderPath), true)
  await world.outcomeOf(machine)
  return await within(world, adoptFolder(machine.context(), machine.folderPath), 'the adoption')
}

const nothing: (world: HostileWorld) => Promise<void> = () => Promise.resolve()

/** A copy of the relay’s disk, from before a and b went on; c was away. The copy was put back, and c went on from there. */
async function forked(since: (world: HostileWorld) => Promise<void>, before = nothing, devices = 3) {
  const world = await peacefulWorld({ devices })
  const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
  a.user.write('kept', 'as it was')
  a.user.write('goes', 'removed on the branch that is left')
  a.user.write('changes', 'before')
  a.user.makeDirectory('moved')
  a.user.write('moved/deep', 'stays the same')
  await before(world)
  await world.syncs(...world.machines)
  const yesterday = world.relayDisk.copy()
  a.user.write('of a', 'on the branch that is left')
  a.user.write('changes', 'on the branch that is left')
  a.user.remove('goes')
  a.user.rename('moved', 'moved on')
  await world.syncs(a, b)
  b.user.write('of b', 'there too')
  await world.syncs(b, a)
  await since(world)
  world.restoreRelay(yesterday.copy())
  c.user.write('of c', 'on the relay’s branch')
  await world.syncs(c)
  for (const machine of [a, b]) {
    const before = machine.tree()
    expect(await world.sync(machine)).toMatchObject({ code: 'relay-contradicts' })
    expect(machine.tree()).toEqual(before)
  }
  return { world, a, b, c, yesterday }
}

const text = (machine: Machine, path: string): string => Buffer.from(machine.user.read(path)).toString()

/** a revokes c on the branch that will be left. */
async function revokes(world: HostileWorld): Promise<void> {
  const owner = new HostileMember(world, world.at(0))
  await owner.read()
  const devices = [world.at(2).home.device.sign.publicKey]
  await owner.append(makeRevoke({ ...owner.on, devices, identities: [] }).entry.bytes)
  await world.syncs(world.at(0), world.at(1))
}

async function isMember(world: HostileWorld, key: SigningKey): Promise<boolean> {
  return roleOf((await new HostileMember(world, world.at(0)).read()).spine, key) !== undefined
}

describe('adopting the relay’s branch', () => {
  test('brings what either branch has to everybody: edits, moves and removals of both', async () => {
    const { world, a, b, c } = await forked(nothing)
    const before = a.tree()
    const adopted = await adopts(world, a)
    expect(a.tree(), 'nothing here is touched by it').toEqual(before)
    const paper = a.home.evidence.get(String(adopted?.evidence))
    expect(JSON.parse(Buffer.from(paper!).toString())).toMatchObject({ code: 'adopted' })
    await world.syncs(a)
    await adopts(world, b)
    await world.syncs(b, a, c, b)
    expect(b.tree()).toEqual(a.tree())
    expect(c.tree()).toEqual(a.tree())
    for (const name of ['kept', 'of a', 'of b', 'of c', 'moved on/deep'])
      expect(a.user.exists(name), name).toBe(true)
    expect([a.user.exists('goes'), a.user.exists('moved')]).toEqual([false, false])
    expect(text(c, 'changes')).toBe('on the branch that is left')
    expect([a, b, c].flatMap((machine) => eventsOf(machine, 'conflict'))).toEqual([])
  })

  test('keeps both versions of what both branches changed', async () => {
    const { world, a, c } = await forked(nothing)
    c.user.write('changes', 'on the relay’s branch, too')
    await world.syncs(c)
    await adopts(world, a)
    await world.syncs(a, c)
    expect(c.tree()).toEqual(a.tree())
    const versions = [...a.user.tree().keys()]
      .filter((path) => path.startsWith('changes'))
      .map((path) => text(a, path))
    expect(versions.sort()).toEqual(['on the branch that is left', 'on the relay’s branch, too'])
  })

  test('removes anew who was removed, opens keys above both branches, and only then writes', async () => {
    const { world, a, b, c } = await forked(revokes)
    const key = c.home.device.sign.publicKey
    const { epoch } = await epochOf(world, a)
    expect(await isMember(world, key)).toBe(true)
    await adopts(world, a)
    await world.syncs(a)
    expect(await isMember(world, key)).toBe(false)
    expect((await epochOf(world, a)).epoch).toBeGreaterThan(epoch)
    const { kinds } = await epochOf(world, a)
    expect(kinds.slice(kinds.lastIndexOf('member'))).toContain('config')
    c.user.write('of the revoked', 'stays there')
    expect(await world.sync(c)).toMatchObject({ code: 'device-revoked' })
    await adopts(world, b)
    await world.syncs(b, a, b)
    expect(b.tree()).toEqual(a.tree())
    expect(a.user.exists('of the revoked')).toBe(false)
    expect(text(a, 'of c')).toBe('on the relay’s branch')
  })

  test('by one who is no owner waits until an owner has opened new keys, where there were newer ones', async () => {
    const { world, a, b } = await forked(revokes)
    await adopts(world, b)
    b.user.write('of b, later', 'waits')
    const before = b.tree()
    expect(await world.sync(b)).toMatchObject({ code: 'key-withheld' })
    expect(b.tree()).toEqual(before)
    await adopts(world, a)
    await world.syncs(a, b, a)
    expect(b.tree()).toEqual(a.tree())
    expect(text(a, 'of b, later')).toBe('waits')
  })

  test('by a writer who was made a reader on the branch that is left waits for nobody; the owner who goes on says it again', async () => {
    const lowers = async (world: HostileWorld): Promise<void> => {
      const owner = new HostileMember(world, world.at(0))
      await owner.read()
      const member = world.at(1).home.device.sign.publicKey
      await owner.append(makeRole({ ...owner.on, member, role: 'reader' }).entry.bytes)
      await world.syncs(world.at(0), world.at(1))
    }
    const { world, a, b, c } = await forked(lowers)
    const key = b.home.device.sign.publicKey
    const role = async () => roleOf((await new HostileMember(world, c).read()).spine, key)
    await adopts(world, b)
    b.user.write('of b, later', 'a writer’s')
    await world.syncs(b)
    expect(await role()).toBe('writer')
    await adopts(world, a)
    await world.syncs(a)
    expect(await role()).toBe('reader')
    b.user.write('of b, at last', 'a reader’s')
    await world.syncs(b, c, a)
    expect(text(c, 'of b, later')).toBe('a writer’s')
    expect(c.user.exists('of b, at last')).toBe(false)
  })

  test('names an invitation that is open again, and goes on once an owner who knows of no fork has cancelled it', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const [a, b] = [world.at(0), world.at(1)]
    const code = await world.invite(a)
    await world.syncs(a, b)
    const yesterday = world.relayDisk.copy()
    world.more(1)
    expect(await world.join(world.at(2), code)).toBe('done')
    await world.syncs(b)
    world.restoreRelay(yesterday)
    a.user.write('of a', 'on the relay’s branch')
    await world.syncs(a)
    expect(await world.sync(b)).toMatchObject({ code: 'relay-contradicts' })
    await adopts(world, b)
    b.user.write('of b', 'waits')
    const engine = await openFolder(a.context(), a.folderPath)
    const [open] = (await world.settles(engine.members())).invitations
    const owed = { what: 'adopted', keys: 0, members: 0, invitations: open?.id }
    expect(await world.sync(b)).toMatchObject({ code: 'key-withheld', data: owed })
    const cancels = engine.changeMembers({ do: 'cancel', invitation: open!.id })
    await world.settles(cancels.finally(() => engine.close()))
    await world.syncs(b, a)
    expect(text(a, 'of b')).toBe('waits')
  })

  test('brings over what was written at an old relay that had forgotten that the vault left it, once a person says where it is', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const [a, b] = [world.at(0), world.at(1)]
    const elsewhere = 'ws://127.0.0.1:2'
    world.addRelay(elsewhere, new RelayDisk(world.random.bytes(16)))
    await world.syncs(a, b, a)
    const before = world.relayDisk.copy()
    const moves = asked(a, (engine) => engine.move({ relay: elsewhere, removeOld: false }))
    await within(world, moves, 'the move')
    a.user.write('of a', 'at the new relay')
    await world.syncs(a)
    world.restoreRelay(before)
    b.user.write('of b', 'at the old one')
    await world.syncs(b)
    expect(await within(world, goOnAt(b.context(), b.folderPath, elsewhere), 'being told')).toBe(true)
    const tree = b.tree()
    expect(await world.sync(b)).toMatchObject({ code: 'relay-contradicts' })
    expect(b.tree()).toEqual(tree)
    await adopts(world, b)
    await world.syncs(b, a)
    expect([text(a, 'of b'), text(b, 'of a')]).toEqual(['at the old one', 'at the new relay'])
  })

  test('leaves no invitation open that was used or cancelled on the branch that is left', async () => {
    const codes: string[] = []
    const opens = async (world: HostileWorld): Promise<void> => {
      while (codes.length < 3) codes.push(await world.invite(world.at(0)))
    }
    const uses = async (world: HostileWorld): Promise<void> => {
      const [a, owner] = [world.at(0), new HostileMember(world, world.at(0))]
      world.more(1)
      expect(await world.join(world.at(3), codes[0]!)).toBe('done')
      const { spine } = await owner.read()
      const [next] = [...spine.invites.values()].sort((x, y) => x.since - y.since)
      await owner.append(makeCancel({ ...owner.on, invites: [next!.keys.sign] }).entry.bytes)
      await world.syncs(a, world.at(1))
    }
    const { world, a, b, c } = await forked(uses, opens)
    expect((await new HostileMember(world, a).read()).spine.invites.size).toBe(3)
    await adopts(world, b)
    b.user.write('of b, later', 'waits')
    expect(await world.sync(b)).toMatchObject({ code: 'key-withheld' })
    await adopts(world, a)
    await world.syncs(a)
    expect((await new HostileMember(world, a).read()).spine.invites.size, 'the third is open on both').toBe(1)
    const comesWith = async (code: string): Promise<'done' | Error> => {
      world.more(1)
      return await world.join(world.at(world.machines.length - 1), code)
    }
    const [used, cancelled, open] = codes
    expect(await comesWith(used!)).toMatchObject({ code: 'code-wrong' })
    expect(await comesWith(cancelled!)).toMatchObject({ code: 'code-wrong' })
    expect(await comesWith(open!)).toBe('done')
    await world.syncs(b, c, a)
    expect(text(c, 'of b, later')).toBe('waits')
  })

  test('a second time, before the first has said what it had to say, says it of both branches', async () => {
    const { world, a, b, c, yesterday } = await forked(revokes, nothing, 4)
    const [d, key] = [world.at(3), c.home.device.sign.publicKey]
    await adopts(world, b)
    expect(await world.sync(b), 'b has read the second branch').toMatchObject({ code: 'key-withheld' })
    world.restoreRelay(yesterday.copy())
    d.user.write('of d', 'on a third branch')
    await world.syncs(d)
    expect(await world.sync(b)).toMatchObject({ code: 'relay-contradicts' })
    await adopts(world, b)
    b.user.write('of b, later', 'waits')
    expect(await world.sync(b), 'the one left first had newer keys').toMatchObject({ code: 'key-withheld' })
    expect(await isMember(world, key)).toBe(true)
    await adopts(world, a)
    await world.syncs(a)
    expect(await isMember(world, key)).toBe(false)
    await world.syncs(b, d, a)
    expect(text(d, 'of b, later')).toBe('waits')
    expect(b.tree()).toEqual(a.tree())
  })

  test('changes nothing where the relay’s log goes on from what is known', async () => {
    const world = await peacefulWorld()
    await world.syncs(world.at(0))
    expect(
      await within(world, adoptFolder(world.at(0).context(), world.at(0).folderPath), 'the answer'),
    ).toBeUndefined()
    await world.syncs(world.at(0), world.at(1))
  })

  test('is no way around a branch that does not hold', async () => {
    const { world, a } = await forked(nothing)
    world.relay.lieTo(a, {
      log: (log) =>
        log.map((one, at) =>
          at === log.length - 1 && 'entry' in one
            ? { ...one, entry: one.entry.map((byte, i) => (i === one.entry.length - 1 ? byte ^ 1 : byte)) }
            : one,
        ),
    })
    const [before, state] = [a.tree(), [...a.home.evidence.keys()]]
    const tried = adoptFolder(a.context(), a.folderPath)
    await expect(within(world, tried, 'the answer')).rejects.toMatchObject({ code: 'relay-contradicts' })
    expect([a.tree(), state.every((path) => a.home.evidence.has(path))]).toEqual([before, true])
    world.relay.repent(a)
    await adopts(world, a)
    await world.syncs(a)
  })

  test('may lose power at any moment: it is done, or it is as if it had not begun', async () => {
    for (let step = 1; step < 400; step += 37) {
      const { world, a, c } = await forked(nothing)
      a.start((context) => openFolder(context, a.folderPath), true)
      await world.outcomeOf(a)
      const trying = adoptFolder(a.context(), a.folderPath).catch(() => undefined)
      a.dieAfter(step)
      const seen = { over: false }
      void trying.then(() => (seen.over = true))
      await world.until(() => seen.over, 60_000)
      a.forgetSteps()
      const outcome = await world.sync(a)
      if (outcome !== 'done') {
        await adopts(world, a)
        await world.syncs(a)
      }
      await world.syncs(c, a)
      expect(c.tree(), `step ${step}`).toEqual(a.tree())
      expect(a.user.exists('of a') && a.user.exists('of c')).toBe(true)
      if (seen.over && outcome === 'done') return
    }
  })
})

async function epochOf(world: HostileWorld, machine: Machine): Promise<{ epoch: number; kinds: string[] }> {
  const { decodeEntry } = await import('@grenier/crypto')
  const log = await world.relay.log(world.relay.vaultOf(machine))
  const state = await new HostileMember(world, machine).read()
  const kinds = log.map((one) => ('entry' in one ? decodeEntry(one.entry).header.kind : 'retired'))
  return { epoch: currentEpoch(state.spine).number, kinds }
}
