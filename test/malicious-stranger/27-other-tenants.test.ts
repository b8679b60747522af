// Somebody with an account of their own, who wants to read, write or probe the vault of somebody else at the same relay.
import { packIdOf, type VaultId } from '@grenier/crypto'
import { describe, expect, test } from 'vitest'
import {
  outcome,
  packOf,
  type ScriptedClient,
} from '../../packages/relay/src/session/scripted-client.vectors.ts'
import { startedRelay } from './peer.ts'

/** Two tenants, the first with a vault that holds a claimed pack. */
async function tenants() {
  const { world } = await startedRelay()
  const owner = await world.owner()
  const { vault } = owner.vault.state
  const pack = packOf()
  expect(outcome(await owner.client.put(vault, pack))).toBe('ok')
  const { entry, state } = world.change(owner.vault, owner.person.device, { packs: [pack] })
  expect(outcome(await owner.client.ask({ type: 'append', vault, entry: entry.bytes }))).toBe('ok')
  owner.vault.state = state
  return { world, owner, pack, thief: await world.owner() }
}

/** Everything that can be asked about a vault, and what is answered. */
async function answersTo(
  client: ScriptedClient,
  vault: VaultId,
  about: { pack: Uint8Array; entry: Uint8Array },
): Promise<string[]> {
  const pack = packIdOf(about.pack)
  const entries = await client.entries(vault, 0)
  const answers = [
    await client.ask({ type: 'head', vault }),
    Array.isArray(entries) ? { type: 'entries' } : entries,
    await client.get(vault, pack, { offset: 0, length: 100 }),
    await client.ask({ type: 'have', vault, packs: [pack] }),
    await client.ask({ type: 'subscribe', vault }),
    await client.ask({ type: 'append', vault, entry: about.entry }),
    await client.ask({ type: 'put-back', vault, entry: about.entry }),
    await client.ask({ type: 'lost', vault }),
  ]
  return answers.map(outcome)
}

describe('attack 27: another tenant', () => {
  test('hears of a vault that is there, and of the packs in it, what it hears of one that is not', async () => {
    const { world, owner, pack, thief } = await tenants()
    const { vault } = owner.vault.state
    const forged = (of: typeof owner.vault): Uint8Array => {
      const { bytes } = world.change(of, owner.person.device).entry
      return bytes
    }
    const there = await answersTo(thief.client, vault, { pack, entry: forged(owner.vault) })
    const nowhere = world.genesis(owner.person)
    const missing = await answersTo(thief.client, nowhere.state.vault, { pack, entry: forged(nowhere) })
    expect(there).toEqual(missing)
    expect(new Set(there)).toEqual(new Set(['vault-unknown']))
    expect(outcome(await owner.client.ask({ type: 'head', vault }))).toBe('ok')
  })

  test('puts nothing there, and finds nothing of it in a vault of its own', async () => {
    const { owner, pack, thief } = await tenants()
    const packs = [packIdOf(pack)]
    const own = thief.vault.state.vault
    const before = await thief.client.ask({ type: 'have', vault: own, packs })
    const absent = await thief.client.ask({ type: 'have', vault: own, packs: [packIdOf(packOf())] })
    expect({ ...before, id: 0 }).toEqual({ ...absent, id: 0 })
    expect(outcome(await thief.client.get(own, packIdOf(pack), { offset: 0, length: 100 }))).toBe(
      'pack-missing',
    )
    await thief.client.put(owner.vault.state.vault, packOf()).then(
      (answer) => expect(outcome(answer)).toBe('vault-unknown'),
      (error: unknown) => expect(String(error)).toContain('closed'),
    )
  })

  test('sees no vault but its own in its list', async () => {
    const { thief } = await tenants()
    expect(await thief.client.ask({ type: 'vaults' })).toMatchObject({ vaults: [thief.vault.state.vault] })
  })
})
