// Rights in a vault: invitations, roles, revocations, and what strangers hear.
import {
  invitationOf,
  makeAccept,
  makeDevice,
  makeInvite,
  makeRekey,
  makeRevoke,
  packIdOf,
  epochKeysFor,
} from '@grenier/crypto'
import type { Role } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import {
  outcome,
  packOf,
  ScriptedClient,
  settle,
  World,
  type OwnVault,
  type Person,
  type Said,
} from './scripted-client.vectors.ts'

const hour = 3_600_000

interface Owner {
  readonly person: Person
  readonly client: ScriptedClient
  readonly vault: OwnVault
}

async function invite(world: World, { person, client, vault }: Owner, role: Role = 'writer') {
  const made = makeInvite({
    state: vault.state,
    signer: person.device,
    at: world.clock.now(),
    epochKeys: new Map([[0, vault.epochKey]]),
    random: world.random,
    role,
    expiresAt: world.clock.now() + hour,
  })
  await client.ask({ type: 'append', vault: vault.state.vault, entry: made.entry.bytes })
  vault.state = made.state
  return invitationOf(made.secret)
}

type Invitation = Awaited<ReturnType<typeof invite>>

function accept(world: World, vault: OwnVault, invitation: Invitation) {
  const device = makeDevice(world.random)
  const epochKeys = epochKeysFor({ ...vault.state, pairs: invitation })
  const at = world.clock.now()
  const made = makeAccept({
    state: vault.state,
    invitation,
    device,
    deviceName: 'phone',
    epochKeys,
    at,
    random: world.random,
  })
  return { device, ...made }
}

async function joined(world: World, owner: Owner, role: Role = 'writer') {
  const invitation = await invite(world, owner, role)
  const once = new ScriptedClient(world.core)
  await once.login(invitation.sign, 'one-time')
  const { device, entry, state } = accept(world, owner.vault, invitation)
  const reply = await once.ask({ type: 'append', vault: owner.vault.state.vault, entry: entry.bytes })
  owner.vault.state = state
  return { invitation, once, device, reply, client: await world.device(device) }
}

describe('an invitation', () => {
  it('lets its holder log in, read, and append one accept', async () => {
    const world = new World()
    const owner = await world.owner()
    const { vault } = owner
    const { once, client, reply } = await joined(world, owner)
    expect(outcome(reply)).toBe('ok')
    expect(outcome(await once.ask({ type: 'head', vault: vault.state.vault }))).toBe('vault-unknown')
    expect(await client.ask({ type: 'head', vault: vault.state.vault })).toMatchObject({ sequence: 2 })
    expect(await client.ask({ type: 'vaults' })).toMatchObject({ vaults: [vault.state.vault] })
    expect(outcome(await client.ask({ type: 'account' }))).toBe('account-unknown')
  })

  it('is acknowledged again when the answer to its accept was lost', async () => {
    const world = new World()
    const owner = await world.owner()
    const invitation = await invite(world, owner)
    const once = new ScriptedClient(world.core)
    await once.login(invitation.sign, 'one-time')
    const { entry } = accept(world, owner.vault, invitation)
    const ask = { type: 'append', vault: owner.vault.state.vault, entry: entry.bytes } as const
    expect([outcome(await once.ask(ask)), outcome(await once.ask(ask))]).toEqual(['ok', 'ok'])
  })

  it('that names the key of an identity puts the vault in no list of that identity', async () => {
    const world = new World()
    const owner = await world.owner()
    const invitation = await invite(world, owner)
    const named = new ScriptedClient(world.core)
    await named.login(invitation.sign, 'identity')
    expect(await named.ask({ type: 'vaults' })).toMatchObject({ vaults: [], last: true })
    const once = new ScriptedClient(world.core)
    await once.login(invitation.sign, 'one-time')
    expect(await once.ask({ type: 'vaults' })).toMatchObject({ vaults: [owner.vault.state.vault] })
  })

  it('is used once', async () => {
    const world = new World()
    const owner = await world.owner()
    const invitation = await invite(world, owner)
    const [one, two] = [accept(world, owner.vault, invitation), accept(world, owner.vault, invitation)]
    const vault = owner.vault.state.vault
    const once = new ScriptedClient(world.core)
    await once.login(invitation.sign, 'one-time')
    expect(outcome(await once.ask({ type: 'append', vault, entry: one.entry.bytes }))).toBe('ok')
    expect(outcome(await once.ask({ type: 'append', vault, entry: two.entry.bytes }))).toBe('vault-unknown')
    const again = new ScriptedClient(world.core)
    expect(outcome(await again.login(invitation.sign, 'one-time'))).toBe('account-unknown')
  })

  it('ends when it expires, by the clock of the relay', async () => {
    const world = new World()
    const owner = await world.owner()
    const invitation = await invite(world, owner)
    const once = new ScriptedClient(world.core)
    await once.login(invitation.sign, 'one-time')
    const head = { type: 'head', vault: owner.vault.state.vault } as const
    expect(outcome(await once.ask(head))).toBe('ok')
    world.clock.jump(hour)
    expect(outcome(await once.ask(head))).toBe('vault-unknown')
    const { entry } = accept(world, owner.vault, invitation)
    expect(outcome(await once.ask({ ...head, type: 'append', entry: entry.bytes }))).toBe('vault-unknown')
  })

  it('lets nobody send packs', async () => {
    const world = new World()
    const owner = await world.owner()
    const invitation = await invite(world, owner)
    const once = new ScriptedClient(world.core)
    await once.login(invitation.sign, 'one-time')
    expect(outcome(await once.put(owner.vault.state.vault, packOf()))).toBe('no-right')
  })
})

describe('a reader', () => {
  it('reads, and neither sends packs nor appends', async () => {
    const world = new World()
    const owner = await world.owner()
    const { client, device } = await joined(world, owner, 'reader')
    const vault = owner.vault.state.vault
    const pack = packOf()
    await owner.client.put(vault, pack)
    expect(await client.get(vault, packIdOf(pack), { offset: 0, length: 4096 })).toEqual(pack)
    expect(outcome(await client.put(vault, packOf()))).toBe('no-right')
    expect(() => world.change(owner.vault, device)).toThrow()
  })
})

describe('a revoked device', () => {
  it('is sent the entry that revoked it, then its connection ends; later it may still read up to that entry, and no more', async () => {
    const world = new World()
    const owner = await world.owner()
    const { client, device } = await joined(world, owner)
    const { vault, person } = owner
    await client.ask({ type: 'subscribe', vault: vault.state.vault })
    const revoke = makeRevoke({
      state: vault.state,
      signer: person.device,
      at: world.clock.now(),
      epochKeys: new Map([[0, vault.epochKey]]),
      random: world.random,
      devices: [device.sign.publicKey],
      identities: [],
    })
    await owner.client.ask({ type: 'append', vault: vault.state.vault, entry: revoke.entry.bytes })
    await client.untilClosed()
    const kinds = client.heard.slice(-2).map((message) => message.type)
    expect(kinds).toEqual(['entry', 'error'])
    vault.state = revoke.state
    const after = makeRekey({
      state: vault.state,
      signer: person.device,
      at: world.clock.now(),
      epochKeys: new Map([[revoke.epoch, revoke.epochKey]]),
      random: world.random,
    })
    await owner.client.ask({ type: 'append', vault: vault.state.vault, entry: after.entry.bytes })
    const pack = packOf()
    await owner.client.put(vault.state.vault, pack)
    const back = await world.device(device)
    const until = revoke.state.head.sequence
    const refused = { code: 'no-right', data: { until } }
    const id = vault.state.vault
    expect(await back.ask({ type: 'head', vault: id })).toMatchObject(refused)
    expect(await back.ask({ type: 'subscribe', vault: id })).toMatchObject(refused)
    expect(await back.ask({ type: 'have', vault: id, packs: [packIdOf(pack)] })).toMatchObject(refused)
    expect(outcome(await back.put(id, packOf()))).toBe('no-right')
    expect(outcome(await back.get(id, packIdOf(pack), { offset: 0, length: 1 }))).toBe('no-right')
    expect(await back.ask({ type: 'append', vault: id, entry: after.entry.bytes })).toMatchObject(refused)
    expect(await back.ask({ type: 'vaults' })).toMatchObject({ vaults: [], last: true })
    const read = await back.entries(id, 0)
    expect(read).toMatchObject([{ head: until, last: true }])
    expect(read).toHaveProperty('[0].entries.length', until + 1)
    expect(owner.client.closed).toBe(false)
  })
})

describe('a stranger', () => {
  it('hears the same of a vault that is not his and of one that is not there', async () => {
    const world = new World()
    const { client: own, vault } = await world.owner()
    const pack = packOf()
    await own.put(vault.state.vault, pack)
    const { client } = await world.newcomer()
    const absent = world.genesis(world.person()).state.vault
    for (const id of [vault.state.vault, absent]) {
      const requests: Said[] = [
        { type: 'head', vault: id },
        { type: 'subscribe', vault: id },
        { type: 'have', vault: id, packs: [packIdOf(pack)] },
      ]
      for (const request of requests) {
        const reply = await client.ask(request)
        expect(reply).toMatchObject({ code: 'vault-unknown', message: 'no such vault' })
      }
      expect(outcome(await client.entries(id, 0))).toBe('vault-unknown')
      expect(outcome(await client.get(id, packIdOf(pack), { offset: 0, length: 1 }))).toBe('vault-unknown')
    }
    expect(outcome(await client.put(vault.state.vault, packOf()))).toBe('vault-unknown')
  })

  it('is pushed nothing', async () => {
    const world = new World()
    const owner = await world.owner()
    const { client } = await world.newcomer()
    await client.ask({ type: 'subscribe', vault: owner.vault.state.vault })
    const { entry } = world.change(owner.vault, owner.person.device)
    await owner.client.ask({ type: 'append', vault: owner.vault.state.vault, entry: entry.bytes })
    await settle()
    expect(client.heard.some((message) => message.type === 'entry')).toBe(false)
  })
})
