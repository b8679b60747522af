// What an owner says of entries whose packs are lost: by having signed them, or one behind them, which anybody who may read shows.
import {
  bodyHash,
  entryHashOf,
  epochKeysFor,
  invitationOf,
  makeAccept,
  makeDevice,
  makeInvite,
  type Device,
  type Entry,
  type Role,
} from '@grenier/crypto'
import { limits } from '@grenier/protocol'
import { describe, expect, it } from 'vitest'
import { ByteBudget } from '../core/budget.ts'
import { generousBytes, processVouchBytes, putWindowBytes, vouchedMs } from '../limits.ts'
import {
  ManualClock,
  outcome,
  packOf,
  ScriptedClient,
  World,
  type OwnVault,
} from './scripted-client.vectors.ts'
import { Vouched } from './vouch.ts'

type Owner = Awaited<ReturnType<World['owner']>>

/** A device that comes into the vault by an invitation. */
async function joined(world: World, { person, client, vault }: Owner, role: Role) {
  const on = { at: world.clock.now(), random: world.random }
  const epochKeys = new Map([[0, vault.epochKey]])
  const expiresAt = world.clock.now() + 100_000
  const signer = person.device
  const invite = makeInvite({ ...on, state: vault.state, signer, epochKeys, role, expiresAt })
  await client.ask({ type: 'append', vault: vault.state.vault, entry: invite.entry.bytes })
  const invitation = invitationOf(invite.secret)
  const once = new ScriptedClient(world.core)
  await once.login(invitation.sign, 'one-time')
  const device = makeDevice(world.random)
  const keys = epochKeysFor({ ...invite.state, pairs: invitation })
  const accept = { ...on, state: invite.state, invitation, device, deviceName: role, epochKeys: keys }
  const { entry, state } = makeAccept(accept)
  await once.ask({ type: 'append', vault: vault.state.vault, entry: entry.bytes })
  vault.state = state
  return { device, client: await world.device(device) }
}

/** A change after the one before it, of which the relay has heard nothing. */
function unheard(world: World, vault: OwnVault, by: Device) {
  const made = world.change(vault, by, { packs: [packOf()] })
  return { entry: made.entry, after: { ...vault, state: made.state } }
}

/** A relay with yesterday's copy of a vault that has a writer and a reader; what they know since are changes with a pack each, by those named. */
async function restored(signers: readonly ('owner' | 'writer')[]) {
  const world = new World()
  const owner = await world.owner()
  const writer = await joined(world, owner, 'writer')
  const reader = await joined(world, owner, 'reader')
  const { vault } = owner
  let after = vault
  const entries = signers.map((signer) => {
    const made = unheard(world, after, signer === 'owner' ? owner.person.device : writer.device)
    after = made.after
    return made.entry
  })
  return { world, vault, entries, owner, writer, reader }
}

const putBackTo = (client: ScriptedClient, { state }: OwnVault, entry: { bytes: Uint8Array }) =>
  client.ask({ type: 'put-back', vault: state.vault, entry: entry.bytes })

const vouchTo = (client: ScriptedClient, { state }: OwnVault, word: { of: readonly Entry[]; by: Entry }) =>
  client.ask({
    type: 'vouch',
    vault: state.vault,
    bodyHashes: new Uint8Array(Buffer.concat(word.of.map(({ bodyHash }) => bodyHash))),
    entry: word.by.bytes,
  })

describe('the packs of what is put back by who is no owner', () => {
  it('must be here where no owner has a word for them', async () => {
    const { vault, entries, writer, reader } = await restored(['writer', 'owner'])
    for (const { client } of [writer, reader])
      expect(outcome(await putBackTo(client, vault, entries[0]!))).toBe('pack-missing')
  })

  it('need not where an owner signed it', async () => {
    const { vault, entries, reader } = await restored(['owner', 'writer'])
    expect(outcome(await putBackTo(reader.client, vault, entries[0]!))).toBe('ok')
    expect(outcome(await putBackTo(reader.client, vault, entries[1]!))).toBe('pack-missing')
    const lost = await reader.client.ask({ type: 'lost', vault: vault.state.vault })
    expect(lost).toMatchObject({ packs: entries[0]!.header.added.map(({ id }) => id) })
  })

  it('need not where an owner signed one behind it, on the connection where that is shown', async () => {
    const { vault, entries, writer, reader } = await restored(['writer', 'writer', 'owner', 'writer'])
    const [first, second, by, last] = entries as [Entry, Entry, Entry, Entry]
    expect(outcome(await vouchTo(reader.client, vault, { of: [first, second], by }))).toBe('ok')
    expect(outcome(await putBackTo(writer.client, vault, first))).toBe('pack-missing')
    expect(outcome(await putBackTo(reader.client, vault, by)), 'out of turn').toBe('head-moved')
    for (const entry of [first, second, by])
      expect(outcome(await putBackTo(reader.client, vault, entry))).toBe('ok')
    expect(outcome(await putBackTo(reader.client, vault, last))).toBe('pack-missing')
  })

  it('must be here for an entry that stands in the place of one of those', async () => {
    const { world, vault, entries, writer } = await restored(['writer', 'owner'])
    const other = unheard(world, vault, writer.device).entry
    expect(outcome(await vouchTo(writer.client, vault, { of: [entries[0]!], by: entries[1]! }))).toBe('ok')
    expect(outcome(await putBackTo(writer.client, vault, other))).toBe('pack-missing')
    expect(outcome(await putBackTo(writer.client, vault, entries[0]!))).toBe('ok')
  })

  it('are not vouched for by a writer, a forged signature, hashes that lead elsewhere, or from another place', async () => {
    const { vault, entries, writer } = await restored(['writer', 'writer', 'owner'])
    const [first, second, by] = entries as [Entry, Entry, Entry]
    const says = async (word: { of: readonly Entry[]; by: Entry }) =>
      await vouchTo(writer.client, vault, word)
    expect(outcome(await says({ of: [first], by: second }))).toBe('no-right')
    const bytes = by.bytes.map((byte, at) => (at === by.bytes.length - 1 ? byte ^ 1 : byte))
    const refused = (reason: string) => ({ code: 'entry-refused', data: { reason } })
    expect(await says({ of: [first, second], by: { ...by, bytes } })).toMatchObject(
      refused('signature-wrong'),
    )
    expect(await says({ of: [second, first], by })).toMatchObject(refused('chain-broken'))
    expect(outcome(await says({ of: [second], by }))).toBe('head-moved')
    expect(outcome(await putBackTo(writer.client, vault, first))).toBe('pack-missing')
  })

  it('are vouched for to nobody who may not see the vault', async () => {
    const { world, vault, entries } = await restored(['writer', 'owner'])
    const { client } = await world.newcomer()
    expect(outcome(await vouchTo(client, vault, { of: [entries[0]!], by: entries[1]! }))).toBe(
      'vault-unknown',
    )
  })

  it('must be here again when a minute has passed since the word', async () => {
    const { world, vault, entries, reader } = await restored(['writer', 'writer', 'owner'])
    const [first, second, by] = entries as [Entry, Entry, Entry]
    expect(outcome(await vouchTo(reader.client, vault, { of: [first, second], by }))).toBe('ok')
    world.clock.advance(vouchedMs - 1)
    expect(outcome(await putBackTo(reader.client, vault, first))).toBe('ok')
    world.clock.advance(1)
    expect(outcome(await putBackTo(reader.client, vault, second))).toBe('pack-missing')
    expect(outcome(await vouchTo(reader.client, vault, { of: [second], by }))).toBe('ok')
    expect(outcome(await putBackTo(reader.client, vault, second))).toBe('ok')
  })
})

describe('what is remembered of an owner’s word', () => {
  const hashes = (count: number) => new Uint8Array(count * limits.idBytes)

  async function remembering(roomFor: number) {
    const { vault } = (await restored([])).vault.state
    const clock = new ManualClock()
    const budget = new ByteBudget(roomFor * limits.idBytes)
    return { vault, clock, budget, vouched: new Vouched(budget, clock) }
  }

  it('is given back when it is replaced, and when the connection ends', async () => {
    const { vault, budget, vouched } = await remembering(5)
    vouched.keep(vault, 10, hashes(5))
    expect(budget.takenBytes).toBe(5 * limits.idBytes)
    vouched.keep(vault, 10, hashes(3))
    expect(budget.takenBytes).toBe(3 * limits.idBytes)
    vouched.end()
    expect(budget.takenBytes).toBe(0)
    vouched.keep(vault, 10, hashes(1))
    expect(budget.takenBytes, 'nothing is kept of a connection that has ended').toBe(0)
  })

  it('is given back when the last entry of it stands', async () => {
    const { vault, budget, vouched } = await remembering(5)
    const other = (await remembering(5)).vault.map((byte) => byte ^ 1) as typeof vault
    vouched.keep(vault, 10, hashes(3))
    vouched.stands(vault, 11)
    vouched.stands(other, 12)
    expect(budget.takenBytes).toBe(3 * limits.idBytes)
    vouched.stands(vault, 12)
    expect(budget.takenBytes).toBe(0)
  })

  it('is given back when its time has passed, which begins with each word', async () => {
    const { vault, budget, clock, vouched } = await remembering(5)
    vouched.keep(vault, 10, hashes(3))
    clock.advance(vouchedMs - 1)
    vouched.keep(vault, 10, hashes(2))
    clock.advance(vouchedMs - 1)
    expect(budget.takenBytes).toBe(2 * limits.idBytes)
    clock.advance(1)
    expect(budget.takenBytes).toBe(0)
  })

  it('finds no room beyond its budget, and takes nothing then', async () => {
    const { vault, budget, vouched } = await remembering(5)
    vouched.keep(vault, 10, hashes(5))
    expect(() => new Vouched(budget, new ManualClock()).keep(vault, 10, hashes(1))).toThrow(
      expect.objectContaining({ code: 'too-many', retryable: true }),
    )
    expect(budget.takenBytes).toBe(5 * limits.idBytes)
  })

  it('takes nothing from what others send, however much an owner makes up in a vault of their own', async () => {
    const world = new World()
    const { person, vault } = await world.owner()
    const word = madeUp(world, vault, person.device)
    const connections = generousBytes / limits.vouchBytes
    expect(connections * limits.vouchBytes).toBeLessThan(processVouchBytes)
    for (let one = 0; one < connections; one += 1)
      expect(outcome(await (await world.device(person.device)).ask(word))).toBe('ok')
    const other = await world.owner()
    const pack = packOf(limits.packBytes)
    expect(outcome(await other.client.put(other.vault.state.vault, pack))).toBe('ok')
    const credit = await other.client.until((message) => message.type === 'credit')
    expect(credit.offset + credit.bytes).toBe(putWindowBytes)
  })
})

/** A word, as large as one may be, for entries that never were. */
function madeUp(world: World, vault: OwnVault, owner: Device) {
  const bodyHashes = world.random.bytes(limits.vouchBytes)
  let { hash, sequence } = vault.state.head
  for (let at = 0; at < bodyHashes.length; at += limits.idBytes) {
    hash = entryHashOf(hash, bodyHash(bodyHashes.subarray(at, at + limits.idBytes)))
    sequence += 1
  }
  const state = { ...vault.state, head: { ...vault.state.head, hash, sequence } }
  const { entry } = world.change({ ...vault, state }, owner)
  return { type: 'vouch', vault: vault.state.vault, bodyHashes, entry: entry.bytes } as const
}
