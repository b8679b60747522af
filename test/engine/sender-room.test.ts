// Reading waits while many files that were read wait for a pack that is on its way, and goes on when it has arrived.
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { Tally } from '../../packages/client/src/engine/tally.ts'
import type { SenderParts } from '../../packages/client/src/engine/sender.ts'
import { PackShipper } from '../../packages/client/src/engine/pack-shipper.ts'
import type { RelaySession } from '../../packages/client/src/relay/relay-session.ts'
import { agree, Ground, relayUrl } from '../folder/devices.ts'
import { systemRandom } from '@grenier/crypto'

const waitingFilesMax = 20
vi.mock(import('../../packages/client/src/engine/sender-by-role.ts'), async (original) => {
  const { senderByRole, ...others } = await original()
  return { ...others, senderByRole: (parts: SenderParts) => senderByRole({ ...parts, waitingFilesMax }) }
})

const ground = new Ground()
afterAll(() => ground.end())
afterEach(() => vi.restoreAllMocks())

/** Some ten packs of 4 MiB: less than the brakes that count bytes let through. */
const count = 600
const fileBytes = 64 * 1024

/** Resolves when the number has begun to grow, and has stood still since. */
async function atRest(number: () => number): Promise<void> {
  for (let [before, still] = [-1, 0]; still < 10; still += 1) {
    if (number() === 0 || number() !== before) still = 0
    before = number()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A device with many new files, none of whose packs arrives before `open` is called. `read`: how many files were read so far. */
async function held() {
  const [a, b] = await ground.pair()
  for (let at = 0; at < count; at += 1) a.write(`f${at}`, systemRandom.bytes(fileBytes))
  const solved = vi.spyOn(Tally.prototype, 'solved')
  const gate = Promise.withResolvers<undefined>()
  const online = Reflect.get(PackShipper.prototype, 'online')
  // What the shipper needs of a session.
  const gated = (session: RelaySession): RelaySession => {
    const put: RelaySession['put'] = async (vault, pack) => {
      await Promise.race([gate.promise, session.closed])
      await session.put(vault, pack)
    }
    const have: RelaySession['have'] = (vault, packs) => session.have(vault, packs)
    return { have, put } as RelaySession
  }
  vi.spyOn(PackShipper.prototype, 'online').mockImplementation(function holding(this: PackShipper, session) {
    return online.call(this, gated(session))
  })
  return { a, b, open: () => gate.resolve(undefined), read: () => solved.mock.calls.length }
}

test(
  'reading waits for a pack that is on its way, and goes on when it has arrived',
  { timeout: 60_000 },
  async () => {
    const { a, b, open, read } = await held()
    const synced = a.sync()
    await atRest(read)
    const ahead = read()
    open()
    expect((await synced).problems).toEqual([])
    // One pack is being filled when the first one goes; what is read until that is sealed is a few more.
    expect(ahead).toBeGreaterThanOrEqual(waitingFilesMax)
    expect(ahead).toBeLessThan(count / 2)
    await agree(a, b)
    expect(b.names()).toHaveLength(count)
  },
)

test('a line that breaks meanwhile is dialled again, and all of it goes', { timeout: 60_000 }, async () => {
  const { a, b, open, read } = await held()
  const synced = a.sync()
  await atRest(read)
  ground.hangUp(relayUrl)
  open()
  expect((await synced).problems).toEqual([])
  await agree(a, b)
  expect(b.names()).toHaveLength(count)
})

test('a run that is to stop meanwhile ends', { timeout: 60_000 }, async () => {
  const { a, read } = await held()
  const watching = await a.watch()
  await atRest(read)
  expect(read()).toBeGreaterThanOrEqual(waitingFilesMax)
  await watching.stop()
  expect(await watching.ended).toMatchObject({ code: 'interrupted' })
})
