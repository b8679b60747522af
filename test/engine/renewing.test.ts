// New words in the place of the old ones, cut off between two vaults: the next run goes on, and nothing of it is taken for a lie of the relay.
import { addFolder } from '@grenier/client'
import { identityFromEntropy, makeRenew, systemRandom } from '@grenier/crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Recovery } from '../../packages/client/src/engine/recovering.ts'
import { renewAt } from '../../packages/client/src/engine/renewing.ts'
import { Ground, identity as old, relayUrl as relay, type Device } from '../folder/devices.ts'

let ground: Ground
beforeAll(() => {
  ground = new Ground()
})
afterAll(() => ground.end())

/** A device with vaults of these names, each of which lists the others. */
async function withVaults(...names: readonly string[]): Promise<Device> {
  const [device] = await ground.pair()
  for (const name of names) {
    const path = ground.directory(name)
    await device.run((context) => addFolder(context, { path, name, relay }))
  }
  await device.sync()
  return device
}

test('goes on where it was cut off: a vault that has the new words already is not said to be withheld', async () => {
  const device = await withVaults('second', 'third')
  const context = device.context()
  const renewed = identityFromEntropy(systemRandom.bytes(32))
  const cutOff = new Recovery(context, { relay, identity: old })
  const { vaults } = await cutOff.look()
  expect(vaults.map(({ name }) => name)).toEqual(['second', 'third', 'vault'])
  await cutOff.giveAccount(renewed)
  await cutOff.append(vaults[0]?.id ?? '', ({ state, keys }, at) => {
    const on = { state, signer: old, at, random: systemRandom, epochKeys: keys.epochKeys }
    return Promise.resolve(makeRenew({ ...on, identity: renewed }).entry.bytes)
  })
  await cutOff.close()

  const again = await renewAt(context, { relay, old, renewed })
  expect(again.vaults.map(({ name }) => name)).toEqual(['third', 'vault'])
  expect(again).toMatchObject({ refused: [], withheld: [] })
  const after = new Recovery(context, { relay, identity: renewed })
  expect((await after.look()).vaults.map(({ name }) => name)).toEqual(['second', 'third', 'vault'])
  await after.close()
  expect(await renewAt(context, { relay, old, renewed })).toMatchObject({ vaults: [], withheld: [] })
})
