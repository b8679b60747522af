// A relay that adds entries which nobody with the right signed, or lets somebody in whom nobody let in.
import {
  decodeEntry,
  invitationOf,
  makeCancel,
  makeDevice,
  makeRevoke,
  roleOf,
  type KeyPairs,
} from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { decodeInvitationCode } from '../../packages/client/src/engine/invitation-code.ts'
import { behindByTwo } from '../hostile/forged-log.ts'
import { eventsOf, expectHalt, oneMore, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { expectNothingJoined, invited } from '../hostile/invited.ts'
import { HostileMember, reassembled } from '../hostile/member.ts'

/** Entries that somebody signed rightly, and that may not stand where they are shown. */
describe('a relay that injects entries', () => {
  async function injected(signer: (world: HostileWorld) => Promise<KeyPairs>): Promise<void> {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(a, b, world.at(2))
    const keys = await signer(world)
    const member = new HostileMember(world, a)
    await member.read()
    const forged = member.forged(keys)
    world.relay.lieTo(b, {
      log: (log) => [...log, { sequence: log.length, entry: forged }],
    })
    await expectHalt(world, b, 'relay-contradicts')
    world.relay.repent(b)
    await world.syncs(b)
  }

  test('attack 6: signed by a key that is no member', async () => {
    await injected((world) => Promise.resolve(makeDevice(world.random)))
  })

  test('attack 6: in the name of a member, signed by another one, and by nobody', async () => {
    const world = await peacefulWorld({ devices: 3 })
    const [a, b, c] = [world.at(0), world.at(1), world.at(2)]
    await world.syncs(a, b, c)
    const member = new HostileMember(world, a)
    await member.read()
    const right = member.forged(a.home.device)
    for (const signer of [c.home.device, makeDevice(world.random)]) {
      const forged = reassembled(right, {}, signer)
      world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: forged }] })
      await expectHalt(world, b, 'relay-contradicts')
    }
  })

  test('attack 6: signed by a revoked device', async () => {
    await injected(async (world) => {
      const owner = new HostileMember(world, world.at(0))
      await owner.read()
      const devices = [world.at(2).home.device.sign.publicKey]
      const { entry } = makeRevoke({ ...owner.on, devices, identities: [] })
      await owner.append(entry.bytes)
      return world.at(2).home.device
    })
  })

  test('attack 6: signed by a reader', async () => {
    const world = await peacefulWorld({ devices: 2 })
    const [a, b] = [world.at(0), world.at(1)]
    const reader = makeDevice(world.random)
    const owner = new HostileMember(world, a)
    await owner.letIn(reader, 'reader')
    await world.syncs(a, b)
    await owner.read()
    const forged = owner.forged(reader)
    world.relay.lieTo(b, { log: (log) => [...log, { sequence: log.length, entry: forged }] })
    await expectHalt(world, b, 'relay-contradicts')
  })

  test('attack 6: pushed, and not in the log', async () => {
    const { world } = await behindByTwo()
    const [a, b] = [world.at(0), world.at(1)]
    await world.syncs(b)
    world.relay.lieTo(b, {
      push: ({ sequence, entry }) => ({
        sequence,
        entry: reassembled(entry, { payload: decodeEntry(entry).payload.slice().reverse() }),
      }),
    })
    const before = b.tree()
    b.sync(false)
    await world.until(() => eventsOf(b, 'state').some(({ state }) => state === 'synced'), 60_000)
    await oneMore(world, a, 'while b watches')
    const outcome = await world.outcomeOf(b)
    expect(outcome).toMatchObject({ code: 'relay-contradicts' })
    expect(b.tree()).toEqual(before)
  })
})

describe('an invitation', () => {
  test('attack 6: lets one device in, and no second one', async () => {
    const { world, code } = await invited()
    world.more(1)
    expect(await world.join(world.at(1), code)).toBe('done')
    expect(await world.join(world.at(2), code)).toMatchObject({ code: 'code-wrong' })
    expect(world.at(2).home.folders).toEqual([])
  })

  test('attack 6: is dead once it is cancelled, also where the relay still knows it', async () => {
    const { world, code } = await invited()
    const [a, b] = [world.at(0), world.at(1)]
    const owner = new HostileMember(world, a)
    await owner.read()
    const { secret } = decodeInvitationCode(code)
    const invites = [invitationOf(secret).sign.publicKey]
    const before = await world.relay.log(owner.vault)
    await owner.append(makeCancel({ ...owner.on, invites }).entry.bytes)
    expect(await world.join(b, code)).toMatchObject({ code: 'code-wrong' })
    expectNothingJoined(world)
    // A relay that shows the log from before the cancel brings nobody in either: the log has gone on.
    world.relay.lieTo(b, { vaults: [owner.vault], log: () => before })
    expect(await world.join(b, code)).toBeInstanceOf(Error)
    expectNothingJoined(world)
    expect(roleOf((await owner.read()).spine, b.home.device.sign.publicKey)).toBeUndefined()
  })
})
