// A relay that is gone for good, and an owner who goes on at the mirror: nothing is lost that the mirror or any device has, the others follow by
// themselves, cut off anywhere it goes on, and a first relay that comes back draws nobody apart without a word.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  adoptFolder,
  ClientError,
  joinFolder,
  openFolder,
  systemClock,
  type Clock,
  type FolderEvent,
  type FolderStatus,
  type Platform,
} from '@grenier/client'
import { systemRandom } from '@grenier/crypto'
import { memoryStores, type Stores } from '@grenier/relay'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Promoted, PromoteOptions } from '../../packages/client/src/engine/promoting.ts'
import { agree, Ground, otherRelayUrl, relayUrl, thirdRelayUrl, type Device } from '../folder/devices.ts'
import { keptAt } from '../folder/kept-at.ts'

let stores: Stores
let ground: Ground
let a: Device
let b: Device
let aheadMs = 0
/** Waits between attempts at a relay that is gone are most of the time here: they pass five times as quickly. */
const quick: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * 5,
  after: (delayMs, fire) => systemClock.after(delayMs / 5, fire),
}
const clock: Clock = { ...quick, now: () => Date.now() + aheadMs }

beforeEach(async () => {
  aheadMs = 0
  stores = memoryStores({ random: systemRandom })
  ground = new Ground(stores)
  a = ground.device('alpha', { clock })
  // A friend's device: no account anywhere.
  b = ground.device('beta', { isAlone: true, clock: quick })
  a.write('first', noise(60_000))
  await a.add()
  await b.join(a)
  await withEngine(a, (engine) => engine.changeMirrors({ do: 'add', relay: otherRelayUrl }))
  await agree(a, b)
})
afterEach(() => ground.end())

type Dial = Platform['dial']
type Engine = Awaited<ReturnType<typeof openFolder>>

function noise(bytes: number): string {
  return Buffer.from(systemRandom.bytes(bytes)).toString('base64')
}

const kept = (of: Stores): ReturnType<typeof keptAt> => keptAt(of, a.home.folders[0]?.vault ?? '')

async function withEngine<T>(
  device: Device,
  work: (engine: Engine) => Promise<T>,
  dial?: (url: string, dial: Dial) => ReturnType<Dial>,
): Promise<T> {
  const context = device.context()
  const { platform } = context
  const through: Dial = (url) => dial?.(url, platform.dial.bind(platform)) ?? platform.dial(url)
  const engine = await openFolder({ ...context, platform: { ...platform, dial: through } }, device.folder)
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

async function promotes(device: Device, options: Partial<PromoteOptions> = {}): Promise<Promoted> {
  return await withEngine(device, (engine) =>
    engine.promote({ relay: otherRelayUrl, force: false, ...options }),
  )
}

async function statusOf(device: Device): Promise<FolderStatus> {
  return await withEngine(device, (engine) => engine.status())
}

/** As the command does it. */
async function forgetsFolder({ home, folder }: Device): Promise<void> {
  const [record] = home.folders
  if (record === undefined) throw new Error('no folder')
  await home.removeFolder(record.path)
  rmSync(join(folder, '.grenier'), { recursive: true, force: true })
}

function relaysOf(...devices: readonly Device[]): (string | undefined)[] {
  return devices.map(({ home }) => home.folders[0]?.relay)
}

function named(device: Device, name: FolderEvent['event']): FolderEvent[] {
  return device.events.filter(({ event }) => event === name)
}

describe('a vault whose first relay is gone', () => {
  test('goes on at the mirror, with all that was there; devices that were away the whole time follow, and send what they had', async () => {
    const c = ground.device('gamma', { isAlone: true, clock: quick })
    await c.joinBy(await a.invite('reader'))
    await agree(a, b, c)
    const before = await kept(stores)
    ground.lose(relayUrl)
    b.write('of b', 'written while nobody answered')
    await expect(b.sync()).rejects.toMatchObject({ code: 'relay-unreachable' })
    expect(relaysOf(b)).toEqual([relayUrl])
    const promoted = await promotes(a)
    expect(promoted).toMatchObject({ relay: otherRelayUrl, from: relayUrl, isThere: false, lacking: 0 })
    const now = await kept(ground.otherStores)
    expect(now.entries.slice(0, before.entries.length)).toEqual(before.entries)
    expect(now.entries.length).toBe(before.entries.length + 1)
    expect(now.packs).toEqual(before.packs)
    a.write('of a', 'written after')
    await agree(a, b, c)
    expect([a.read('of b'), c.read('of a')]).toEqual(['written while nobody answered', 'written after'])
    expect(relaysOf(a, b, c)).toEqual([otherRelayUrl, otherRelayUrl, otherRelayUrl])
    expect(await statusOf(a)).toMatchObject({ mirrors: [] })
    // Said again it does nothing.
    const entries = (await kept(ground.otherStores)).entries.length
    expect(await promotes(a)).toMatchObject({ isThere: true, entries: 0, packs: 0, lacking: 0 })
    expect((await kept(ground.otherStores)).entries.length).toBe(entries)
  })

  test('tells where it went to a device that watches, which had no answer from the first relay', async () => {
    const watching = await b.watch()
    await b.synced(watching)
    ground.lose(relayUrl)
    await promotes(a)
    b.write('while it watches', 'here')
    ground.hangUp(relayUrl)
    await watching.until(() => named(b, 'moved').length > 0)
    await watching.until(() => named(b, 'change').length > 0)
    await watching.stop()
    await agree(a, b)
    expect(a.read('while it watches')).toBe('here')
  })

  test('what the mirror never had is sent anew by who has it, and is not lacking then', async () => {
    ground.lose(otherRelayUrl)
    a.write('here still', noise(50_000))
    await agree(a, b)
    ground.lose(relayUrl)
    ground.restart(otherRelayUrl)
    // The relay lists the lost pack all the same: nothing of it is missed.
    expect(await promotes(a)).toMatchObject({ lacking: 0, packs: 1 })
  })

  test('what nobody has any more of what the mirror never had is told as lacking', async () => {
    ground.lose(otherRelayUrl)
    a.write('gone since', noise(50_000))
    await agree(a, b)
    rmSync(join(a.folder, 'gone since'))
    await agree(a, b)
    ground.lose(relayUrl)
    ground.restart(otherRelayUrl)
    expect(await promotes(a)).toMatchObject({ lacking: 1, packs: 0 })
    await agree(a, b)
  })

  test('is promoted through the run that holds the folder, though that run cannot reach anybody', async () => {
    const watching = await a.watch()
    await a.synced(watching)
    ground.lose(relayUrl)
    ground.hangUp(relayUrl)
    await watching.until(() => a.events.some((event) => event.event === 'state' && event.state === 'offline'))
    a.write('meanwhile', 'kept')
    const promoted = await watching.engine.promote({ relay: otherRelayUrl, force: false })
    expect(promoted).toMatchObject({ relay: otherRelayUrl, lacking: 0 })
    await watching.until(() => named(a, 'change').length > 0)
    await watching.stop()
    await agree(a, b)
    expect(b.read('meanwhile')).toBe('kept')
  })

  test('has there what the mirror lacked: entries that any device knows, and content that any device has', async () => {
    ground.lose(otherRelayUrl)
    a.write('unmirrored of a', noise(50_000))
    await a.sync()
    b.write('unmirrored of b', noise(50_000))
    await agree(a, b)
    b.write('known to b alone', 'there')
    await b.sync()
    ground.restart(otherRelayUrl)
    ground.lose(relayUrl)
    const promoted = await promotes(a)
    expect(promoted.entries).toBeGreaterThan(1)
    expect(promoted.packs).toBeGreaterThan(0)
    // What b appended and nobody else heard of is not in this log: it has parted, and a person decides; nothing is gone.
    expect(await b.refusal()).toMatchObject({ code: 'relay-contradicts' })
    expect(relaysOf(b)).toEqual([otherRelayUrl])
    await adoptFolder(b.context(), b.folder)
    await agree(a, b)
    expect(a.names()).toEqual(['first', 'known to b alone', 'unmirrored of a', 'unmirrored of b'])
    const c = ground.device('gamma', { isAlone: true, clock: quick })
    await c.join(a)
    expect(c.read('unmirrored of a')).toBe(a.read('unmirrored of a'))
    expect(c.read('unmirrored of b')).toBe(a.read('unmirrored of b'))
  })

  test('was moved before, too: who knew more than the mirror can adopt', async () => {
    await withEngine(a, (engine) => engine.move({ relay: thirdRelayUrl, removeOld: false }))
    await agree(a, b)
    ground.lose(otherRelayUrl)
    b.write('known to b alone', 'there')
    await b.sync()
    ground.restart(otherRelayUrl)
    ground.lose(thirdRelayUrl)
    await promotes(a)
    a.write('of a', 'at the mirror')
    await a.sync()
    expect(await b.refusal()).toMatchObject({ code: 'relay-contradicts' })
    await adoptFolder(b.context(), b.folder)
    await agree(a, b)
    expect([a.read('known to b alone'), b.read('of a')]).toEqual(['there', 'at the mirror'])
  })

  test('cut off after any frame, goes on when it is asked for again', async () => {
    a.write('sent to the first alone', noise(40_000))
    ground.lose(otherRelayUrl)
    await agree(a, b)
    ground.restart(otherRelayUrl)
    ground.lose(relayUrl)
    let promoted: Promoted | undefined
    const places = new Set<string>()
    for (let frames = 3; promoted === undefined; frames += 4) {
      let left = frames
      promoted = await withEngine(
        a,
        (engine) => engine.promote({ relay: otherRelayUrl, force: false }),
        async (url, dial) => {
          const cut = new ClientError('interrupted', 'cut off')
          const wire = await dial(url)
          if (left <= 0) throw cut
          const send = wire.send.bind(wire)
          wire.send = (frame) => {
            if ((left -= 1) > 0) send(frame)
            else wire.close(1000)
          }
          return wire
        },
      ).catch((error: unknown) => {
        if (!(error instanceof ClientError) || !['interrupted', 'relay-unreachable'].includes(error.code))
          throw error
        return undefined
      })
      places.add(`${relaysOf(a).join()} ${(await kept(ground.otherStores)).entries.length}`)
    }
    expect(places.size).toBeGreaterThan(2)
    await agree(a, b)
    expect(relaysOf(a, b)).toEqual([otherRelayUrl, otherRelayUrl])
    expect(b.read('sent to the first alone')).toBe(a.read('sent to the first alone'))
  })
})

describe('devices that were away', () => {
  test('during a move, after which the first relay is gone, hear from the mirror where it went', async () => {
    await withEngine(a, (engine) => engine.move({ relay: thirdRelayUrl, removeOld: false }))
    a.write('of a', 'at the third')
    await a.sync()
    ground.lose(relayUrl)
    b.write('of b', 'written while away')
    await agree(b, a)
    expect(relaysOf(a, b)).toEqual([thirdRelayUrl, thirdRelayUrl])
    expect([a.read('of b'), b.read('of a')]).toEqual(['written while away', 'at the third'])
  })

  test('during a move and the end of both relays, find the way to the mirror where an owner goes on', async () => {
    await withEngine(a, (engine) => engine.move({ relay: thirdRelayUrl, removeOld: false }))
    await a.sync()
    ground.lose(relayUrl)
    ground.lose(thirdRelayUrl)
    await promotes(a)
    b.write('of b', 'written while away')
    await agree(b, a)
    expect(relaysOf(a, b)).toEqual([otherRelayUrl, otherRelayUrl])
    expect(a.read('of b')).toBe('written while away')
  })

  test('are led nowhere by a mirror that stands still, when the vault has gone home since', async () => {
    const move = async (relay: string): Promise<unknown> =>
      await withEngine(a, (engine) => engine.move({ relay, removeOld: false }))
    await move(thirdRelayUrl)
    await a.sync()
    ground.lose(otherRelayUrl)
    await move(relayUrl)
    ground.restart(otherRelayUrl)
    ground.lose(relayUrl)
    // Where it leads to answers, and has no more to say than the mirror.
    await b.sync().catch(() => undefined)
    ground.restart(relayUrl)
    ground.lose(thirdRelayUrl)
    b.write('of b', 'comes home')
    await agree(b, a)
    expect(relaysOf(a, b)).toEqual([relayUrl, relayUrl])
    expect(a.read('of b')).toBe('comes home')
  })

  test('are led to no relay that is gone', async () => {
    await withEngine(a, (engine) => engine.move({ relay: thirdRelayUrl, removeOld: false }))
    await a.sync()
    ground.lose(thirdRelayUrl)
    ground.lose(relayUrl)
    await expect(b.sync()).rejects.toMatchObject({ code: 'relay-unreachable' })
    expect(relaysOf(b)).toEqual([relayUrl])
    ground.restart(thirdRelayUrl)
    await b.sync()
    expect(relaysOf(b)).toEqual([thirdRelayUrl])
  })

  test('or joined lately, and one of two mirrors has not heard of them: the other one has, and that is what counts', async () => {
    await withEngine(a, (engine) => engine.changeMirrors({ do: 'add', relay: thirdRelayUrl }))
    await b.sync()
    ground.lose(relayUrl)
    await expect(b.sync()).rejects.toSatisfy(
      (error) => error instanceof ClientError && error.data['unknown'] === undefined,
    )
  })

  test('or joined too late for the mirror to know them: that is said, and who joins anew loses nothing', async () => {
    ground.lose(otherRelayUrl)
    const c = ground.device('gamma', { isAlone: true, clock: quick })
    await c.joinBy(await a.invite())
    await c.sync()
    c.write('of c', 'nobody else has it')
    ground.lose(relayUrl)
    ground.restart(otherRelayUrl)
    await promotes(a)
    await expect(c.sync()).rejects.toMatchObject({
      code: 'relay-unreachable',
      data: { mirror: otherRelayUrl, unknown: otherRelayUrl },
    })
    await forgetsFolder(c)
    await c.joinBy(await a.invite())
    await agree(a, b, c)
    expect(b.read('of c')).toBe('nobody else has it')
  })

  test('during two promotions are told by whichever of the relays comes back first', async () => {
    await withEngine(a, (engine) => engine.changeMirrors({ do: 'add', relay: thirdRelayUrl }))
    await agree(a, b)
    await a.sync()
    ground.lose(relayUrl)
    await promotes(a)
    a.write('of a', 'at the mirror')
    await a.sync()
    ground.lose(otherRelayUrl)
    await promotes(a, { relay: thirdRelayUrl })
    ground.restart(relayUrl)
    ground.restart(otherRelayUrl)
    aheadMs = 3_600_000
    await a.sync()
    const now = (await kept(ground.thirdStores)).entries
    for (const of of [stores, ground.otherStores]) {
      const { entries } = await kept(of)
      expect(entries).toEqual(now.slice(0, entries.length))
    }
    // Each of them leads away: nobody writes there any more.
    b.write('of b', 'at last')
    await b.sync()
    expect(relaysOf(a, b)).toEqual([thirdRelayUrl, thirdRelayUrl])
    await agree(a, b)
    expect([a.read('of b'), b.read('of a')]).toEqual(['at last', 'at the mirror'])
    expect(named(a, 'parted')).toEqual([])
  })
})

describe('a mirror of which the log does not say yet that the vault is there', () => {
  test('is said to be where it is by an owner who was told so', async () => {
    ground.lose(relayUrl)
    const [record] = a.home.folders
    if (record === undefined) throw new Error('no folder')
    // As after `recover` from the mirror.
    await a.home.addFolder({ ...record, relay: otherRelayUrl })
    a.write('of a', 'there')
    await expect(b.sync()).rejects.toMatchObject({
      code: 'relay-unreachable',
      data: { mirror: otherRelayUrl },
    })
    expect(await promotes(a)).toMatchObject({ isThere: true })
    await agree(a, b)
    expect(b.read('of a')).toBe('there')
  })
})

describe('who may, and when', () => {
  test('the first relay works: refused, and nothing is done; a member who is no owner, and a relay that is no mirror, are too', async () => {
    await expect(promotes(a)).rejects.toMatchObject({ code: 'mirror-refused', data: { what: 'first-works' } })
    expect(relaysOf(a)).toEqual([relayUrl])
    // As one whose join was cut off before it read anything.
    const late = ground.device('gamma', { isAlone: true, clock: quick })
    const code = await a.invite('owner')
    await (await joinFolder(late.context(), { path: late.folder, code })).close()
    ground.lose(relayUrl)
    await expect(promotes(b)).rejects.toMatchObject({ code: 'relay-refused', data: { reason: 'no-right' } })
    await expect(promotes(late)).rejects.toMatchObject({
      code: 'relay-refused',
      data: { reason: 'no-right' },
    })
    await expect(promotes(a, { relay: 'ws://127.0.0.1:3' })).rejects.toMatchObject({
      code: 'mirror-refused',
      data: { what: 'unknown' },
    })
    ground.lose(otherRelayUrl)
    await expect(promotes(a)).rejects.toMatchObject({ code: 'relay-unreachable' })
    expect(relaysOf(a, b)).toEqual([relayUrl, relayUrl])
  })

  test('told to all the same, it takes along what the first relay has, and tells that one, so that all follow at once', async () => {
    b.write('of b', 'at the first')
    await b.sync()
    const promoted = await promotes(a, { force: true })
    expect(promoted).toMatchObject({ relay: otherRelayUrl, lacking: 0 })
    const closed = await kept(stores)
    expect(closed.entries).toEqual((await kept(ground.otherStores)).entries)
    await agree(a, b)
    expect(a.read('of b')).toBe('at the first')
    expect(relaysOf(a, b)).toEqual([otherRelayUrl, otherRelayUrl])
    b.write('later', 'of b')
    await agree(a, b)
    expect(await kept(stores)).toEqual(closed)
  })

  test('told to all the same, it takes along what the first relay alone has of content', async () => {
    ground.lose(otherRelayUrl)
    a.write('gone since', noise(50_000))
    await agree(a, b)
    rmSync(join(a.folder, 'gone since'))
    await agree(a, b)
    ground.restart(otherRelayUrl)
    expect(await promotes(a, { force: true })).toMatchObject({ lacking: 0 })
    expect((await kept(ground.otherStores)).packs).toEqual((await kept(stores)).packs)
  })

  test('a mirror with a relay written otherwise is the same one; the relay of the vault is none of its own', async () => {
    const again = await withEngine(a, (engine) =>
      engine.changeMirrors({ do: 'add', relay: `${otherRelayUrl}/` }),
    )
    expect(again).toEqual([otherRelayUrl])
    await expect(
      withEngine(a, (engine) => engine.changeMirrors({ do: 'add', relay: `${relayUrl}/` })),
    ).rejects.toMatchObject({ code: 'mirror-refused', data: { what: 'first' } })
    await expect(
      withEngine(a, (engine) => engine.changeMirrors({ do: 'remove', relay: 'ws://127.0.0.1:3' })),
    ).rejects.toMatchObject({ code: 'mirror-refused', data: { what: 'unknown' } })
  })
})

describe('a first relay that comes back', () => {
  test('as it was is told by a device that knows, and then tells all the others', async () => {
    ground.lose(relayUrl)
    await promotes(a)
    ground.restart(relayUrl)
    aheadMs = 3_600_000
    await a.sync()
    const [old, now] = [await kept(stores), await kept(ground.otherStores)]
    expect(old.entries).toEqual(now.entries.slice(0, old.entries.length))
    const mirror = ground.dialled(otherRelayUrl)
    b.write('of b', 'at last')
    await b.sync()
    expect(relaysOf(b)).toEqual([otherRelayUrl])
    expect(ground.dialled(otherRelayUrl)).toBeGreaterThan(mirror)
    await agree(a, b)
    expect((await kept(stores)).entries).toEqual(old.entries)
    expect(named(a, 'parted')).toEqual([])
  })

  test('is told the word that took the vault from there, and nothing of where it was taken later', async () => {
    ground.lose(relayUrl)
    const { length } = (await kept(stores)).entries
    await promotes(a)
    const word = await kept(ground.otherStores)
    a.write('of a', 'at the mirror')
    await a.sync()
    await withEngine(a, (engine) => engine.move({ relay: thirdRelayUrl, removeOld: false }))
    expect(relaysOf(a)).toEqual([thirdRelayUrl])
    ground.restart(relayUrl)
    aheadMs = 3_600_000
    await a.sync()
    expect(word.entries.length).toBe(length + 1)
    expect((await kept(stores)).entries).toEqual(word.entries)
    expect(named(a, 'parted')).toEqual([])
    b.write('of b', 'at last')
    await agree(a, b)
    expect(relaysOf(a, b)).toEqual([thirdRelayUrl, thirdRelayUrl])
    expect([a.read('of b'), b.read('of a')]).toEqual(['at last', 'at the mirror'])
  })

  test('with what others wrote there meanwhile: both are told, nobody’s file is lost, and a person brings it together', async () => {
    const c = ground.device('gamma', { isAlone: true, clock })
    await c.joinBy(await a.invite('reader'))
    await agree(a, b, c)
    ground.lose(relayUrl)
    await promotes(a)
    a.write('of a', 'at the mirror')
    await a.sync()
    ground.restart(relayUrl)
    // Who only reads looks at the mirrors, too, and has nothing that could have parted.
    aheadMs = 7_200_000
    await c.sync()
    expect([c.read('of a'), relaysOf(c)]).toEqual(['at the mirror', [otherRelayUrl]])
    b.write('of b', 'at the first')
    b.write('first', 'changed by b')
    // It writes where it always did, and finds at the mirror that an owner went on there.
    expect(await b.refusal()).toMatchObject({ code: 'relay-contradicts' })
    expect(named(b, 'moved')).toEqual([{ event: 'moved', relay: otherRelayUrl, from: relayUrl }])
    expect([b.read('of b'), b.read('first')]).toEqual(['at the first', 'changed by b'])
    await a.sync()
    expect(named(a, 'parted')).toEqual([{ event: 'parted', relay: relayUrl }])
    await adoptFolder(b.context(), b.folder)
    await agree(a, b)
    expect([a.read('of b'), b.read('of a'), a.read('first')]).toEqual([
      'at the first',
      'at the mirror',
      'changed by b',
    ])
    expect(relaysOf(a, b)).toEqual([otherRelayUrl, otherRelayUrl])
  })

  test('with who joined there by a code of before: that one is told after a day, joins anew, and nothing is lost', async () => {
    const codes = [await a.invite(), await a.invite('reader'), await a.invite('owner')]
    ground.lose(relayUrl)
    await promotes(a)
    await agree(a, b)
    ground.restart(relayUrl)
    const [c, d, e] = ['gamma', 'delta', 'epsilon'].map((name) =>
      ground.device(name, { isAlone: true, clock }),
    )
    if (c === undefined || d === undefined || e === undefined) throw new Error('no device')
    for (const [at, late] of [c, d, e].entries()) {
      await late.joinBy(codes[at] ?? '')
      late.write('of ' + late.name, 'nobody else has it')
      await late.sync()
      // Until then others may be about to bring there what makes it known. An owner hears of it: it may have to do something about the mirror.
      const unknown = {
        event: 'mirror',
        relay: otherRelayUrl,
        code: 'relay-refused',
        reason: 'account-unknown',
      }
      expect([named(late, 'mirror'), relaysOf(late)]).toEqual([late === e ? [unknown] : [], [relayUrl]])
    }
    aheadMs = 25 * 3_600_000
    for (const late of [c, d, e]) {
      await late.sync()
      const told = { relay: otherRelayUrl, code: 'relay-refused', reason: 'stranger' }
      expect(named(late, 'mirror').at(-1)).toEqual({ event: 'mirror', ...told })
      const { mirrors = [] } = await statusOf(late)
      expect(mirrors[0]?.failure).toMatchObject({ code: 'relay-refused', reason: 'stranger' })
      await forgetsFolder(late)
      await late.joinBy(await a.invite())
      await late.sync()
    }
    await agree(a, b, c, d, e)
    expect(relaysOf(c, d, e)).toEqual([otherRelayUrl, otherRelayUrl, otherRelayUrl])
    for (const { name } of [c, d, e]) expect(b.read('of ' + name)).toBe('nobody else has it')
  })
})
