// A relay that hands out keys, seals and vaults of its own making: to members, and to who joins with a code.
import {
  certifyDevice,
  decodeEntry,
  identityFromEntropy,
  invitationOf,
  makeDevice,
  makeGenesis,
  makeRekey,
  publicDevice,
  publicIdentity,
  publicKeysOf,
  sealTo,
  signEntry,
  type KeyPairs,
} from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import { decodeInvitationCode } from '../../packages/client/src/engine/invitation-code.ts'
import { replaced } from '../hostile/forged-log.ts'
import { expectHalt, oneMore, peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { expectNothingJoined, invited } from '../hostile/invited.ts'
import { HostileMember, reassembled } from '../hostile/member.ts'

/** The bytes of seals in an entry, exchanged for others of the same length, in order. */
function withSeals(bytes: Uint8Array, change: (seals: Uint8Array[]) => Uint8Array[]): Uint8Array {
  const { header, headerBytes } = decodeEntry(bytes)
  const opening =
    header.kind === 'genesis'
      ? header.part.epoch
      : header.kind === 'member' && 'epoch' in header.part
        ? header.part.epoch
        : undefined
  const seals = (opening?.seals ?? []).map(({ seal }) => seal)
  const places = seals.map((seal) => Buffer.from(headerBytes).indexOf(seal))
  const changed = headerBytes.slice()
  for (const [at, seal] of change(seals).entries()) changed.set(seal, places[at])
  return reassembled(bytes, { header: changed })
}

const exchanges: readonly (readonly [name: string, change: (seals: Uint8Array[]) => Uint8Array[]])[] = [
  ['in another order', (seals) => [...seals.slice(1), ...seals.slice(0, 1)]],
  ['one for all', (seals) => seals.map(() => seals[0] ?? new Uint8Array(0))],
  [
    'one of them altered in its last byte',
    (seals) => seals.map((seal) => seal.map((byte, at) => (at === seal.length - 1 ? byte ^ 1 : byte))),
  ],
]

describe('attack 1: a relay that exchanges seals', () => {
  for (const [name, change] of exchanges) {
    test(`of a new epoch, ${name}: who knows the vault halts, and so does who reads it from the start`, async () => {
      const world = await peacefulWorld()
      const [a, b] = [world.at(0), world.at(1)]
      const owner = new HostileMember(world, a)
      await world.syncs(a, b)
      await owner.read()
      const sequence = await owner.append(makeRekey(owner.on).entry.bytes)
      await oneMore(world, a, 'under the new key')
      const lies = async (at: number): Promise<void> => {
        const [entry] = (await world.relay.log(owner.vault)).slice(at)
        if (entry === undefined || !('entry' in entry)) throw new RangeError('no entry')
        const forged = withSeals(entry.entry, change)
        world.relay.lieTo(b, { log: (log) => replaced(log, at, forged) })
      }
      await lies(sequence)
      await expectHalt(world, b, 'relay-contradicts')
      for (const at of [sequence, 0]) {
        world.amnesia(b)
        await lies(at)
        await expectHalt(world, b, 'relay-contradicts')
      }
    })
  }

  test('of an epoch before, shown again for a new one: it halts', async () => {
    const world = await peacefulWorld()
    const [a, b] = [world.at(0), world.at(1)]
    const owner = new HostileMember(world, a)
    await world.syncs(a, b)
    await owner.read()
    const first = makeRekey(owner.on).entry.bytes
    const from = await owner.append(first)
    await owner.read()
    const second = makeRekey(owner.on).entry.bytes
    const sequence = await owner.append(second)
    const { header } = decodeEntry(first)
    const old =
      header.kind === 'member' && header.part.action === 'rekey'
        ? header.part.epoch.seals.map(({ seal }) => seal)
        : []
    expect([old.length > 0, from]).toEqual([true, sequence - 1])
    world.relay.lieTo(b, {
      log: (log) =>
        replaced(
          log,
          sequence,
          withSeals(second, () => old),
        ),
    })
    await expectHalt(world, b, 'relay-contradicts')
  })
})

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
