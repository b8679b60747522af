// The list of the owner's vaults: what is added later stands in the older ones as well, readable by the owner's words alone.
import {
  decodeConfigPayload,
  decodeEntry,
  decodeGenesisPayload,
  openVaultList,
  toHex,
  type Entry,
  type VaultId,
} from '@grenier/crypto'
import { addFolder, openFolder } from '@grenier/client'
import { expect, test } from 'vitest'
import { readPayload } from '../../packages/client/src/log/payload-reader.ts'
import { VaultKeys } from '../../packages/client/src/log/vault-keys.ts'
import { HostileMember } from '../hostile/member.ts'
import { peacefulWorld, type HostileWorld } from '../hostile/hostile-world.ts'
import { secondFolder } from '../hostile/second-folder.ts'
import { readyMade, relayUrl } from '../simulation/world.ts'

/** What the list of a genesis or config says, to who has the words. */
async function listed(world: HostileWorld, vault: VaultId, entry: Entry): Promise<string[]> {
  const reader = new HostileMember(world, world.at(0))
  const state = await reader.read()
  const keys = VaultKeys.of(vault, state.spine, readyMade.identity)
  const fetch = (): Promise<undefined> => Promise.resolve(undefined)
  const read = await readPayload(entry, { keys, spine: state.spine, fetch })
  if ('fault' in read) throw new Error(read.fault)
  const isGenesis = entry.header.kind === 'genesis'
  const { vaults } = isGenesis ? decodeGenesisPayload(read.body) : decodeConfigPayload(read.body)
  if (vaults === undefined) return []
  const binding = entry.header.kind === 'genesis' ? entry.header.nonce : vault
  const epoch = state.spine.epochs.at(-1)?.number ?? 0
  const by = { pair: readyMade.identity.kem, kind: 'identity', binding, epoch } as const
  return openVaultList({ ...by, seal: vaults }).map((one) => `${one.name} ${toHex(one.vault)} ${one.relay}`)
}

async function configsOf(world: HostileWorld, vault: VaultId): Promise<Entry[]> {
  const entries = (await world.relay.log(vault)).flatMap((given) =>
    'entry' in given ? [decodeEntry(given.entry)] : [],
  )
  return entries.filter(({ header }) => header.kind === 'config')
}

test('a vault that is added later is listed in the older one at its next run, once', async () => {
  const world = await peacefulWorld()
  const [a, b] = [world.at(0), world.at(1)]
  const older = world.relay.vaultOf(a)
  await world.syncs(a, b)
  expect(await configsOf(world, older)).toEqual([])
  const second = secondFolder(world)
  a.start(
    (context) => addFolder(second.context(context), { path: second.path, name: 'second', relay: relayUrl }),
    true,
  )
  expect(await world.outcomeOf(a)).toBe('done')
  const added = a.home.folders.find(({ path }) => path === second.path)
  expect(added).toBeDefined()
  await world.syncs(a, a, b)
  const configs = await configsOf(world, older)
  expect(configs).toHaveLength(1)
  expect(await listed(world, older, configs[0] as Entry)).toEqual([
    `second ${added?.vault ?? ''} ${relayUrl}`,
  ])
  // The newer one lists the older from its start, and needs no config.
  const newer = added?.vault ?? ''
  const sync = (): void => a.start((context) => openFolder(second.context(context), second.path), true)
  sync()
  expect(await world.outcomeOf(a)).toBe('done')
  expect(await configsOf(world, Buffer.from(newer, 'hex') as never)).toEqual([])
})
