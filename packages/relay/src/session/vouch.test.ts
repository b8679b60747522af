// What an owner says of entries whose packs are lost: by having signed them, or one behind them, which anybody who may read shows.
import {
  epochKeysFor,
  invitationOf,
  makeAccept,
  makeDevice,
  makeInvite,
  type Device,
  type Entry,
  type Role,
} from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import { outcome, packOf, ScriptedClient, World, type OwnVault } from './scripted-client.vectors.ts'

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
})
