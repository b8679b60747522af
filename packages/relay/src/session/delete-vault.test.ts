// Deleting a vault: whose wish counts, until when it can be taken back, and what those hear who were in it.
import {
  makeAccept,
  makeDevice,
  makeInvite,
  makeRevoke,
  epochKeysFor,
  invitationOf,
  sign,
} from '@grenier/crypto'
import type { Device, Role, SigningPair } from '@grenier/crypto'
import { deleteVaultBytes, deleteVaultLabel, type DeletionWish } from '@grenier/protocol'
import { describe, expect, it } from 'vitest'
import {
  outcome,
  packOf,
  ScriptedClient,
  World,
  type OwnVault,
  type Reply,
} from './scripted-client.vectors.ts'

const day = 86_400_000
const floor = 30 * day

interface Asked {
  readonly pair: SigningPair
  readonly wish?: DeletionWish
  readonly at?: number
  readonly keyKind?: 'device' | 'identity'
}

function wish(world: World, vault: OwnVault, asked: Asked) {
  const { pair, wish: wanted = 'delete', at = world.clock.now(), keyKind = 'device' } = asked
  const facts = { vault: vault.state.vault, wish: wanted, at, keyKind, key: pair.publicKey }
  const signature = sign(pair.secretKey, deleteVaultLabel, deleteVaultBytes(facts))
  return { type: 'delete-vault', vault: vault.state.vault, wish: wanted, at, signature } as const
}

/** A second device, with this role, logged in. */
async function joined(
  world: World,
  owner: { person: { device: Device }; client: ScriptedClient; vault: OwnVault },
  role: Role,
): Promise<{ device: Device; client: ScriptedClient }> {
  const { person, client, vault } = owner
  const at = world.clock.now()
  const epochKeys = new Map([[0, vault.epochKey]])
  const expiresAt = at + day
  const invited = makeInvite({
    state: vault.state,
    signer: person.device,
    at,
    epochKeys,
    random: world.random,
    role,
    expiresAt,
  })
  await client.ask({ type: 'append', vault: vault.state.vault, entry: invited.entry.bytes })
  const invitation = invitationOf(invited.secret)
  const device = makeDevice(world.random)
  const keys = epochKeysFor({ ...invited.state, pairs: invitation })
  const accepted = makeAccept({
    state: invited.state,
    invitation,
    device,
    deviceName: 'phone',
    epochKeys: keys,
    at,
    random: world.random,
  })
  const once = new ScriptedClient(world.core)
  await once.login(invitation.sign, 'one-time')
  await once.ask({ type: 'append', vault: vault.state.vault, entry: accepted.entry.bytes })
  vault.state = accepted.state
  return { device, client: await world.device(device) }
}

/** Time passes without a jump that would hold deletions. */
async function pass(world: World, ms: number): Promise<void> {
  world.clock.advance(ms)
  await world.core.sweep()
}

describe('deleting a vault', () => {
  it('is a wish until the floor has passed, shown to members, and can be taken back', async () => {
    const world = new World()
    const owner = await world.owner()
    const { person, client, vault } = owner
    const reader = await joined(world, owner, 'reader')
    await reader.client.ask({ type: 'head', vault: vault.state.vault })
    const asked = wish(world, vault, { pair: person.device.sign })
    const finalAt = world.clock.now() + floor
    expect(await client.ask(asked)).toMatchObject({ type: 'ok', re: 'delete-vault', finalAt })
    expect(await reader.client.ask({ type: 'vault-facts', vault: vault.state.vault })).toMatchObject({
      entries: 3,
      deletion: {
        key: person.device.sign.publicKey,
        keyKind: 'device',
        at: asked.at,
        signature: asked.signature,
        finalAt,
      },
    })
    world.clock.advance(1000)
    expect(outcome(await client.ask(wish(world, vault, { pair: person.device.sign, wish: 'keep' })))).toBe(
      'ok',
    )
    expect(await client.ask({ type: 'vault-facts', vault: vault.state.vault })).not.toHaveProperty('deletion')
    await pass(world, 2 * floor)
    const later = await world.device(person.device)
    expect(outcome(await later.ask({ type: 'head', vault: vault.state.vault }))).toBe('ok')
  })

  it('is final after the floor: everything goes, members hear whose wish it was, strangers that there is no such vault', async () => {
    const world = new World()
    const owner = await world.owner()
    const { person, client, vault } = owner
    const reader = await joined(world, owner, 'reader')
    const pack = packOf()
    await client.put(vault.state.vault, pack)
    const asked = wish(world, vault, { pair: person.device.sign })
    await client.ask(asked)
    await pass(world, floor - 1000)
    const before = await world.device(person.device)
    expect(outcome(await before.ask({ type: 'head', vault: vault.state.vault }))).toBe('ok')
    await pass(world, 2000)
    await before.untilClosed()
    const proof = { at: asked.at, signature: Buffer.from(asked.signature).toString('hex') }
    for (const device of [person.device, reader.device]) {
      const known = await world.device(device)
      const head: Reply = await known.ask({ type: 'head', vault: vault.state.vault })
      expect(head).toMatchObject({ code: 'vault-deleted', data: proof })
    }
    const back = await world.device(person.device)
    const entry = vault.genesis.bytes
    expect(outcome(await back.ask({ type: 'put-back', vault: vault.state.vault, entry }))).toBe(
      'vault-deleted',
    )
    expect(outcome(await back.put(vault.state.vault, packOf()))).toBe('vault-deleted')
    expect(await back.ask({ type: 'account' })).toMatchObject({ usedBytes: 0 })
    const { client: stranger } = await world.newcomer()
    expect(outcome(await stranger.ask({ type: 'head', vault: vault.state.vault }))).toBe('vault-unknown')
    expect(outcome(await stranger.ask(wish(world, vault, { pair: person.device.sign })))).toBe(
      'vault-unknown',
    )
    expect(await back.ask(wish(world, vault, { pair: person.device.sign, wish: 'keep' }))).toMatchObject({
      type: 'ok',
      revived: true,
    })
    expect(outcome(await back.ask({ type: 'put-back', vault: vault.state.vault, entry }))).toBe('ok')
  })

  it.each(['reader', 'writer'] as const)('is not for a %s', async (role) => {
    const world = new World()
    const owner = await world.owner()
    const other = await joined(world, owner, role)
    expect(outcome(await other.client.ask(wish(world, owner.vault, { pair: other.device.sign })))).toBe(
      'no-right',
    )
    expect(
      outcome(await other.client.ask(wish(world, owner.vault, { pair: owner.person.device.sign }))),
    ).toBe('no-right')
  })

  it('takes no wish that somebody else signed, that is not of now, or that was said before', async () => {
    const world = new World()
    const owner = await world.owner()
    const { person, client, vault } = owner
    const second = await joined(world, owner, 'owner')
    const asked = wish(world, vault, { pair: person.device.sign })
    expect(outcome(await second.client.ask(asked))).toBe('login-failed')
    expect(outcome(await client.ask({ ...asked, wish: 'keep' }))).toBe('login-failed')
    for (const at of [world.clock.now() - day, world.clock.now() + day])
      expect(outcome(await client.ask(wish(world, vault, { pair: person.device.sign, at })))).toBe(
        'clock-refused',
      )
    await client.ask(asked)
    world.clock.advance(1000)
    await client.ask(wish(world, vault, { pair: person.device.sign, wish: 'keep' }))
    expect(await client.ask(asked)).toMatchObject({ code: 'entry-refused', data: { reason: 'replayed' } })
  })

  it('is heard a few times a minute of one key, cuts nobody off, and keeps no other owner from being heard', async () => {
    const world = new World()
    const owner = await world.owner()
    const { person, client, vault } = owner
    const thief = await joined(world, owner, 'owner')
    expect(outcome(await client.ask({ type: 'head', vault: vault.state.vault }))).toBe('ok')
    const heard: string[] = []
    for (let count = 0; count < 9; count += 1) {
      world.clock.advance(50)
      heard.push(outcome(await thief.client.ask(wish(world, vault, { pair: thief.device.sign }))))
    }
    expect(heard).toEqual([...Array<string>(6).fill('ok'), ...Array<string>(3).fill('busy')])
    world.clock.advance(50)
    expect(outcome(await client.ask(wish(world, vault, { pair: person.device.sign, wish: 'keep' })))).toBe(
      'ok',
    )
    world.clock.advance(60_000)
    expect(outcome(await thief.client.ask(wish(world, vault, { pair: thief.device.sign })))).toBe('ok')
  })

  it('lapses when its signer was taken out meanwhile', async () => {
    const world = new World()
    const owner = await world.owner()
    const { person, vault } = owner
    const thief = await joined(world, owner, 'owner')
    await thief.client.ask(wish(world, vault, { pair: thief.device.sign }))
    const client = await world.device(person.device)
    const { state } = vault
    const pairs = person.device
    const epochKeys = epochKeysFor({ ...state, pairs })
    const devices = [thief.device.sign.publicKey]
    const at = world.clock.now()
    const revoked = makeRevoke({
      state,
      signer: person.device,
      at,
      epochKeys,
      random: world.random,
      devices,
      identities: [],
    })
    expect(
      outcome(await client.ask({ type: 'append', vault: state.vault, entry: revoked.entry.bytes })),
    ).toBe('ok')
    await pass(world, floor + 1000)
    const later = await world.device(person.device)
    expect(outcome(await later.ask({ type: 'head', vault: state.vault }))).toBe('ok')
    expect(await later.ask({ type: 'vault-facts', vault: state.vault })).not.toHaveProperty('deletion')
  })

  it('is not final while deletions are held after a jump of the clock', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    await client.ask(wish(world, vault, { pair: person.device.sign }))
    await world.core.sweep()
    world.clock.jump(floor + day)
    expect(await world.core.sweep()).toMatchObject({ held: true, vaults: 0 })
    expect(outcome(await client.ask({ type: 'head', vault: vault.state.vault }))).toBe('ok')
  })

  it('is for the identity that made the vault as well', async () => {
    const world = new World()
    const { person, vault } = await world.owner()
    const client = new ScriptedClient(world.core)
    const { sign: pair } = person.identity
    await client.login(pair, 'identity')
    expect(outcome(await client.ask(wish(world, vault, { pair: pair, keyKind: 'identity' })))).toBe('ok')
  })
})
