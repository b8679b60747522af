// What is read from the disk and has not left, and what came and does not stand on the disk, has a bound, however slow the other side is. Here
// the other side takes a step only when this one has come to rest: without the brakes everything would be read before the first step.
import { memoryWirePair } from '@grenier/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import { bytesOf, folder, MemoryVault, wanted, watchedReading } from '../content/content-builders.contract.ts'
import { connected } from '../relay/session.contract.ts'
import { PackShipper } from './pack-shipper.ts'
import type { Vault } from './vault.ts'

const mib = 1 << 20

/** Nothing here waits for time. */
const stillClock: Clock = {
  now: () => 1_800_000_000_000,
  monotonic: () => 0,
  after: () => ({ cancel: () => undefined }),
}

/** Until `count` stays as it is: all work here is done on this thread, and what waits, waits for the other side. */
async function atRest(count: () => number): Promise<void> {
  for (let still = 0, before = count(); still < 5; still += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    const now = count()
    if (now !== before) still = 0
    before = now
  }
}

/** Steps of the other side that wait. */
const steps: (() => void)[] = []
afterEach(() => void steps.splice(0))

/** Takes one step whenever there is rest, until `work` has ended. */
async function slowly<T>(work: Promise<T>, count: () => number): Promise<T> {
  let hasEnded = false
  const ended = work.finally(() => (hasEnded = true))
  ended.catch(() => undefined)
  while (!hasEnded) {
    await atRest(() => count() + steps.length)
    steps.shift()?.()
  }
  return await ended
}

/** Packs sealed and on the line (16 MiB and the one that went over it), waiting to be sealed or taken (4), being filled, cut and read. */
const sendingBytesMax = 52 * mib
/** Cells of two packs, and their fronts. */
const receivingBytesMax = 8.5 * mib
/** What the socket is given, and the part that went over it. */
const wireBytesMax = 768 * 1024

describe('a device that sends', () => {
  it('reads no further than its budget ahead of what the relay has taken', async () => {
    let isSlow = false
    const wires = memoryWirePair((deliver) => (isSlow ? steps.push(deliver) : setImmediate(deliver)))
    const { session, relay } = await connected(() => Promise.resolve(wires), { clock: stillClock })
    const { files, user } = folder()
    const sizeBytes = 64 * mib
    user.write('film', bytesOf('film', sizeBytes))
    const reading = watchedReading(files)
    const vault = new MemoryVault()
    const shipper = new PackShipper({ log: { vault: new Uint8Array(32), isEmpty: true } } as unknown as Vault)
    await shipper.online(session)
    const writer = vault.writer({ emit: (pack) => shipper.take(pack) })

    let [takenBytes, mostWireBytes] = [0, 0]
    relay.script = (message) => {
      if (message.type === 'part') takenBytes += message.bytes.length
      return undefined
    }
    const readBytes = (): number => Math.min(sizeBytes, ((reading.reads.at(-1)?.offset ?? 0) / mib + 4) * mib)
    let mostAhead = 0
    const watch = (): number => {
      mostWireBytes = Math.max(mostWireBytes, wires[0].bufferedBytes)
      mostAhead = Math.max(mostAhead, readBytes() - takenBytes)
      return reading.reads.length
    }
    isSlow = true
    const sent = (async () => {
      for await (const result of vault.ingest(reading.files, writer).read([wanted('film')])) {
        expect(result.outcome).not.toBe('problem')
        shipper.claimed(shipper.ready)
      }
      await writer.finish()
      while (shipper.packs.length > 0) {
        shipper.claimed(shipper.ready)
        if (shipper.packs.length > 0) await shipper.moved()
      }
    })()
    await slowly(sent, watch)
    expect(takenBytes).toBeGreaterThanOrEqual(sizeBytes)
    expect(mostAhead).toBeLessThanOrEqual(sendingBytesMax)
    expect(mostWireBytes).toBeLessThanOrEqual(wireBytesMax)
  })
})

describe('a device that receives', () => {
  it('asks for no more than its budget ahead of what its disk has taken', async () => {
    const { files, user } = folder()
    const sizeBytes = 28 * mib
    user.write('film', bytesOf('film', sizeBytes))
    const vault = new MemoryVault()
    const [film] = await vault.store(files, ['film'])
    if (film === undefined) throw new Error('the film was not stored')

    let [askedBytes, writtenBytes, mostAhead] = [0, 0, 0]
    const watch = (): number => {
      mostAhead = Math.max(mostAhead, askedBytes - writtenBytes)
      return askedBytes
    }
    const fetch = vault.fetch({
      get: (pack, range) => {
        askedBytes += range.length
        return vault.get(pack, range)
      },
    })
    const write = async (_offset: number, bytes: Uint8Array): Promise<boolean> => {
      await new Promise<void>((resolve) => steps.push(resolve))
      writtenBytes += bytes.length
      return true
    }
    const filled = await slowly(fetch.fill([{ ...film, write }]), watch)
    expect(filled).toEqual(['filled'])
    expect(writtenBytes).toBe(sizeBytes)
    expect(mostAhead).toBeLessThanOrEqual(receivingBytesMax)
  })
})
