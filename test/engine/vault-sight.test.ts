// What a device tells of a vault that it is in and does not sync.
import { expect, test } from 'vitest'
import { deviceLogin, logInAt } from '../../packages/client/src/engine/relay-login.ts'
import { sightOfVault } from '../../packages/client/src/engine/vault-sight.ts'
import { peacefulWorld } from '../hostile/hostile-world.ts'
import { relayUrl, type Machine } from '../simulation/world.ts'

test('a vault that no folder here is of has its name and role by the log, for its members, and none for others', async () => {
  const world = await peacefulWorld({ devices: 2 })
  world.more(1)
  const vault = world.relay.vaultOf(world.at(0))
  const sight = async (machine: Machine) => {
    const { platform, home } = machine.context()
    const session = await logInAt(platform, relayUrl, deviceLogin(home))
    return await sightOfVault(session, vault, home).finally(() => session.close())
  }
  const name = world.at(0).home.folders[0]?.name
  expect(name).toBeDefined()
  expect(await world.settles(sight(world.at(0)))).toEqual({ name, role: 'owner' })
  expect(await world.settles(sight(world.at(1)))).toEqual({ name, role: 'writer' })
  expect(await world.settles(sight(world.at(2)))).toBeUndefined()
})
