// An owner who was taken out where the vault is now, and is an owner still in the log that ended when it was moved: what they put back behind that
// end, at an honest relay, leads nobody anywhere who can ask the relay that the move leads to.
import { openFolder } from '@grenier/client'
import {
  advance,
  decodeEntry,
  fromHex,
  makeConfig,
  systemRandom,
  toHex,
  vaultId,
  type LogState,
} from '@grenier/crypto'
import { memoryStores, type Stores } from '@grenier/relay'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deviceLogin, logInAt } from '../../packages/client/src/engine/relay-login.ts'
import { openVault } from '../../packages/client/src/engine/open-vault.ts'
import { agree, Ground, otherRelayUrl, relayUrl, type Device } from '../folder/devices.ts'
import { keptAt } from '../folder/kept-at.ts'

let stores: Stores
let ground: Ground
let a: Device
let away: Device
let removed: Device

beforeEach(async () => {
  stores = memoryStores({ random: systemRandom })
  ground = new Ground(stores)
  a = ground.device('alpha')
  away = ground.device('beta', { isAlone: true })
  removed = ground.device('gamma', { isAlone: true })
  a.write('first', 'of a')
  await a.add()
  await away.join(a)
  await removed.joinBy(await a.invite('owner'))
  await agree(a, away, removed)
  const engine = await openFolder(a.context(), a.folder)
  await engine.move({ relay: otherRelayUrl, removeOld: false })
  await engine.close()
})
afterEach(() => ground.end())

async function takeOut(): Promise<void> {
  const engine = await openFolder(a.context(), a.folder)
  const member = toHex(removed.home.device.sign.publicKey)
  await engine.changeMembers({ do: 'revoke', member }).finally(() => engine.close())
  a.write('second', 'of a')
  await a.sync()
}

/** The removed owner says, behind the end of the old log, that the vault goes on there. */
async function says(relay: string): Promise<void> {
  const { home, platform } = removed.context()
  const [record] = home.folders
  if (record === undefined) throw new Error('no folder')
  const open = await openVault(removed.context(), record)
  const { epochKeys } = open.vault.log.keys
  await open.close()
  const kept = await keptAt(stores, record.vault)
  const state = kept.entries.reduce<LogState | undefined>(
    (before, hex) => advance(before, decodeEntry(fromHex(hex))),
    undefined,
  )
  if (state === undefined) throw new Error('no log')
  const { sequence, hash, at } = state.head
  const continuation = { relay, sequence, hash }
  const on = { state, signer: home.device, at, random: systemRandom, epochKeys }
  const session = await logInAt(platform, relayUrl, deviceLogin(home))
  try {
    const put = await session.putBack(
      vaultId(fromHex(record.vault)),
      makeConfig({ ...on, continuation }).entry.bytes,
    )
    expect(put).toBe('stands')
  } finally {
    await session.close()
  }
}

for (const relay of [relayUrl, 'ws://127.0.0.1:9'])
  test(`attack 32: to ${relay === relayUrl ? 'the old relay' : 'one of theirs'}: a device that was away goes where the move leads`, async () => {
    await takeOut()
    await says(relay)
    away.write('of the one that was away', 'kept')
    await agree(a, away)
    expect(away.home.folders[0]?.relay).toBe(otherRelayUrl)
    expect([away.read('second'), a.read('of the one that was away')]).toEqual(['of a', 'kept'])
  })

test('an owner who is one still is followed home, though the relay in between has entries of its own', async () => {
  a.write('second', 'of a')
  await a.sync()
  await says(relayUrl)
  away.write('of the one that was away', 'kept')
  await away.sync()
  expect(away.home.folders[0]?.relay).toBe(relayUrl)
})
