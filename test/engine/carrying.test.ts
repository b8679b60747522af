// A vault carried from one live relay to another: every entry and pack as it was, over lines that break, cut off anywhere, and brought up to date
// by carrying once more.
import { openAccount } from '@grenier/client'
import { systemRandom } from '@grenier/crypto'
import { memoryStores, type Stores } from '@grenier/relay'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { carriedVault } from '../../packages/client/src/engine/carried-vault.ts'
import { carry, type Carried, type CarriedVault } from '../../packages/client/src/engine/carrying.ts'
import { connectionTo, onSessionOf } from '../../packages/client/src/engine/connect-to.ts'
import type { Connection } from '../../packages/client/src/engine/connection.ts'
import { openVault } from '../../packages/client/src/engine/open-vault.ts'
import { Ground, identity, otherRelayUrl, relayUrl, type Device } from '../folder/devices.ts'
import { keptAt } from '../folder/kept-at.ts'

const stores = memoryStores({ random: systemRandom })
const ground = new Ground(stores)
let [a, b]: Device[] = []

function device(which: 'a' | 'b'): Device {
  const found = which === 'a' ? a : b
  if (found === undefined) throw new Error('no device yet')
  return found
}

beforeAll(async () => {
  ;[a, b] = await ground.pair()
  for (let round = 0; round < 3; round += 1) {
    device('a').write(`file ${round}`, Buffer.from(systemRandom.bytes(80_000)).toString('base64'))
    await device('a').sync()
    await device('b').sync()
  }
  const { home, platform, signal } = device('a').context()
  await openAccount({ home, platform, signal }, { relay: otherRelayUrl, invite: undefined, identity })
})
afterAll(() => ground.end())

/** What a relay has of the vault. */
const kept = (of: Stores): ReturnType<typeof keptAt> => keptAt(of, device('a').home.folders[0]?.vault ?? '')

/** Carries what a device knows. `spoil`: what happens to the source on the way. */
async function carries(
  of: Device,
  spoil: (from: CarriedVault, line: Connection) => CarriedVault = (from) => from,
): Promise<Carried> {
  const context = of.context()
  const record = context.home.folders[0]
  if (record === undefined) throw new Error('no folder')
  const [source, target] = [connectionTo(context, relayUrl), connectionTo(context, otherRelayUrl)]
  const opened = await openVault(context, record)
  try {
    const from = spoil(carriedVault(opened.vault, source), source)
    return await carry({ from, onSession: onSessionOf(target) })
  } finally {
    await Promise.all([source.close(), target.close()])
    await opened.close()
  }
}

/** The source fails at its read of this number. */
function failing(from: CarriedVault, reads: number): CarriedVault {
  let left = reads
  const read = (): void => {
    if ((left -= 1) < 0) throw new Error('cut off')
  }
  return {
    ...from,
    async *entries(sequence) {
      for await (const entry of from.entries(sequence)) {
        read()
        yield entry
      }
    },
    async pack(id) {
      read()
      return await from.pack(id)
    },
  }
}

test('cut off at any read, carrying goes on and sends nothing twice; then all is there, once', async () => {
  let sent = 0
  const reached: number[] = []
  for (let reads = 1; ; reads += 1) {
    const done = await carries(device('a'), (from) => failing(from, reads)).catch((error: unknown) => {
      if ((error as Error).message !== 'cut off') throw error
      return undefined
    })
    const there = await kept(ground.otherStores)
    reached.push(there.entries.length + there.packs.length)
    if (done === undefined) continue
    sent = done.entries + done.packs
    expect(done.lacking).toEqual([])
    break
  }
  expect(sent).toBe((reached.at(-1) ?? 0) - (reached.at(-2) ?? 0))
  expect(new Set(reached).size).toBeGreaterThan(2)
  expect(reached).toEqual([...reached].sort((one, two) => one - two))
  expect(await kept(ground.otherStores)).toEqual(await kept(stores))
  expect(await carries(device('a'))).toMatchObject({ entries: 0, packs: 0, lacking: [] })
})

test('carried again it brings the copy up to date, with what is new alone, over a line that breaks', async () => {
  device('b').write('later', Buffer.from(systemRandom.bytes(50_000)).toString('base64'))
  await device('b').sync()
  await device('a').sync()
  const before = await kept(ground.otherStores)
  const done = await carries(device('a'), (from, line) => ({
    ...from,
    async pack(id) {
      const coming = from.pack(id)
      await line.close()
      return await coming
    },
  }))
  const after = await kept(ground.otherStores)
  expect(after).toEqual(await kept(stores))
  expect(done.entries).toBe(after.entries.length - before.entries.length)
  expect(done.packs).toBe(after.packs.length - before.packs.length)
  expect(done.packs).toBeGreaterThan(0)
})
