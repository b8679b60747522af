// Who is in a vault that the words bring back, and who stays in it: also the people whom a thief let in with an owner's device.
import { identityFromEntropy, makeDevice, recipientsOf, toHex, vaultId, type Identity } from '@grenier/crypto'
import { expect, test } from 'vitest'
import { Recovery, type Gone } from '../../packages/client/src/engine/recovering.ts'
import type { SeenVault } from '../../packages/client/src/engine/recovery-sight.ts'
import { peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { HostileMember } from '../hostile/member.ts'
import { readyMade, relayUrl, type Machine } from '../simulation/world.ts'

const nobody = new Set<string>()

/** The words at the relay, on a machine that has nothing else. */
class Words {
  readonly #world: HostileWorld
  readonly #machine: Machine
  readonly #recovery: Recovery

  constructor(world: HostileWorld, identity: Identity = readyMade.identity) {
    world.more(1)
    this.#world = world
    this.#machine = world.at(world.machines.length - 1)
    this.#recovery = new Recovery(this.#machine.context(), { relay: relayUrl, identity })
  }

  get device(): string {
    return toHex(this.#machine.home.device.sign.publicKey)
  }

  async look(): Promise<SeenVault> {
    const [vault] = (await this.#world.settles(this.#recovery.look())).vaults
    if (vault === undefined) throw new Error('no vault is shown')
    return vault
  }

  async takeIn(vault: SeenVault, kept: ReadonlySet<string>): Promise<Gone> {
    const { home } = this.#machine
    const before = (): Promise<void> => Promise.resolve()
    const gone = await this.#world.settles(this.#recovery.takeIn(home, vault.id, { kept, before }))
    await this.#world.settles(this.#recovery.close())
    return gone
  }
}

/** A vault of one owner, whose device is stolen: the thief lets in friends of theirs, and there is a friend of the owner's. */
async function stolen() {
  const world = await peacefulWorld({ devices: 1 })
  const { random } = world
  const person = () => ({ identity: identityFromEntropy(random.bytes(32)), device: makeDevice(random) })
  const [friend, accomplice, bare] = [person(), person(), makeDevice(random)]
  const thief = new HostileMember(world, world.at(0))
  await thief.letIn(friend.device, 'writer', friend.identity)
  await thief.letIn(accomplice.device, 'owner', accomplice.identity)
  await thief.letIn(bare, 'reader')
  const keyOf = (pairs: { readonly sign: { readonly publicKey: Uint8Array } }): string =>
    toHex(pairs.sign.publicKey)
  const keys = {
    owner: keyOf(thief.device),
    friend: keyOf(friend.identity),
    friendDevice: keyOf(friend.device),
    accomplice: keyOf(accomplice.identity),
    accompliceDevice: keyOf(accomplice.device),
    bare: keyOf(bare),
  }
  return { world, thief, friend, accomplice, keys }
}

async function recipients(thief: HostileMember): Promise<Set<string>> {
  return new Set(recipientsOf((await thief.read()).spine).map(({ keys: { sign } }) => toHex(sign)))
}

test('everybody in a vault is shown to the words, with who let them in and when', async () => {
  const { world, thief, keys } = await stolen()
  const vault = await new Words(world).look()
  const { spine } = await thief.read()
  const invited = { how: 'invited', by: keys.owner, byName: world.at(0).home.deviceName }
  expect(vault.devices).toMatchObject([
    { device: keys.owner, own: true, mayGo: true, arrival: { how: 'made', seq: 0 } },
    { device: keys.friendDevice, identity: keys.friend, own: false, mayGo: true, arrival: invited },
    { device: keys.accompliceDevice, identity: keys.accomplice, own: false, mayGo: true, arrival: invited },
    { device: keys.bare, identity: undefined, own: false, mayGo: true, arrival: invited },
  ])
  const since = spine.identities.get(keys.accomplice)?.since
  expect(vault.identities).toMatchObject([
    { own: true, mayGo: false, arrival: { how: 'made' } },
    { identity: keys.friend, mayGo: true, arrival: invited },
    { identity: keys.accomplice, role: 'owner', mayGo: true, arrival: { ...invited, seq: since } },
  ])
})

test('whom nobody confirms is out, identities as well as devices, and no key is sealed to them', async () => {
  const { world, thief, keys } = await stolen()
  const words = new Words(world)
  const own = toHex(readyMade.identity.sign.publicKey)
  const gone = await words.takeIn(await words.look(), new Set([keys.friendDevice]))
  // A friend's device that stays keeps the friend's identity.
  expect(await recipients(thief)).toEqual(new Set([own, words.device, keys.friend, keys.friendDevice]))
  expect(new Set(gone.devices)).toEqual(new Set([keys.owner, keys.accompliceDevice, keys.bare]))
  expect(gone.identities).toEqual([keys.accomplice])
  // The epoch that the new device reads was never sealed to who went: they were out before it came.
  const { spine } = thief.state
  const since = spine.devices.get(words.device)?.since ?? 0
  expect(spine.identities.get(keys.accomplice)?.until).toBeLessThan(since)
  expect(spine.devices.get(keys.owner)?.until).toBeLessThan(since)
})

test('where nobody is confirmed, the words and their new device are alone', async () => {
  const { world, thief } = await stolen()
  const words = new Words(world)
  await words.takeIn(await words.look(), nobody)
  const own = toHex(readyMade.identity.sign.publicKey)
  expect(await recipients(thief)).toEqual(new Set([own, words.device]))
})

test('in a friend’s vault the words take out their own devices, show the others, and leave them in', async () => {
  const { world, thief, friend, keys } = await stolen()
  const words = new Words(world, friend.identity)
  const vault = await words.look()
  expect(vault).toMatchObject({ id: toHex(vaultId(thief.vault)), own: false, role: 'writer' })
  expect(vault.devices.filter(({ mayGo }) => mayGo).map(({ device }) => device)).toEqual([keys.friendDevice])
  expect(vault.identities.some(({ mayGo }) => mayGo)).toBe(false)
  expect(vault.identities).toHaveLength(3)
  const before = await recipients(thief)
  const gone = await words.takeIn(vault, nobody)
  expect(gone).toEqual({ devices: [keys.friendDevice], identities: [], invitations: [] })
  before.delete(keys.friendDevice)
  expect(await recipients(thief)).toEqual(before.add(words.device))
})

test('open invitations are shown to the words: who made them, when, for which role, until when', async () => {
  const { world, friend, keys } = await stolen()
  const a = world.at(0)
  await world.invite(a, 'owner')
  await world.invite(a, 'reader')
  const vault = await new Words(world).look()
  const made = { by: keys.owner, byName: a.home.deviceName, mayGo: true }
  expect(vault.invitations).toMatchObject([
    { ...made, role: 'owner' },
    { ...made, role: 'reader' },
  ])
  for (const { expiresMs, atMs, seq } of vault.invitations) {
    expect(expiresMs - atMs).toBe(3_600_000)
    expect(seq).toBeLessThanOrEqual(vault.head.seq)
  }
  const theirs = await new Words(world, friend.identity).look()
  expect(theirs.invitations.map(({ mayGo }) => mayGo)).toEqual([false, false])
})

test('attack 17: an invitation that was open when the words came is void, also where nobody is taken out', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const a = world.at(0)
  const owner = toHex(a.home.device.sign.publicKey)
  const codes = [await world.invite(a, 'owner'), await world.invite(a)]
  const words = new Words(world)
  const vault = await words.look()
  const gone = await words.takeIn(vault, new Set([owner]))
  expect(gone).toMatchObject({ devices: [], identities: [] })
  expect(new Set(gone.invitations)).toEqual(new Set(vault.invitations.map(({ id }) => id)))
  const { spine } = await new HostileMember(world, a).read()
  expect(spine.invites.size).toBe(0)
  // The epoch that the new device brought was never sealed to a code: they were void before it came.
  expect(new Set(spine.seals.keys())).toEqual(
    new Set([toHex(readyMade.identity.sign.publicKey), owner, words.device]),
  )
  for (const code of codes) {
    world.more(1)
    const joiner = world.at(world.machines.length - 1)
    expect(await world.join(joiner, code)).toBeInstanceOf(Error)
    expect(joiner.tree()).toEqual([])
  }
  // Who stays goes on, and invites anew.
  await world.syncs(a)
  world.more(1)
  expect(await world.join(world.at(world.machines.length - 1), await world.invite(a))).toBe('done')
})

test('a device that is in already makes them void as well, and once more has nothing to do', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const a = world.at(0)
  const kept = new Set([toHex(a.home.device.sign.publicKey)])
  const words = new Words(world)
  await words.takeIn(await words.look(), kept)
  await world.invite(a)
  const again = await words.look()
  expect((await words.takeIn(again, new Set([...kept, words.device]))).invitations).toHaveLength(1)
  const { seq } = (await words.look()).head
  const nothing = await words.takeIn(await words.look(), new Set([...kept, words.device]))
  expect(nothing).toEqual({ devices: [], identities: [], invitations: [] })
  expect((await words.look()).head.seq).toBe(seq)
})

test('an invitation that is accepted while the words look lets nobody stay whom they did not confirm', async () => {
  const world = await peacefulWorld({ devices: 1 })
  const a = world.at(0)
  const kept = new Set([toHex(a.home.device.sign.publicKey)])
  const code = await world.invite(a, 'owner')
  const words = new Words(world)
  const vault = await words.look()
  world.more(1)
  const thief = world.at(world.machines.length - 1)
  expect(await world.join(thief, code)).toBe('done')
  const gone = await words.takeIn(vault, kept)
  expect(gone.devices).toEqual([toHex(thief.home.device.sign.publicKey)])
  expect(await world.sync(thief)).toMatchObject({ code: 'device-revoked' })
})

test('in a friend’s vault the invitations of others stay, as long as no own device goes', async () => {
  const { world, thief, friend, keys } = await stolen()
  await world.invite(world.at(0))
  const words = new Words(world, friend.identity)
  const vault = await words.look()
  const gone = await words.takeIn(vault, new Set([keys.friendDevice]))
  expect(gone).toEqual({ devices: [], identities: [], invitations: [] })
  expect((await thief.read()).spine.invites.size).toBe(1)
  const again = new Words(world, friend.identity)
  const second = await again.takeIn(await again.look(), new Set([words.device]))
  expect(second.invitations, 'the entry that takes a device out voids them all').toHaveLength(1)
  expect((await thief.read()).spine.invites.size).toBe(0)
})
