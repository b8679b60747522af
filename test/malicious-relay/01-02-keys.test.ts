// A relay that hands out keys, seals and vaults of its own making: to members, and to who joins with a code.
import {
  certifyDevice,
  identityFromEntropy,
  invitationOf,
  makeDevice,
  makeGenesis,
  publicDevice,
  publicIdentity,
  publicKeysOf,
  sealTo,
  signEntry,
  type KeyPairs,
} from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { decodeInvitationCode } from '../../packages/client/src/engine/invitation-code.ts'
import { expectHalt, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { expectNothingJoined, invited } from '../hostile/invited.ts'

describe('a relay that shows another vault', () => {
  test('attack 1: another genesis than the one that the vault id names halts a device that starts from nothing', async () => {
    const other = await peacefulWorld({ seed: 7 })
    const foreign = await other.relay.log(other.relay.vaultOf(other.at(1)))
    const world = await peacefulWorld()
    const b = world.at(1)
    world.amnesia(b)
    world.relay.lieTo(b, { log: () => foreign })
    await expectHalt(world, b, 'relay-contradicts')
    world.relay.lieTo(b, { log: () => [], head: () => undefined })
    await expectHalt(world, b, 'relay-rollback')
  })
})

describe('a code', () => {
  test('attack 2: shown a log of before the invitation, a code opens nothing', async () => {
    const { world, code } = await invited()
    const b = world.at(1)
    world.relay.lieTo(b, { log: (log) => log.slice(0, -1) })
    expect(await world.join(b, code)).toMatchObject({ code: 'code-wrong' })
    expectNothingJoined(world)
  })

  test('attack 1, 2: a vault of the relay’s own, with an invitation of the same keys, is not taken for the right one', async () => {
    const { world, code } = await invited()
    const b = world.at(1)
    const planted = plantedVault(world, code)
    world.relay.lieTo(b, { vaults: [planted.vault], log: () => planted.log })
    expect(await world.join(b, code)).toMatchObject({ code: 'relay-contradicts' })
    expectNothingJoined(world)
    world.relay.repent(b)
    expect(await world.join(b, code)).toBe('done')
    expect(b.tree()).toEqual(world.at(0).tree())
  })
})

/** A vault that somebody else made, with an invite that names the keys of the code: all that the relay saw of them. */
function plantedVault(world: HostileWorld, code: string) {
  const { random } = world
  const invitation = invitationOf(decodeInvitationCode(code).secret)
  const identity = identityFromEntropy(random.bytes(32))
  const device: KeyPairs = makeDevice(random)
  const made = makeGenesis({
    identity: publicIdentity(identity),
    device,
    certificate: certifyDevice(identity, publicDevice(device)),
    name: 'planted',
    deviceName: 'relay',
    at: world.scheduler.nowMs,
    random,
  })
  const { state } = made
  const place = { kind: 'invite', binding: state.vault, epoch: 0, random } as const
  const seal = sealTo({ ...place, recipient: invitation.kem.publicKey, secret: made.epochKey })
  const entry = signEntry({
    header: {
      kind: 'member',
      vault: state.vault,
      previous: state.head.hash,
      spine: state.spine.head,
      sequence: 1,
      device: device.sign.publicKey,
      at: state.head.at,
      added: [],
      restored: [],
      part: {
        action: 'invite',
        invitee: publicKeysOf(invitation),
        role: 'writer',
        expiresAt: state.head.at + 3_600_000,
        seal,
        mac: random.bytes(32),
      },
    },
    payload: new Uint8Array(0),
    secretKey: device.sign.secretKey,
  })
  const log = [made.entry.bytes, entry.bytes].map((bytes, sequence) => ({ sequence, entry: bytes }))
  return { vault: state.vault, log }
}
