// A relay that lies about where the log ends: to a device that knows better, to two of them, and to who has just joined.
import { bodyHash, decodeEntry, makeRevoke, signEntry } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { behindByTwo, bytesAt, replaced } from '../hostile/forged-log.ts'
import { expectHalt, oneMore, peacefulWorld } from '../hostile/hostile-world.ts'
import { invited } from '../hostile/invited.ts'
import { HostileMember } from '../hostile/member.ts'

describe('a relay that lies about where the log ends', () => {
  test('attack 7: an older log is a rollback, and says so', async () => {
    const { world, known } = await behindByTwo()
    const b = world.at(1)
    await world.syncs(b)
    for (const length of [known, known - 1, 1]) {
      world.relay.lieTo(b, { log: (log) => log.slice(0, length) })
      const error = await expectHalt(world, b, 'relay-rollback')
      expect(error.data).toMatchObject({ came: length - 1, expected: known + 1 })
    }
    world.relay.lieTo(b, { head: () => undefined })
    await expectHalt(world, b, 'relay-rollback')
    world.relay.repent(b)
    await world.syncs(b)
  })

  test('attack 7: a shorter log with another last entry is a fork, not a rollback', async () => {
    const { world, known } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    const member = new HostileMember(world, a)
    // What the log could have been: another entry of a rightful signer at a place that b knows.
    const state = await member.read()
    const log = await world.relay.log(member.vault)
    await world.syncs(b)
    const last = decodeEntry(bytesAt(log, known)).header
    const header = { ...last, at: state.head.at + 5 }
    const { payload } = decodeEntry(bytesAt(log, known))
    const other = signEntry({ header, payload, secretKey: a.home.device.sign.secretKey })
    world.relay.lieTo(b, { log: (all) => [...all.slice(0, known), { sequence: known, entry: other.bytes }] })
    const error = await expectHalt(world, b, 'relay-contradicts')
    expect(error.data).toMatchObject({ came: known, expected: known + 1 })
  })

  test('attack 7: two logs for two devices cannot be joined again', async () => {
    const { world } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    const branch: Uint8Array[] = []
    world.relay.lieTo(b, {
      swallows: (entry) => branch.push(entry) > 0,
      log: (log) => [...log, ...branch.map((entry, at) => ({ sequence: log.length + at, entry }))],
    })
    b.user.write('of b', 'on its own branch')
    await world.syncs(b)
    expect(branch).toHaveLength(1)
    world.relay.repent(b)
    // The same length, but another entry; and longer. (Shorter, it would be the same log, cut short: that is healed.)
    await oneMore(world, a, 'on the other branch')
    await expectHalt(world, b, 'relay-contradicts')
    await oneMore(world, a, 'one more')
    await expectHalt(world, b, 'relay-contradicts')
  })

  test('attack 7: a head that the log does not have', async () => {
    const { world, known } = await behindByTwo()
    const b = world.at(1)
    const hash = world.random.bytes(32)
    world.relay.lieTo(b, { head: (head) => ({ ...head, hash }) })
    await expectHalt(world, b, 'relay-contradicts')
    world.relay.repent(b)
    await world.syncs(b)
    world.relay.lieTo(b, { head: (head) => ({ ...head, hash }) })
    await expectHalt(world, b, 'relay-contradicts')
    world.relay.lieTo(b, { head: (head) => ({ ...head, sequence: known + 40 }) })
    await expectHalt(world, b, 'relay-contradicts')
  })

  test('attack 7: a relay that always says that the log has grown does not keep a device busy for ever', async () => {
    const { world } = await behindByTwo()
    const b = world.at(1)
    await world.syncs(b)
    world.relay.lieTo(b, { moved: () => true })
    b.user.write('of b', 'never gets through')
    const error = await world.sync(b)
    expect(error).toMatchObject({ code: 'relay-refused', data: { reason: 'head-moved' } })
    expect(world.relay.asked.get('append') ?? 0).toBeLessThan(100)
    world.relay.repent(b)
    await world.syncs(b, world.at(0))
    expect(b.tree()).toEqual(world.at(0).tree())
  })

  test('attack 7: who joined is shown the log of before it did: a rollback, from the first sync on', async () => {
    const { world, code } = await invited()
    const [a, b] = [world.at(0), world.at(1)]
    // The relay turns between the accept and the first look at the log as a member.
    world.relay.lieTo(b, { log: (log) => log.filter(({ sequence }) => sequence <= accepted - 1) })
    let accepted = Number.POSITIVE_INFINITY
    world.relay.onRequest = (message) => {
      if (message.type === 'append') accepted = decodeEntry(message.entry).header.sequence
    }
    expect(await world.join(b, code)).toMatchObject({ code: 'relay-rollback' })
    expect(b.home.folders).toHaveLength(1)
    expect(b.tree()).toEqual([])
    world.relay.repent(b)
    await world.syncs(b)
    expect(b.tree()).toEqual(a.tree())
  })

  test('attack 7: an entry that its signer signed as well, between others that follow the right one', async () => {
    const { world, known } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    const log = await world.relay.log(world.relay.vaultOf(b))
    const { header, payload } = decodeEntry(bytesAt(log, known))
    const other = signEntry({
      header: { ...header, at: header.at - 1 },
      payload,
      secretKey: a.home.device.sign.secretKey,
    })
    world.relay.lieTo(b, { log: (all) => replaced(all, known, other.bytes) })
    await expectHalt(world, b, 'relay-contradicts')
    // It stays with what it has seen: whoever signs two entries for one place makes a fork.
    await expectHalt(world, b, 'relay-contradicts')
  })

  test('attack 7: a revocation that is said to be retired halts who was away, and who reads from the start', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b, world.at(2))
    const owner = new HostileMember(world, a)
    await owner.read()
    const devices = [world.at(2).home.device.sign.publicKey]
    const { entry } = makeRevoke({ ...owner.on, devices, identities: [] })
    const sequence = await owner.append(entry.bytes)
    await oneMore(world, a, 'since')
    world.relay.lieTo(b, {
      log: (log) =>
        log.map((given) =>
          given.sequence === sequence ? { sequence, bodyHash: bodyHash(entry.bodyHash) } : given,
        ),
    })
    await expectHalt(world, b, 'relay-contradicts')
    world.amnesia(b)
    await expectHalt(world, b, 'relay-contradicts')
  })
})
