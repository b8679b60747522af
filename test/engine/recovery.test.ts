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
  expect(gone).toEqual({ devices: [keys.friendDevice], identities: [] })
  before.delete(keys.friendDevice)
  expect(await recipients(thief)).toEqual(before.add(words.device))
})
