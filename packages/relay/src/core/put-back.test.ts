// Putting back what a restored relay lost: checked like an append, but for who gives it and for the presence of packs; what is missing is listed,
// and comes back by an ordinary put.
import { invitationOf, makeDevice, makeInvite, packIdOf } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { healingMs, healingMsMax } from '../limits.ts'
import {
  outcome,
  packOf,
  ScriptedClient,
  World,
  type OwnVault,
  type Person,
} from '../session/scripted-client.vectors.ts'

const putBackTo = (client: ScriptedClient, { state }: OwnVault, entry: { bytes: Uint8Array }) =>
  client.ask({ type: 'put-back', vault: state.vault, entry: entry.bytes })

const appendTo = (client: ScriptedClient, { state }: OwnVault, entry: { bytes: Uint8Array }) =>
  client.ask({ type: 'append', vault: state.vault, entry: entry.bytes })

/** A change after the one before it, of which the relay has heard nothing. */
function unheard(world: World, vault: OwnVault, by: { person: Person; packs?: Uint8Array[] }) {
  const made = world.change(vault, by.person.device, { packs: by.packs ?? [] })
  return { entry: made.entry, after: { ...vault, state: made.state } }
}

/** A relay with yesterday's copy of a vault, and what the owner's device knows since: two changes, each with a pack. */
async function restored() {
  const world = new World()
  const { person, client, vault } = await world.owner()
  const packs = [packOf(), packOf()] as const
  const first = unheard(world, vault, { person, packs: [packs[0]] })
  const second = unheard(world, first.after, { person, packs: [packs[1]] })
  return { world, person, client, vault, packs, entries: [first.entry, second.entry], after: second.after }
}

describe('an entry that is put back', () => {
  it('stands where it stood; its packs are listed as lost until they are put', async () => {
    const { client, vault, packs, entries } = await restored()
    for (const entry of entries) expect(outcome(await putBackTo(client, vault, entry))).toBe('ok')
    const lost = async () => await client.ask({ type: 'lost', vault: vault.state.vault })
    const ids = packs.map(packIdOf)
    const sorted = [...ids].sort((a, b) => Buffer.compare(a, b))
    expect(await lost()).toMatchObject({ packs: sorted, last: true })
    const have = async () => await client.ask({ type: 'have', vault: vault.state.vault, packs: ids })
    expect(await have()).toMatchObject({ states: ['absent', 'absent'] })
    expect(outcome(await client.put(vault.state.vault, packs[0]))).toBe('ok')
    expect(await have()).toMatchObject({ states: ['claimed', 'absent'] })
    expect(await lost()).toMatchObject({ packs: ids.slice(1), last: true })
    expect(await client.get(vault.state.vault, ids[0]!, { offset: 0, length: 4096 })).toEqual(packs[0])
  })

  it('is listed from where the last answer ended', async () => {
    const { client, vault, packs, entries } = await restored()
    for (const entry of entries) await putBackTo(client, vault, entry)
    const [first, second] = packs.map(packIdOf).sort((a, b) => Buffer.compare(a, b))
    const rest = await client.ask({ type: 'lost', vault: vault.state.vault, after: first! })
    expect(rest).toMatchObject({ packs: [second], last: true })
  })

  it('claims a pack that is here', async () => {
    const { client, vault, packs, entries } = await restored()
    await client.put(vault.state.vault, packs[0])
    await putBackTo(client, vault, entries[0]!)
    expect(await client.ask({ type: 'lost', vault: vault.state.vault })).toMatchObject({ packs: [] })
  })

  it('may come again, from anybody, wherever it stands', async () => {
    const { client, vault, entries } = await restored()
    for (const entry of [...entries, ...entries, vault.genesis])
      expect(outcome(await putBackTo(client, vault, entry))).toBe('ok')
    expect(await client.ask({ type: 'head', vault: vault.state.vault })).toMatchObject({ sequence: 2 })
  })

  it('has to follow: with a gap before it, or in the place of another, it is refused with the head', async () => {
    const { world, person, client, vault, entries } = await restored()
    expect(outcome(await putBackTo(client, vault, entries[1]!))).toBe('head-moved')
    const other = unheard(world, vault, { person })
    expect(outcome(await putBackTo(client, vault, entries[0]!))).toBe('ok')
    expect(outcome(await putBackTo(client, vault, other.entry))).toBe('head-moved')
  })

  it('is judged like any other', async () => {
    const { client, vault, entries } = await restored()
    const { bytes } = entries[0]!
    const forged = bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))
    const reply = await putBackTo(client, vault, { bytes: forged })
    expect(reply).toMatchObject({ code: 'entry-refused', data: { reason: 'signature-wrong' } })
  })

  it('is taken from nobody who may not read, and not from who has but an invitation', async () => {
    const { world, person, client, vault, entries } = await restored()
    const { client: stranger } = await world.newcomer()
    expect(outcome(await putBackTo(stranger, vault, entries[0]!))).toBe('vault-unknown')
    expect(outcome(await stranger.ask({ type: 'lost', vault: vault.state.vault }))).toBe('vault-unknown')
    const invite = makeInvite({
      state: vault.state,
      signer: person.device,
      at: 0,
      epochKeys: new Map([[0, vault.epochKey]]),
      random: world.random,
      role: 'writer',
      expiresAt: world.clock.now() + 100_000,
    })
    await appendTo(client, vault, invite.entry)
    const joiner = new ScriptedClient(world.core)
    await joiner.login(invitationOf(invite.secret).sign, 'one-time')
    const next = unheard(world, { ...vault, state: invite.state }, { person })
    expect(outcome(await putBackTo(joiner, vault, next.entry))).toBe('no-right')
  })

  it('holds new ones up until all who know more have had the time to say so', async () => {
    const { world, person, client, vault, entries, after } = await restored()
    for (const entry of entries) await putBackTo(client, vault, entry)
    const next = unheard(world, after, { person }).entry
    const refused = await appendTo(client, vault, next)
    expect(refused).toMatchObject({ code: 'busy', retryable: true, retryAfterMs: healingMs })
    world.clock.advance(healingMs)
    expect(outcome(await appendTo(client, vault, next))).toBe('ok')
  })
})

describe('a device of the account that pays, that the log does not know', () => {
  /** Another device of the owner's identity, at a relay that has nothing yet. */
  async function carrier() {
    const before = await restored()
    const world = new World()
    const { identity } = before.person
    // Worlds have the same people and the same chance: the next of them are others.
    world.person()
    const device = makeDevice(world.random)
    const client = new ScriptedClient(world.core)
    const certificate = world.certify(identity, device)
    expect(outcome(await client.login(identity.sign, 'identity'))).toBe('ok')
    expect(outcome(await client.ask({ type: 'open-account', certificate }))).toBe('ok')
    return { ...before, world, client: await world.device(device) }
  }

  it('puts a whole vault there, entries and packs, and reads nothing of it', async () => {
    const { client, vault, packs, entries } = await carrier()
    for (const entry of [vault.genesis, ...entries])
      expect(outcome(await putBackTo(client, vault, entry))).toBe('ok')
    for (const pack of packs) expect(outcome(await client.put(vault.state.vault, pack))).toBe('ok')
    expect(await client.ask({ type: 'lost', vault: vault.state.vault })).toMatchObject({ packs: [] })
    expect(await client.ask({ type: 'head', vault: vault.state.vault })).toMatchObject({ sequence: 2 })
    const { vault: id } = vault.state
    expect(outcome(await client.ask({ type: 'subscribe', vault: id }))).toBe('vault-unknown')
    expect(await client.ask({ type: 'vaults' })).toMatchObject({ vaults: [] })
  })

  it('appends nothing', async () => {
    const { client, vault, entries } = await carrier()
    await putBackTo(client, vault, vault.genesis)
    expect(outcome(await appendTo(client, vault, entries[0]!))).toBe('vault-unknown')
  })

  it('is not of another account: to a stranger the vault is not there', async () => {
    const { world, client, vault, entries } = await carrier()
    await putBackTo(client, vault, vault.genesis)
    const { client: stranger } = await world.newcomer()
    expect(outcome(await putBackTo(stranger, vault, entries[0]!))).toBe('vault-unknown')
    expect(outcome(await stranger.ask({ type: 'head', vault: vault.state.vault }))).toBe('vault-unknown')
    expect(outcome(await stranger.put(vault.state.vault, packOf()))).toBe('vault-unknown')
  })
})

describe('one who puts back what was never lost', () => {
  it('does not hold the others up for ever', async () => {
    const { world, person, client, vault, entries, after } = await restored()
    for (const entry of entries) await putBackTo(client, vault, entry)
    let last = after
    for (let passedMs = 0; passedMs < healingMsMax; passedMs += healingMs / 2) {
      const fresh = unheard(world, last, { person })
      expect(outcome(await putBackTo(client, vault, fresh.entry))).toBe('ok')
      last = fresh.after
      world.clock.advance(healingMs / 2)
    }
    expect(outcome(await appendTo(client, vault, unheard(world, last, { person }).entry))).toBe('ok')
  })
})

describe('a relay that lost everything', () => {
  it('lets a device open the account of its identity again, which puts its vault back from the genesis on', async () => {
    const before = await restored()
    const world = new World()
    const { person, vault, entries } = before
    const { certificate } = person
    const blocked = new ScriptedClient(world.core)
    expect(outcome(await blocked.login(person.device.sign, 'device', { certificate }))).toBe(
      'account-unknown',
    )
    const again = new ScriptedClient(world.core)
    expect(outcome(await again.login(person.device.sign, 'device', { certificate, reopen: true }))).toBe('ok')
    expect(outcome(await putBackTo(again, vault, vault.genesis))).toBe('account-unknown')
    expect(outcome(await again.ask({ type: 'open-account', certificate }))).toBe('ok')
    const client = await world.device(person.device)
    for (const entry of [vault.genesis, ...entries])
      expect(outcome(await putBackTo(client, vault, entry))).toBe('ok')
    expect(await client.ask({ type: 'head', vault: vault.state.vault })).toMatchObject({ sequence: 2 })
  })

  it('opens no account of another device, of a forged certificate, or where registration is closed', async () => {
    const world = new World()
    const [person, other] = [world.person(), world.person()]
    const client = new ScriptedClient(world.core)
    await client.login(person.device.sign, 'device', { certificate: person.certificate, reopen: true })
    expect(outcome(await client.ask({ type: 'open-account', certificate: other.certificate }))).toBe(
      'login-failed',
    )
    const forged = world
      .certify(other.identity, person.device)
      .map((byte, at) => (at === 40 ? byte ^ 1 : byte))
    const third = new ScriptedClient(world.core)
    const login = await third.login(person.device.sign, 'device', { certificate: forged, reopen: true })
    expect(['login-failed', 'malformed']).toContain(outcome(login))
    const closed = new World({ config: { origins: ['https://relay.example'], registration: 'closed' } })
    const fourth = new ScriptedClient(closed.core)
    await fourth.login(person.device.sign, 'device', { certificate: person.certificate, reopen: true })
    expect(outcome(await fourth.ask({ type: 'open-account', certificate: person.certificate }))).toBe(
      'registration-closed',
    )
  })
})
