// Opening accounts, showing them, withdrawing devices.
import { epochKeysFor, makeDevice, makeRevoke, sign } from '@grenier/crypto'
import { renewAccountBytes, renewAccountLabel } from '@grenier/protocol'
import { describe, expect, it } from 'vitest'
import { administer } from '../admin/administer.ts'
import { failuresMax } from '../limits.ts'
import { outcome, ScriptedClient, origin, packOf, settle, World } from './scripted-client.vectors.ts'

const config = (registration: 'open' | 'invite' | 'closed') => ({
  config: { origins: [origin], registration },
})

async function invitation(world: World, more: { uses?: number; lifeMs?: number } = {}): Promise<string> {
  const request = {
    command: 'invite-create',
    uses: more.uses ?? 1,
    lifeMs: more.lifeMs ?? 86_400_000,
  } as const
  const made = await administer(
    { stores: world.stores, random: world.random, now: () => world.clock.now() },
    request,
  )
  return 'code' in made ? made.code : ''
}

describe('registration', () => {
  it('is for everybody when it is open', async () => {
    const world = new World(config('open'))
    expect(outcome(await world.register(world.person()))).toBe('ok')
  })

  it('is for nobody when it is closed, not even with an invitation', async () => {
    const world = new World(config('closed'))
    expect(outcome(await world.register(world.person()))).toBe('registration-closed')
    expect(outcome(await world.register(world.person(), await invitation(world)))).toBe('registration-closed')
  })

  it('by invitation takes each as often as it says, until it expires', async () => {
    const world = new World(config('invite'))
    expect(outcome(await world.register(world.person()))).toBe('invitation-wrong')
    const code = await invitation(world, { uses: 2 })
    expect(outcome(await world.register(world.person(), code))).toBe('ok')
    expect(outcome(await world.register(world.person(), code.toUpperCase().replaceAll('-', ' ')))).toBe('ok')
    expect(outcome(await world.register(world.person(), code))).toBe('invitation-wrong')
    const late = await invitation(world, { lifeMs: 1000 })
    world.clock.advance(1000)
    expect(outcome(await world.register(world.person(), late))).toBe('invitation-wrong')
  })

  it('of somebody who is known needs no invitation again', async () => {
    const world = new World(config('invite'))
    const person = world.person()
    await world.register(person, await invitation(world))
    const device = makeDevice(world.random)
    const again = { ...person, device, certificate: world.certify(person.identity, device) }
    expect(outcome(await world.register(again))).toBe('ok')
    expect(outcome(await (await world.device(device)).ask({ type: 'account' }))).toBe('ok')
  })

  it('makes those who guess codes wait', async () => {
    const world = new World(config('invite'))
    const person = world.person()
    const client = new ScriptedClient(world.core)
    await client.login(person.identity.sign, 'identity')
    const guess = () => client.ask({ type: 'open-account', certificate: person.certificate, invite: 'abcd' })
    for (let turn = 0; turn < failuresMax; turn++) expect(outcome(await guess())).toBe('invitation-wrong')
    expect(outcome(await guess())).toBe('too-many')
  })

  it('is asked for by the identity, with its own certificate', async () => {
    const world = new World()
    const { person, client } = await world.newcomer()
    const ask = { type: 'open-account', certificate: person.certificate } as const
    expect(outcome(await client.ask(ask))).toBe('not-logged-in')
    const identity = new ScriptedClient(world.core)
    await identity.login(person.identity.sign, 'identity')
    expect(outcome(await identity.ask({ ...ask, certificate: world.person().certificate }))).toBe(
      'login-failed',
    )
  })
})

describe('an account', () => {
  it('says plan, quota and what is used', async () => {
    const world = new World()
    const { client, vault } = await world.owner()
    const before = await client.ask({ type: 'account' })
    expect(before).toMatchObject({ type: 'ok', re: 'account', plan: 'default' })
    await client.put(vault.state.vault, packOf(8192))
    const after = await client.ask({ type: 'account' })
    const used = (reply: unknown) => (reply as { usedBytes: number }).usedBytes
    expect(used(after) - used(before)).toBe(8192)
  })

  it('loses a device that its identity withdraws, and its connection', async () => {
    const world = new World()
    const { person, client } = await world.newcomer()
    const identity = new ScriptedClient(world.core)
    await identity.login(person.identity.sign, 'identity')
    const device = person.device.sign.publicKey
    expect(outcome(await identity.ask({ type: 'withdraw-device', device }))).toBe('ok')
    await client.untilClosed()
    const back = new ScriptedClient(world.core)
    const { certificate } = person
    expect(outcome(await back.login(person.device.sign, 'device', { certificate }))).toBe('account-closed')
  })

  it('lets a device that was withdrawn read how it left a vault, and nothing else', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const { vault: id } = vault.state
    const still = world.genesis(person)
    await client.ask({ type: 'append', vault: still.state.vault, entry: still.genesis.bytes })
    const identity = new ScriptedClient(world.core)
    await identity.login(person.identity.sign, 'identity')
    const device = person.device.sign.publicKey
    const epochKeys = epochKeysFor({ ...vault.state, pairs: person.identity })
    const on = { state: vault.state, signer: person.identity, at: world.clock.now(), random: world.random }
    const { entry } = makeRevoke({ ...on, epochKeys, devices: [device] })
    expect(outcome(await identity.ask({ type: 'append', vault: id, entry: entry.bytes }))).toBe('ok')
    expect(outcome(await identity.ask({ type: 'withdraw-device', device }))).toBe('ok')
    const back = new ScriptedClient(world.core)
    expect(outcome(await back.login(person.device.sign, 'device'))).toBe('ok')
    expect(await back.ask({ type: 'head', vault: id })).toMatchObject({
      code: 'no-right',
      data: { until: 1 },
    })
    const shown = [{ entries: [{ sequence: 0 }, { sequence: 1 }], head: 1, last: true }]
    expect(await back.entries(id, 0)).toMatchObject(shown)
    // Of a vault that still counts on it, and of the account, it hears nothing.
    const { vault: other } = still.state
    const refused = { code: 'account-closed', data: { reason: 'withdrawn' } }
    expect(await back.entries(other, 0)).toMatchObject(refused)
    expect(await back.ask({ type: 'head', vault: other })).toMatchObject(refused)
    expect(await back.ask({ type: 'subscribe', vault: other })).toMatchObject(refused)
    expect(outcome(await back.put(other, packOf()))).toBe('account-closed')
    expect(await back.ask({ type: 'vaults' })).toMatchObject({ vaults: [] })
    expect(outcome(await back.ask({ type: 'account' }))).toBe('account-unknown')
    const open = { type: 'open-account', certificate: person.certificate } as const
    expect(outcome(await back.ask(open))).toBe('account-closed')
  })

  it('goes to a new identity that signed for it, with its devices', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const next = world.person()
    const old = new ScriptedClient(world.core)
    await old.login(person.identity.sign, 'identity')
    const identity = next.identity.sign.publicKey
    const facts = renewAccountBytes(person.identity.sign.publicKey, identity)
    const signature = sign(next.identity.sign.secretKey, renewAccountLabel, facts)
    const ask = { type: 'renew-account', identity, signature } as const
    expect(outcome(await client.ask(ask))).toBe('not-logged-in')
    expect(outcome(await old.ask({ ...ask, signature: signature.toReversed() }))).toBe('login-failed')
    expect(outcome(await old.ask(ask))).toBe('ok')
    await client.untilClosed()
    expect(outcome(await old.ask(ask))).toBe('account-unknown')
    const renewed = new ScriptedClient(world.core)
    await renewed.login(next.identity.sign, 'identity')
    expect(await renewed.ask({ type: 'account' })).toMatchObject({ type: 'ok', plan: 'default' })
    // The vault is the old identity's until its own entry says otherwise.
    expect(await old.ask({ type: 'vaults' })).toMatchObject({ vaults: [vault.state.vault] })
    const stranger = world.person()
    await world.register(stranger)
    const other = new ScriptedClient(world.core)
    await other.login(stranger.identity.sign, 'identity')
    const taken = renewAccountBytes(stranger.identity.sign.publicKey, identity)
    const again = { ...ask, signature: sign(next.identity.sign.secretKey, renewAccountLabel, taken) }
    expect(outcome(await other.ask(again))).toBe('no-right')
  })

  it('has its devices withdrawn by nobody else', async () => {
    const world = new World()
    const { person, client } = await world.newcomer()
    const device = person.device.sign.publicKey
    expect(outcome(await client.ask({ type: 'withdraw-device', device }))).toBe('not-logged-in')
    const stranger = world.person()
    await world.register(stranger)
    const other = new ScriptedClient(world.core)
    await other.login(stranger.identity.sign, 'identity')
    expect(outcome(await other.ask({ type: 'withdraw-device', device }))).toBe('no-right')
    await settle()
    expect(client.closed).toBe(false)
  })
})
