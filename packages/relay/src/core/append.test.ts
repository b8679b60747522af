// Every check that a relay can make of an entry, and the answer to each.
import { makeDrop, makeInvite, packIdOf, signEntry } from '@grenier/crypto'
import { describe, expect, it, vi } from 'vitest'
import { futureMaxMs } from '../limits.ts'
import {
  outcome,
  packOf,
  ScriptedClient,
  settle,
  World,
  type OwnVault,
  type Person,
} from '../session/scripted-client.vectors.ts'
import { protectingQuota } from '../store/usage.ts'

function inviteOf(world: World, vault: OwnVault, { device }: Person) {
  return makeInvite({
    state: vault.state,
    signer: device,
    at: 0,
    epochKeys: new Map([[0, vault.epochKey]]),
    random: world.random,
    role: 'writer',
    expiresAt: world.clock.now() + 1000,
  })
}

function appendTo(client: ScriptedClient, vault: OwnVault, entry: { bytes: Uint8Array }) {
  return client.ask({ type: 'append', vault: vault.state.vault, entry: entry.bytes })
}

describe('a genesis', () => {
  it('makes a vault that its owner sees', async () => {
    const world = new World()
    const { person, client } = await world.newcomer()
    const vault = world.genesis(person)
    expect(outcome(await client.ask({ type: 'head', vault: vault.state.vault }))).toBe('vault-unknown')
    expect(await appendTo(client, vault, vault.genesis)).toMatchObject({ type: 'ok', sequence: 0 })
    const vaults = await client.ask({ type: 'vaults' })
    expect(vaults).toMatchObject({ vaults: [vault.state.vault], last: true })
  })

  it('is refused under the id of another vault', async () => {
    const world = new World()
    const { person, client } = await world.newcomer()
    const [one, two] = [world.genesis(person), world.genesis(person)]
    const reply = await client.ask({ type: 'append', vault: one.state.vault, entry: two.genesis.bytes })
    expect(reply).toMatchObject({ code: 'entry-refused', data: { reason: 'chain-broken' } })
  })

  it('is refused from a device of somebody else, and from one without an account', async () => {
    const world = new World()
    const { client } = await world.newcomer()
    const stranger = world.person()
    const vault = world.genesis(stranger)
    expect(outcome(await appendTo(client, vault, vault.genesis))).toBe('no-right')
  })
})

describe('an entry', () => {
  it('is refused with the head when the head has moved', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const [one, two] = [world.change(vault, person.device), world.change(vault, person.device)]
    expect(outcome(await appendTo(client, vault, one.entry))).toBe('ok')
    const reply = await appendTo(client, vault, two.entry)
    expect(reply).toMatchObject({ code: 'head-moved', retryable: true, data: { sequence: 1 } })
  })

  it('is acknowledged again while it is the head', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const { entry } = world.change(vault, person.device)
    expect(outcome(await appendTo(client, vault, entry))).toBe('ok')
    expect(outcome(await appendTo(client, vault, entry))).toBe('ok')
    expect(await client.ask({ type: 'head', vault: vault.state.vault })).toMatchObject({ sequence: 1 })
  })

  it('is refused when it is dated too far ahead, and taken at the limit', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const at = world.clock.now() + futureMaxMs
    const late = world.change(vault, person.device, { at: at + 1 })
    expect(await appendTo(client, vault, late.entry)).toMatchObject({
      code: 'clock-refused',
      data: { now: world.clock.now() },
    })
    expect(outcome(await appendTo(client, vault, world.change(vault, person.device, { at }).entry))).toBe(
      'ok',
    )
  })

  it('may be dated like the one before it, however far ahead that was', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const first = world.change(vault, person.device, { at: world.clock.now() + futureMaxMs })
    await appendTo(client, vault, first.entry)
    vault.state = first.state
    world.clock.jump(-3_600_000)
    expect(outcome(await appendTo(client, vault, world.change(vault, person.device).entry))).toBe('ok')
  })

  it('is refused when its signature is wrong, with the reason', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const { entry } = world.change(vault, person.device)
    const bytes = entry.bytes.slice()
    bytes[bytes.length - 1]! ^= 1
    expect(await appendTo(client, vault, { bytes })).toMatchObject({
      code: 'entry-refused',
      data: { reason: 'signature-wrong' },
    })
    expect(await appendTo(client, vault, { bytes: bytes.slice(0, 100) })).toMatchObject({
      code: 'entry-refused',
      data: { reason: 'malformed' },
    })
  })

  it('is refused when its header names another spine', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const { entry } = world.change(vault, person.device)
    if (entry.header.kind === 'genesis') throw new Error('not a change')
    const header = {
      ...entry.header,
      spine: entry.header.previous.map((byte) => byte ^ 1) as typeof entry.header.spine,
    }
    const other = signEntry({ header, payload: entry.payload, secretKey: person.device.sign.secretKey })
    expect(await appendTo(client, vault, other)).toMatchObject({
      code: 'entry-refused',
      data: { reason: 'chain-broken' },
    })
  })

  it('is appended by the key that signed it only', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const other = new ScriptedClient(world.core)
    await other.login(person.identity.sign, 'identity')
    const { entry } = world.change(vault, person.device)
    expect(outcome(await appendTo(other, vault, entry))).toBe('no-right')
    expect(outcome(await appendTo(client, vault, entry))).toBe('ok')
  })

  it('of somebody who is no member says no more than that there is no such vault', async () => {
    const world = new World()
    const { person: owner, vault } = await world.owner()
    const { person, client } = await world.newcomer()
    const { header, payload } = world.change(vault, owner.device).entry
    const { publicKey: device, secretKey } = person.device.sign
    const forged = signEntry({ header: { ...header, device }, payload, secretKey })
    expect(outcome(await appendTo(client, vault, forged))).toBe('vault-unknown')
    expect(outcome(await appendTo(client, vault, vault.genesis))).toBe('vault-unknown')
  })
})

describe('packs that an entry adds', () => {
  it('must be here', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const pack = packOf()
    const { entry } = world.change(vault, person.device, { packs: [pack] })
    const id = Buffer.from(packIdOf(pack)).toString('hex')
    expect(await appendTo(client, vault, entry)).toMatchObject({ code: 'pack-missing', data: { pack: id } })
    await client.put(vault.state.vault, pack)
    expect(outcome(await appendTo(client, vault, entry))).toBe('ok')
  })

  it('must be in this vault, not in another one', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const other = world.genesis(person)
    await appendTo(client, other, other.genesis)
    const pack = packOf()
    await client.put(other.state.vault, pack)
    const { entry } = world.change(vault, person.device, { packs: [pack] })
    expect(outcome(await appendTo(client, vault, entry))).toBe('pack-missing')
    const have = await client.ask({ type: 'have', vault: vault.state.vault, packs: [packIdOf(pack)] })
    expect(have).toMatchObject({ states: ['absent'] })
  })

  it('must have the size that the header says', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const pack = packOf()
    await client.put(vault.state.vault, pack)
    const { entry } = world.change(vault, person.device, { packs: [pack] })
    const added = entry.header.added.map((claim) => ({ ...claim, sizeBytes: 8192 }))
    const header = { ...entry.header, added }
    const wrong = signEntry({ header, payload: entry.payload, secretKey: person.device.sign.secretKey })
    expect(outcome(await appendTo(client, vault, wrong))).toBe('pack-size')
  })

  it('are waited for when they were sent before on the same connection', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const pack = packOf(100 * 1024)
    const put = client.startPut(vault.state.vault, pack)
    client.sendParts(put, pack, [0, 65_536])
    const { entry } = world.change(vault, person.device, { packs: [pack] })
    const append = client.nextId()
    client.say({ type: 'append', id: append, vault: vault.state.vault, entry: entry.bytes })
    await settle()
    expect(client.heard.some((message) => 'id' in message && message.id === append)).toBe(false)
    client.sendParts(put, pack, [65_536, pack.length])
    expect(outcome(await client.reply(append))).toBe('ok')
  })

  it('do not hold up an entry that does not claim them', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    client.startPut(vault.state.vault, packOf())
    expect(outcome(await appendTo(client, vault, world.change(vault, person.device).entry))).toBe('ok')
  })

  it('are restored only once they were dropped', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const { device } = person
    const pack = packOf()
    await client.put(vault.state.vault, pack)
    const restore = () => appendTo(client, vault, world.change(vault, device, { restored: [pack] }).entry)
    expect(outcome(await restore())).toBe('pack-missing')
    const added = world.change(vault, device, { packs: [pack] })
    await appendTo(client, vault, added.entry)
    vault.state = added.state
    expect(outcome(await restore())).toBe('pack-missing')
    const drop = makeDrop({ state: vault.state, signer: device, at: 0, packs: [packIdOf(pack)] })
    expect(outcome(await appendTo(client, vault, drop.entry))).toBe('ok')
    vault.state = drop.state
    expect(outcome(await restore())).toBe('ok')
  })
})

describe('appends that are sent without waiting', () => {
  it('follow each other, also when the first waits for a pack', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const pack = packOf()
    const put = client.startPut(vault.state.vault, pack)
    const ids: number[] = []
    for (let turn = 0; turn < 3; turn++) {
      const next = world.change(vault, person.device, { packs: turn === 0 ? [pack] : [] })
      vault.state = next.state
      ids.push(client.nextId())
      client.say({ type: 'append', id: ids[turn]!, vault: vault.state.vault, entry: next.entry.bytes })
    }
    await settle()
    client.sendParts(put, pack, [0, pack.length])
    expect((await Promise.all(ids.map((id) => client.reply(id)))).map(outcome)).toEqual(['ok', 'ok', 'ok'])
  })

  it('of two devices go one after the other, and one of them hears that the head moved', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const other = await world.device(person.device)
    const [one, two] = [world.change(vault, person.device), world.change(vault, person.device)]
    const replies = await Promise.all([appendTo(client, vault, one.entry), appendTo(other, vault, two.entry)])
    expect(replies.map(outcome)).toEqual(['ok', 'head-moved'])
  })
})

describe('an account that is full or suspended', () => {
  it('takes no more packs and entries, but still lets devices be revoked', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const [plan] = await world.stores.registration.plans()
    await world.stores.registration.setPlan({ ...plan!, bytesMax: 1 })
    expect(outcome(await client.put(vault.state.vault, packOf()))).toBe('quota')
    const { entry } = world.change(vault, person.device)
    expect(await appendTo(client, vault, entry)).toMatchObject({ code: 'quota', data: { what: 'bytes' } })
    expect(outcome(await appendTo(client, vault, inviteOf(world, vault, person).entry))).toBe('ok')
  })

  it('cannot be used to fill the disk with what it still takes', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    const [plan] = await world.stores.registration.plans()
    const append = vi.spyOn(world.stores.logs, 'append')
    expect(outcome(await appendTo(client, vault, inviteOf(world, vault, person).entry))).toBe('ok')
    expect(append.mock.lastCall?.[0].quota).toEqual(protectingQuota(plan!))
  })

  it('is told that it is closed when the hoster suspended it', async () => {
    const world = new World()
    const { person, client, vault } = await world.owner()
    await world.stores.accounts.change(person.identity.sign.publicKey, { suspended: true })
    expect(outcome(await client.put(vault.state.vault, packOf()))).toBe('account-closed')
    expect(outcome(await appendTo(client, vault, world.change(vault, person.device).entry))).toBe(
      'account-closed',
    )
    expect(outcome(await client.ask({ type: 'head', vault: vault.state.vault }))).toBe('ok')
  })
})

it('a relay that starts again goes on where the log stands', async () => {
  const world = new World()
  const { person, client, vault } = await world.owner()
  const one = world.change(vault, person.device)
  await appendTo(client, vault, one.entry)
  vault.state = one.state
  await world.core.stop()
  const again = new World({ stores: world.stores })
  const back = await again.device(person.device)
  expect(outcome(await appendTo(back, vault, again.change(vault, person.device).entry))).toBe('ok')
})
