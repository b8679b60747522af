// A vault taken to another relay: members follow by themselves, nothing anybody wrote is lost, cut off anywhere it goes on.
import { cpSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ClientError, openFolder, type Platform } from '@grenier/client'
import { fromHex, packId, systemRandom, vaultId } from '@grenier/crypto'
import { memoryStores, type Stores } from '@grenier/relay'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Moved, MoveOptions } from '../../packages/client/src/engine/moving.ts'
import { deviceLogin, logInAt } from '../../packages/client/src/engine/relay-login.ts'
import { goOnAt } from '../../packages/client/src/engine/told-relay.ts'
import {
  makeRegistrationCode,
  registrationCodeHash,
} from '../../packages/relay/src/account/registration-code.ts'
import { agree, Ground, otherRelayUrl, relayUrl, type Device } from '../folder/devices.ts'
import { keptAt } from '../folder/kept-at.ts'

let stores: Stores
let ground: Ground
let a: Device
let b: Device

beforeEach(async () => {
  stores = memoryStores({ random: systemRandom })
  ground = new Ground(stores)
  a = ground.device('alpha')
  // A friend's device: no account anywhere.
  b = ground.device('beta', { isAlone: true })
  a.write('first', Buffer.from(systemRandom.bytes(60_000)).toString('base64'))
  await a.add()
  await b.join(a)
})
afterEach(() => ground.end())

/** What a relay has of the vault. */
const kept = (of: Stores): ReturnType<typeof keptAt> => keptAt(of, a.home.folders[0]?.vault ?? '')

function vault(): ReturnType<typeof vaultId> {
  return vaultId(fromHex(a.home.folders[0]?.vault ?? ''))
}

type Dial = Platform['dial']

/** `dial`: what stands between the device and the relays. */
async function moves(
  device: Device,
  options: Partial<MoveOptions> = {},
  dial: (url: string, dial: Dial) => ReturnType<Dial> = (url, real) => real(url),
): Promise<Moved> {
  const context = device.context()
  const { platform } = context
  const through = { ...platform, dial: (url: string) => dial(url, platform.dial.bind(platform)) }
  const engine = await openFolder({ ...context, platform: through }, device.folder)
  try {
    return await engine.move({ relay: otherRelayUrl, removeOld: false, ...options })
  } finally {
    await engine.close()
  }
}

function relaysOf(...devices: readonly Device[]): (string | undefined)[] {
  return devices.map(({ home }) => home.folders[0]?.relay)
}

/** What the first relay says of the vault. */
async function factsOf(device: Device) {
  const { home, platform } = device.context()
  const session = await logInAt(platform, relayUrl, deviceLogin(home))
  try {
    return await session.vaultFacts(vault())
  } finally {
    await session.close()
  }
}

describe('a vault that was taken to another relay', () => {
  test('is all there; members follow by themselves, without an account, and what both wrote meanwhile arrives', async () => {
    b.write('of b', 'written before it heard')
    const moved = await moves(a)
    expect(moved).toMatchObject({ relay: otherRelayUrl, from: relayUrl, isThere: false, lacking: [] })
    const [old, now] = [await kept(stores), await kept(ground.otherStores)]
    expect(now).toEqual(old)
    expect([moved.entries, moved.packs]).toEqual([now.entries.length, now.packs.length])
    a.write('of a', 'written after')
    await agree(a, b)
    expect([a.read('of b'), b.read('of a')]).toEqual(['written before it heard', 'written after'])
    expect(relaysOf(a, b)).toEqual([otherRelayUrl, otherRelayUrl])
    expect(b.events.filter(({ event }) => event === 'moved')).toEqual([])
    // Nothing came to the old one after that.
    expect(await kept(stores)).toEqual(old)
    ground.lose(relayUrl)
    b.write('later', 'without it')
    await agree(a, b)
    expect(a.read('later')).toBe('without it')
  })

  test('tells a device that watches, which goes on there with what it is about to send', async () => {
    const watching = await b.watch()
    await b.synced(watching)
    await moves(a)
    const moved = { event: 'moved', relay: otherRelayUrl, from: relayUrl }
    await watching.until(() => b.events.some(({ event }) => event === 'moved'))
    expect(b.events.filter(({ event }) => event === 'moved')).toEqual([moved])
    // Nobody hears that the first relay is out of reach: it was left.
    expect(b.events.filter((event) => event.event === 'state' && event.state === 'offline')).toEqual([])
    b.write('while it watches', 'here')
    await watching.until(() =>
      b.events.some((event) => event.event === 'change' && event.path === 'while it watches'),
    )
    await b.synced(watching)
    await watching.stop()
    await a.sync()
    expect(a.read('while it watches')).toBe('here')
  })

  test('has what another device appended while it was carried, also in the last moment', async () => {
    let dials = 0
    const moved = await moves(a, {}, async (url, dial) => {
      // The account, all of it, the last of it: and then another one is quicker, twice.
      if (url === otherRelayUrl && ++dials >= 3 && dials <= 4) {
        b.write(`quicker ${dials}`, Buffer.from(systemRandom.bytes(20_000)).toString('base64'))
        await b.sync()
      }
      return await dial(url)
    })
    expect(dials).toBeGreaterThan(4)
    expect(moved.lacking).toEqual([])
    expect(await kept(ground.otherStores)).toEqual(await kept(stores))
    await agree(a, b)
    expect(a.names()).toEqual(['first', 'quicker 3', 'quicker 4'])
  })

  test('cut off after any frame, goes on when it is asked for again; members may come in between', async () => {
    const places = new Set<string>()
    let moved: Moved | undefined
    for (let frames = 4; moved === undefined; frames += 7) {
      let left = frames
      moved = await moves(a, {}, async (url, dial) => {
        const cut = new ClientError('interrupted', 'cut off')
        if (left <= 0) throw cut
        const wire = await dial(url)
        const send = wire.send.bind(wire)
        wire.send = (frame) => {
          if ((left -= 1) > 0) send(frame)
          else wire.close(1000)
        }
        return wire
      }).catch((error: unknown) => {
        if (!(error instanceof ClientError) || !['interrupted', 'relay-unreachable'].includes(error.code))
          throw error
        return undefined
      })
      places.add(`${relaysOf(a).join()} ${(await kept(ground.otherStores)).entries.length}`)
      b.write('now and then', String(frames))
      await b.sync()
    }
    expect(places.size).toBeGreaterThan(2)
    await agree(a, b)
    expect(relaysOf(a, b)).toEqual([otherRelayUrl, otherRelayUrl])
    const now = await kept(ground.otherStores)
    const old = await kept(stores)
    expect(now.entries.slice(0, old.entries.length)).toEqual(old.entries)
    expect(now.packs).toEqual(expect.arrayContaining(old.packs))
  })

  test('is followed by a device that is killed when the home has it and the state is about to', async () => {
    const killed = join(ground.base, 'killed')
    const context = a.context()
    const addFolder = context.home.addFolder.bind(context.home)
    context.home.addFolder = async (record) => {
      await addFolder(record)
      if (record.relay === otherRelayUrl) cpSync(a.homeDirectory, killed, { recursive: true })
    }
    const engine = await openFolder(context, a.folder)
    await engine.move({ relay: otherRelayUrl, removeOld: false })
    await engine.close()
    // As it was at that moment: what the old relay ends with is known here.
    rmSync(a.homeDirectory, { recursive: true })
    renameSync(killed, a.homeDirectory)
    const facts = await openFolder(a.context(), a.folder)
    try {
      expect((await facts.status()).head?.seq).toBe((await kept(stores)).entries.length - 1)
    } finally {
      await facts.close()
    }
    a.write('of a', 'after it was killed')
    await agree(a, b)
  })

  test('that was pruned: taken along by who has the entries that retired, refused to who came after them', async () => {
    const run = async (device: Device): Promise<void> => {
      await device.run((context) => openFolder({ ...context, checkpointEvery: 3 }, device.folder))
    }
    for (let time = 0; time < 8; time += 1) {
      a.write('again and again', Buffer.from(systemRandom.bytes(20_000)).toString('base64'))
      await run(a)
    }
    const engine = await openFolder(a.context(), a.folder)
    await engine.prune({ keepMs: 0, dryRun: false }).finally(() => engine.close())
    await run(a)
    const retired = await stores.logs.retire(Date.now() + 40 * 86_400_000, 10_000)
    expect(retired).toBeGreaterThan(5)
    const late = ground.device('gamma')
    await late.joinBy(await a.invite('owner'))
    const refused = { code: 'update-needed', data: { reason: 'pruned' } }
    await expect(moves(late)).rejects.toMatchObject(refused)
    expect(relaysOf(late)).toEqual([relayUrl])
    expect(await moves(a)).toMatchObject({ isThere: false, lacking: [] })
    b.write('of b', 'after it')
    await agree(a, b, late)
    expect(relaysOf(a, b, late)).toEqual([otherRelayUrl, otherRelayUrl, otherRelayUrl])
    const later = ground.device('delta', { isAlone: true })
    await later.join(a)
    expect(later.read('again and again')).toBe(a.read('again and again'))
    expect(later.read('of b')).toBe('after it')
  })

  test('lets in another device of who made it, which comes with a code of before', async () => {
    const code = await a.invite()
    await moves(a)
    const c = ground.device('gamma')
    await c.joinBy(code)
    expect(relaysOf(c)).toEqual([otherRelayUrl])
    c.write('of c', 'there')
    await agree(c, a, b)
    expect(b.read('of c')).toBe('there')
  })

  test('lets in who comes with a code of before; and comes home again', async () => {
    const code = await a.invite()
    await moves(a)
    const c = ground.device('gamma', { isAlone: true })
    await c.joinBy(code)
    expect(relaysOf(c)).toEqual([otherRelayUrl])
    await agree(a, b, c)
    await moves(a, { relay: relayUrl })
    c.write('home', 'again')
    await agree(a, b, c)
    expect(relaysOf(a, b, c)).toEqual([relayUrl, relayUrl, relayUrl])
    // A log that went out and home is read from its beginning, and nobody is sent away by it.
    const d = ground.device('delta', { isAlone: true })
    await d.join(a)
    expect(relaysOf(d)).toEqual([relayUrl])
    expect(d.read('home')).toBe('again')
  })
})

describe('who may take it, and where', () => {
  test('a member who is not of the account that pays is refused, before anything is sent', async () => {
    await expect(moves(b)).rejects.toMatchObject({ code: 'relay-refused', data: { reason: 'no-right' } })
    expect((await kept(ground.otherStores)).entries).toEqual([])
  })

  test('a relay that lets in by invitation wants its code, and no words', async () => {
    ground.otherDoor.registration = 'invite'
    const wrong = { code: 'relay-refused', data: { reason: 'invitation-wrong' } }
    await expect(moves(a)).rejects.toMatchObject(wrong)
    expect(relaysOf(a)).toEqual([relayUrl])
    const code = makeRegistrationCode(systemRandom)
    const nowMs = Date.now()
    const invitation = { plan: 'default', usesMax: 1, used: 0, createdAt: nowMs, expiresAt: nowMs + 60_000 }
    await ground.otherStores.registration.invite({ codeHash: registrationCodeHash(code), ...invitation })
    expect(await moves(a, { invite: code })).toMatchObject({ isThere: false })
    await agree(a, b)
    expect(a.home.relays).toEqual([relayUrl, otherRelayUrl])
  })
})

describe('the old copy', () => {
  test('is removed when that is asked for and the new one is proved; else it stays', async () => {
    const moved = await moves(a)
    expect(moved.removedMs).toBeUndefined()
    const removed = await moves(a, { removeOld: true })
    expect(removed).toMatchObject({ isThere: true, entries: 0, packs: 0 })
    expect(removed.removedMs).toBeGreaterThan(Date.now() + 20 * 86_400_000)
    expect((await factsOf(a)).deletion?.finalAt).toBe(removed.removedMs)
    // Of a copy that goes there is no more to be said.
    expect(await moves(a)).toMatchObject({ isThere: true, from: undefined })
    await agree(a, b)
  })

  test('that was to go stays when the vault comes home before it is gone', async () => {
    await moves(a)
    await moves(a, { removeOld: true })
    expect((await factsOf(a)).deletion).toBeDefined()
    await moves(a, { relay: relayUrl })
    expect((await factsOf(a)).deletion).toBeUndefined()
    await agree(a, b)
    expect(relaysOf(a, b)).toEqual([relayUrl, relayUrl])
  })

  test('that was to go stays when it is to be a mirror', async () => {
    await moves(a)
    await moves(a, { removeOld: true })
    const engine = await openFolder(a.context(), a.folder)
    await engine.changeMirrors({ do: 'add', relay: relayUrl }).finally(() => engine.close())
    expect((await factsOf(a)).deletion).toBeUndefined()
  })

  test('that was to go stays also when an owner whom that relay never knew takes the vault home, or makes it a mirror', async () => {
    for (const goesHome of [true, false]) {
      await moves(a)
      await moves(a, { removeOld: true })
      const engine = await openFolder(a.context(), a.folder)
      const { code } = await engine
        .invite({ role: 'owner', expiresMs: 3_600_000 })
        .finally(() => engine.close())
      const c = ground.device(goesHome ? 'gamma' : 'delta')
      await c.joinBy(code)
      await agree(a, c)
      expect((await factsOf(a)).deletion).toBeDefined()
      if (goesHome) await moves(c, { relay: relayUrl })
      else {
        const later = await openFolder(c.context(), c.folder)
        await later.changeMirrors({ do: 'add', relay: relayUrl }).finally(() => later.close())
        await c.sync()
      }
      expect((await factsOf(a)).deletion).toBeUndefined()
      await agree(a, b, c)
    }
  })

  test('stays where the new one is hurt', async () => {
    await moves(a)
    for (const pack of (await kept(ground.otherStores)).packs)
      await ground.otherStores.packs.delete([{ vault: vault(), pack: packId(fromHex(pack)) }])
    const refused = { code: 'move-unfinished', data: { what: 'hurt' } }
    await expect(moves(a, { removeOld: true })).rejects.toMatchObject(refused)
    const { deletion } = await factsOf(a)
    expect(deletion).toBeUndefined()
  })

  test('stays where both addresses are of one relay: it is the only copy', async () => {
    ground.unite()
    await moves(a)
    const refused = { code: 'move-unfinished', data: { what: 'going' } }
    await expect(moves(a, { removeOld: true })).rejects.toMatchObject(refused)
    expect((await factsOf(a)).deletion).toBeUndefined()
    await agree(a, b)
  })

  test('stays where a person only said where the vault is: others may write to the old one', async () => {
    await moves(a)
    await moves(a, { relay: relayUrl })
    const whole = await kept(stores)
    await agree(a, b)
    expect(await goOnAt(a.context(), a.folder, otherRelayUrl)).toBe(true)
    b.write('of b', 'at the old one')
    await b.sync()
    const refused = { code: 'move-unfinished', data: { what: 'open' } }
    await expect(moves(a, { removeOld: true })).rejects.toMatchObject(refused)
    expect((await kept(stores)).entries.length).toBeGreaterThan(whole.entries.length)
    expect((await factsOf(b)).deletion).toBeUndefined()
  })

  test('a device that was away until it was gone is told where the vault is', async () => {
    await moves(a)
    a.write('since', 'then')
    await a.sync()
    ground.lose(relayUrl)
    await expect(b.sync()).rejects.toMatchObject({ code: 'relay-unreachable' })
    await expect(goOnAt(b.context(), b.folder, 'ws://127.0.0.1:3')).rejects.toMatchObject({
      code: 'relay-unreachable',
    })
    expect(await goOnAt(b.context(), b.folder, otherRelayUrl)).toBe(true)
    b.write('of b', 'at last')
    await agree(a, b)
    expect(b.read('since')).toBe('then')
  })
})
