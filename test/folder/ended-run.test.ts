// What is sent after a long run is as small as it would be without it: a run ends with its last pack, however large that is.
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { packBytesAlone, packBytesMax, systemRandom } from '@grenier/crypto'
import { PackShipper } from '../../packages/client/src/engine/pack-shipper.ts'
import type { RelaySession } from '../../packages/client/src/relay/relay-session.ts'
import { Ground } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())
afterEach(() => vi.restoreAllMocks())

const fileBytes = 64 * 1024
/** So many fit a pack: each is one chunk, and nothing of it gets shorter. */
const inPack = 63

/** The sizes of all packs of content that are put from now on. */
function sizesPut(): number[] {
  const sizes: number[] = []
  const online = Reflect.get(PackShipper.prototype, 'online')
  // What the shipper needs of a session.
  const counting = (session: RelaySession): RelaySession => {
    const put: RelaySession['put'] = (vault, pack) => {
      sizes.push(pack.bytes.length)
      return session.put(vault, pack)
    }
    const have: RelaySession['have'] = (vault, packs) => session.have(vault, packs)
    return { have, put } as RelaySession
  }
  vi.spyOn(PackShipper.prototype, 'online').mockImplementation(function counted(this: PackShipper, session) {
    return online.call(this, counting(session))
  })
  return sizes
}

test(
  'a run whose last pack is as large as a full one is over when all of it is sent',
  { timeout: 60_000 },
  async () => {
    const [a] = await ground.pair()
    const sizes = sizesPut()
    for (let at = 0; at < 2 * inPack; at += 1) a.write(`f${at}`, systemRandom.bytes(fileBytes))
    expect((await a.sync()).problems).toEqual([])
    expect(sizes).toEqual([packBytesMax, packBytesMax])
    for (const name of ['more', 'and-more', 'another']) a.write(name, systemRandom.bytes(fileBytes))
    expect((await a.sync()).problems).toEqual([])
    expect(sizes.slice(2)).toEqual([packBytesAlone(3 * fileBytes)])
  },
)
