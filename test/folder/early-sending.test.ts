// What is new is sent while the look at the folder still goes on: what comes between the two, from here and from elsewhere, is as safe as ever.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { DiskError, openFolder, systemClock, type Platform } from '@grenier/client'
import { fromHex, systemRandom, vaultId } from '@grenier/crypto'
import { memoryStores } from '@grenier/relay'
import { afterEach, expect, test } from 'vitest'
import { agree, Ground, otherRelayUrl, relayUrl, treeOf, type Device, type Watching } from './devices.ts'

type WatchEvents = Parameters<Platform['watch']>[1]

let stores = memoryStores({ random: systemRandom })
let ground = new Ground(stores)
afterEach(renewed)

async function renewed(): Promise<void> {
  await ground.end()
  stores = memoryStores({ random: systemRandom })
  ground = new Ground(stores)
}

/** Resolves when the relay has a pack of this device's vault that nobody claimed yet. */
async function packThere({ home }: Device): Promise<void> {
  const vault = vaultId(fromHex(home.folders[0]?.vault ?? ''))
  for (;;) {
    for await (const { row } of stores.ledger.list(vault)) if (row.state === 'pending') return
    await new Promise(setImmediate)
  }
}

const directories = 6
const filesEach = 5
/** So many of them fill a pack. */
const largeBytes = 330_000

/** A device that sends what is new when it has seen so much of it; its watcher says what it is told to say. */
interface Early {
  readonly device: Device
  /** Looks at these directories, or at everything; resolves when both sides agree. */
  readonly look: (...hinted: readonly string[]) => Promise<void>
  readonly watching: Watching
}

/** Two devices in sync, the first one watching. Its time passes quickly: a commit is always due. */
async function pair(prepare: (a: Device) => void = () => undefined): Promise<[Early, Device]> {
  let laterMs = 0
  let events: WatchEvents | undefined
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + (laterMs += 1000) }
  const watch: Platform['watch'] = (_, told) => {
    events = told
    return { ready: Promise.resolve(), close: () => Promise.resolve() }
  }
  const [device, b] = await ground.pair({ sendsEarlyFrom: filesEach, clock, watch })
  prepare(device)
  await device.sync()
  await b.sync()
  const watching = await device.watch()
  await device.synced(watching)
  const look = async (...hinted: readonly string[]): Promise<void> => {
    device.events.length = 0
    if (hinted.length === 0) events?.overflow?.()
    for (const path of hinted) events?.hint(path as never)
    await device.synced(watching)
  }
  return [{ device, look, watching }, b]
}

function fill(device: Device, directory: string, sizeBytes = largeBytes): void {
  for (let at = 0; at < filesEach; at += 1) device.write(`${directory}/file ${at}`, randomBytes(sizeBytes))
}

function fillAll(device: Device, sizeBytes = largeBytes): void {
  for (let at = 0; at < directories; at += 1) fill(device, `new ${at}`, sizeBytes)
}

/**
 * Runs this once, before the look lists that one of the new directories; the last one, unless told. Each is listed before, when it is first seen: to
 * know whether all in it is ignored.
 */
function beforeListing(device: Device, work: () => void | Promise<void>, which = directories): void {
  const seen = new Set<string>()
  let listed = 0
  device.hands.beforeList = async (path) => {
    if (!path.startsWith('new ')) return
    const isFirst = !seen.has(path)
    seen.add(path)
    if (isFirst) return
    if ((listed += 1) !== which) return
    device.hands.beforeList = undefined
    await work()
  }
}

/** Files that a device said it put. */
function toldOf(device: Device): string[] {
  return device.events.flatMap((event) =>
    event.event === 'change' && event.action === 'put' && event.path.includes('/file') ? [event.path] : [],
  )
}

function filesOf(device: Device): string[] {
  return treeOf(device.folder).filter((line) => !line.includes('/ '))
}

test.each([
  ['everything', []],
  ['what is hinted at', ['']],
] as const)(
  'others have the first files before the last directory was looked at, where %s is; each is read and told once',
  async (_, hinted) => {
    const [{ device: a, look }, b] = await pair()
    fillAll(a)
    let there = 0
    const last = async (): Promise<void> => {
      await b.sync()
      there = filesOf(b).length
    }
    // When the relay has a pack, and somebody was there and back since, its word has come.
    const lastButOne = async (): Promise<void> => {
      await packThere(a)
      await b.sync()
      a.hands.beforeList = async () => {
        a.hands.beforeList = undefined
        await last()
      }
    }
    beforeListing(a, lastButOne, directories - 1)
    let read = 0
    a.hands.opened = (path) => {
      if (path.startsWith('new ')) read += 1
    }
    await look(...hinted)
    expect(there).toBeGreaterThan(0)
    expect(there).toBeLessThan(directories * filesEach)
    expect(read).toBe(directories * filesEach)
    expect(toldOf(a)).toHaveLength(directories * filesEach)
    expect(new Set(toldOf(a)).size).toBe(directories * filesEach)
    await b.sync()
    expect(treeOf(b.folder)).toEqual(treeOf(a.folder))
  },
)

test('a run that ends sends early, too, once the relay answers', async () => {
  const [a, b] = await ground.pair({ sendsEarlyFrom: filesEach })
  fillAll(a, 100)
  const seen: string[] = []
  a.hands.opened = (path) => void seen.push(path)
  a.hands.beforeList = async (path) => {
    seen.push(path)
    const isOnline = (): boolean => a.events.some((event) => event.event === 'state')
    if (path === 'new 3' && seen.filter((one) => one === path).length === 2)
      while (!isOnline()) await new Promise(setImmediate)
  }
  await a.sync()
  expect(seen.indexOf('new 5/file 0')).toBeGreaterThan(-1)
  expect(seen.indexOf('new 5/file 0')).toBeLessThan(seen.lastIndexOf('new 0'))
  await agree(a, b)
})

test('what moves between a directory that was looked at and one that was not is there', async () => {
  const [{ device: a, look, watching }, b] = await pair()
  fillAll(a)
  const work = (): void => {
    const names = a.names()
    for (const [at, name] of names.entries()) {
      fs.renameSync(a.at(`${name}/file 0`), a.at(`${names[(at + 1) % names.length] ?? ''}/from ${name}`))
      fs.renameSync(a.at(`${name}/file 1`), a.at(`top ${at}`))
    }
  }
  beforeListing(a, work, 4)
  await look()
  await watching.stop()
  const before = treeOf(a.folder)
  await agree(a, b)
  expect(treeOf(a.folder)).toEqual(before)
  expect(filesOf(a)).toHaveLength(directories * filesEach)
})

test('a directory that is renamed, removed or replaced by a file meanwhile', async () => {
  const [{ device: a, look, watching }, b] = await pair()
  fillAll(a)
  fill(a, 'new 2/below/deeper', 100)
  const work = (): void => {
    fs.renameSync(a.at('new 0'), a.at('renamed'))
    fs.rmSync(a.at('new 1'), { recursive: true })
    fs.renameSync(a.at('new 2'), a.at('new 3/within'))
    fs.rmSync(a.at('new 4'), { recursive: true })
    a.write('new 4', 'a file')
  }
  beforeListing(a, work, 5)
  await look()
  await watching.stop()
  const before = treeOf(a.folder)
  await agree(a, b)
  expect(treeOf(a.folder)).toEqual(before)
  expect([a.has('new 1'), a.read('new 4'), a.names('renamed').length]).toEqual([false, 'a file', filesEach])
})

test.each([
  ['something changed', (a: Device) => a.write('old 1', 'changed')],
  ['something is missing', (a: Device) => fs.rmSync(a.at('old 1'))],
])('nothing goes early where %s', async (_, edit) => {
  const [{ device: a, look, watching }, b] = await pair((device) => {
    device.write('old 1', 'as it was')
    device.write('old 2', 'as it was')
  })
  fillAll(a)
  edit(a)
  let there: string[] = []
  beforeListing(a, async () => {
    await b.sync()
    there = b.names()
  })
  await look()
  expect(there).toEqual(['old 1', 'old 2'])
  await watching.stop()
  await agree(a, b)
  expect(b.names('new 5')).toHaveLength(filesEach)
})

test('nothing goes early where something waits that is not new here', async () => {
  const [{ device: a, look, watching }, b] = await pair((device) => device.write('old', 'as it was'))
  a.hands.opened = (path) => {
    if (path === 'old') throw new DiskError('EACCES', 'not to be read')
  }
  a.write('old', 'changed, and not to be read')
  await look('')
  a.hands.opened = undefined
  fillAll(a)
  let there = 0
  beforeListing(a, async () => {
    await b.sync()
    there = b.names().length
  })
  await look('new 0', 'new 1', 'new 2', 'new 3', 'new 4', 'new 5')
  expect(there).toBe(1)
  await watching.stop()
  await agree(a, b)
})

test.each([
  ['the line broke while new files went', true],
  ['new files were about to go', false],
])('the brake holds what was lost, although %s', async (_, breaks) => {
  const many = 60
  const [{ device: a, look, watching }, b] = await pair((device) => {
    for (let at = 0; at < many; at += 1) device.write(`lost/${at}`, `${at}`)
  })
  fill(a, 'new 0')
  for (let at = 0; at < many; at += 1) fs.rmSync(a.at(`lost/${at}`))
  a.hands.beforeList = (path) => {
    if (breaks && path === 'lost') ground.hangUp(relayUrl)
  }
  const held = look()
  await watching.until(() => a.events.some(({ event }) => event === 'brake'))
  held.catch(() => undefined)
  await b.sync()
  expect(b.names('lost')).toHaveLength(many)
  expect(b.has('new 0/file 0')).toBe(false)
  await watching.stop()
})

test('others write the same names meanwhile: all of both is there', async () => {
  const [{ device: a, look, watching }, b] = await pair()
  fillAll(a, 100)
  const work = async (): Promise<void> => {
    b.write('new 0/file 0', 'of beta')
    b.write('new 5/file 0', 'of beta')
    b.write('new 9', 'of beta')
    await b.sync()
  }
  beforeListing(a, work, 2)
  await look()
  await watching.stop()
  await agree(a, b)
  const contents = ['new 0', 'new 5'].flatMap((name) =>
    a.names(name).map((file) => a.read(`${name}/${file}`)),
  )
  expect(contents.filter((content) => content === 'of beta')).toHaveLength(2)
  expect(contents).toHaveLength(2 * filesEach + 2)
  expect(a.read('new 9')).toBe('of beta')
})

test('all that a look was to see is seen, and goes, although the line broke in the middle of it', async () => {
  const [{ device: a, look }, b] = await pair((device) => {
    device.write('.grenierignore', 'big\n')
    device.write('x/keep', 'x')
    for (let at = 0; at < 4; at += 1) fill(device, `x/big/${at}`)
  })
  let opened = 0
  a.hands.opened = (path) => {
    if (path.startsWith('x/big/') && (opened += 1) === filesEach + 1) ground.hangUp(relayUrl)
  }
  a.write('x/.grenierignore', '!big\n')
  await look('x')
  expect(opened).toBeGreaterThan(filesEach)
  await b.sync()
  for (let at = 0; at < 4; at += 1) expect(b.names(`x/big/${at}`)).toHaveLength(filesEach)
})

test('a vault that goes to another relay in the middle of a look is followed', async () => {
  const [{ device: a, look, watching }, b] = await pair()
  const { code } = await watching.engine.invite({ role: 'owner', expiresMs: 3_600_000 })
  const owner = ground.device('gamma')
  await owner.joinBy(code)
  fillAll(a, 100)
  beforeListing(
    a,
    async () => {
      const engine = await openFolder(owner.context(), owner.folder)
      await engine.move({ relay: otherRelayUrl, removeOld: false })
      await engine.close()
    },
    2,
  )
  await look()
  await watching.stop()
  expect(a.home.folders[0]?.relay).toBe(otherRelayUrl)
  await agree(a, owner, b)
  expect(filesOf(owner)).toHaveLength(directories * filesEach)
})

test('a relay that is away holds up no look', async () => {
  const [{ device: a, watching }] = await pair()
  fillAll(a, 100)
  const last = Promise.withResolvers<undefined>()
  beforeListing(a, () => last.resolve(undefined))
  await watching.stop()
  ground.lose(relayUrl)
  const away = await a.watch()
  await last.promise
  expect(a.events).not.toContainEqual({ event: 'state', state: 'syncing' })
  await away.stop()
})

test('a run that is cut off at any directory goes on where it was', async () => {
  for (const which of [3, 6]) {
    const [{ device: a, look, watching }, b] = await pair()
    fillAll(a)
    const cut = (): void => {
      throw new Error('cut off')
    }
    beforeListing(a, cut, which)
    await expect(look()).rejects.toThrow('cut off')
    await watching.stop()
    const { summary } = await a.sync()
    expect(summary.conflicts).toBe(0)
    await agree(a, b)
    expect(filesOf(b)).toHaveLength(directories * filesEach)
    await renewed()
  }
})
