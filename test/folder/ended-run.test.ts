// What is sent after a long run is as small as it would be without it: a run ends with its last pack, however large that is, and with no other.
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import * as fs from 'node:fs'
import { packBytesAlone, packBytesMax, packBytesShort, storedBytesFor, systemRandom } from '@grenier/crypto'
import { PackShipper } from '../../packages/client/src/engine/pack-shipper.ts'
import type { RelaySession } from '../../packages/client/src/relay/relay-session.ts'
import { Ground, type Device } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())
afterEach(() => vi.restoreAllMocks())

const fileBytes = 64 * 1024
/** So many fit a pack: each is one chunk, and nothing of it gets shorter. */
const inPack = 63

/** The sizes of all packs of content that the relay took from now on. Of those that are put only so many arrive, until `most` is made more. */
function sizesPut(line = { most: Infinity }): number[] {
  const sizes: number[] = []
  const online = Reflect.get(PackShipper.prototype, 'online')
  // What the shipper needs of a session.
  const counting = (session: RelaySession): RelaySession => {
    const put: RelaySession['put'] = async (vault, pack) => {
      if (sizes.length >= line.most) await session.closed
      else sizes.push(pack.bytes.length)
      await session.put(vault, pack)
    }
    const have: RelaySession['have'] = (vault, packs) => session.have(vault, packs)
    return { have, put } as RelaySession
  }
  vi.spyOn(PackShipper.prototype, 'online').mockImplementation(function counted(this: PackShipper, session) {
    return online.call(this, counting(session))
  })
  return sizes
}

function writeFiles(device: Device, names: readonly string[]): void {
  for (const name of names) device.write(name, systemRandom.bytes(fileBytes))
}

const twoPacks = Array.from({ length: 2 * inPack }, (_, at) => `f${at}`)

test('a run whose last pack is as large as a full one is over when all of it is sent', async () => {
  const [a] = await ground.pair()
  const sizes = sizesPut()
  writeFiles(a, twoPacks)
  expect((await a.sync()).problems).toEqual([])
  expect(sizes).toEqual([packBytesMax, packBytesMax])
  writeFiles(a, ['more', 'and-more', 'another'])
  expect((await a.sync()).problems).toEqual([])
  expect(sizes.slice(2)).toEqual([packBytesAlone(3 * fileBytes)])
})

test('a run that was cut off is not over because nothing was sent for once', async () => {
  const [a, b] = await ground.pair()
  const line = { most: 1 }
  const sizes = sizesPut(line)
  writeFiles(a, twoPacks)
  const watching = await a.watch()
  await vi.waitFor(
    async () => {
      await b.sync()
      expect(b.names()).toHaveLength(inPack)
    },
    { timeout: 30_000 },
  )
  await watching.stop()
  line.most = Infinity
  const arrived = new Set(b.names())
  for (const name of a.names()) if (!arrived.has(name)) fs.rmSync(a.at(name))
  expect((await a.sync()).problems).toEqual([])
  expect(sizes).toEqual([packBytesMax])
  writeFiles(a, ['rest-1', 'rest-2', 'rest-3'])
  expect((await a.sync()).problems).toEqual([])
  const runBytes = packBytesMax + storedBytesFor(3 * fileBytes)
  expect(sizes.slice(1)).toEqual([packBytesShort(3 * fileBytes, runBytes)])
  expect(sizes[1]).toBeGreaterThan(packBytesAlone(3 * fileBytes))
  writeFiles(a, ['more-1', 'more-2', 'more-3'])
  expect((await a.sync()).problems).toEqual([])
  expect(sizes.slice(2)).toEqual([packBytesAlone(3 * fileBytes)])
})
