// What is new is sent while the look at the folder still goes on: what comes between the two, from here and from elsewhere, is as safe as ever.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { systemClock, type Clock } from '@grenier/client'
import { afterAll, afterEach, expect, test } from 'vitest'
import { agree, Ground, relayUrl, treeOf, type Device } from './devices.ts'

let ground = new Ground()
afterEach(async () => {
  await ground.end()
  ground = new Ground()
})
afterAll(() => ground.end())

const directories = 6
const filesEach = 5

/** Two devices in sync; the first one sends what is new when it has seen so much of it. */
async function pair(clock: Clock = systemClock): Promise<[Device, Device]> {
  return await ground.pair({ sendsEarlyFrom: filesEach, clock })
}

function fill(device: Device, directory: string, content: (at: number) => string | Uint8Array): void {
  for (let at = 0; at < filesEach; at += 1) device.write(`${directory}/file ${at}`, content(at))
}

function fillAll(device: Device, name = 'new'): void {
  for (let at = 0; at < directories; at += 1) fill(device, `${name} ${at}`, (file) => `${name} ${at} ${file}`)
}

/** Runs this once, before the directory that comes last is listed; or, with a number, another one. */
function beforeListing(device: Device, work: () => void | Promise<void>, which = directories): void {
  let listed = 0
  device.hands.beforeList = async (path) => {
    if (!path.startsWith('new ') || (listed += 1) !== which) return
    device.hands.beforeList = undefined
    await work()
  }
}

/** Files of which a device was told, each as often as that. */
function toldOf(device: Device): string[] {
  return device.events.flatMap((event) =>
    event.event === 'change' && event.action === 'put' && event.path.includes('/file') ? [event.path] : [],
  )
}

test('others have the first files before the last directory was looked at, and each is read and told once', async () => {
  // Two full packs, and time enough for each to be committed.
  let laterMs = 0
  const [a, b] = await pair({ ...systemClock, monotonic: () => systemClock.monotonic() + laterMs })
  for (let at = 0; at < directories; at += 1) fill(a, `new ${at}`, () => randomBytes(330_000))
  let there = 0
  a.hands.beforeList = async (path) => {
    laterMs += 3000
    if (path !== 'new 0') return
    await b.sync()
    there = treeOf(b.folder).length
  }
  let read = 0
  a.hands.opened = (path) => {
    if (path.startsWith('new ')) read += 1
  }
  await a.sync()
  expect(there).toBeGreaterThan(filesEach)
  expect(there).toBeLessThan(directories * filesEach)
  expect(read).toBe(directories * filesEach)
  const told = toldOf(a)
  expect([told.length, new Set(told).size]).toEqual([directories * filesEach, directories * filesEach])
  await b.sync()
  expect(treeOf(b.folder)).toEqual(treeOf(a.folder))
})

test('what moves between a directory that was looked at and one that was not is there once, or twice', async () => {
  const [a, b] = await pair()
  fillAll(a)
  beforeListing(
    a,
    () => {
      const names = a.names()
      for (const [at, name] of names.entries()) {
        fs.renameSync(a.at(`${name}/file 0`), a.at(`${names[(at + 1) % names.length] ?? ''}/from ${name}`))
        fs.renameSync(a.at(`${name}/file 1`), a.at(`top ${at}`))
      }
    },
    3,
  )
  await a.sync()
  const before = treeOf(a.folder)
  await agree(a, b)
  expect(treeOf(a.folder)).toEqual(before)
  expect(before.filter((line) => !line.includes('/ '))).toHaveLength(directories * filesEach)
})

test('a directory that is renamed, removed or replaced by a file meanwhile', async () => {
  const [a, b] = await pair()
  fillAll(a)
  fill(a, 'new 2/below/deeper', String)
  beforeListing(
    a,
    () => {
      fs.renameSync(a.at('new 0'), a.at('renamed'))
      fs.rmSync(a.at('new 1'), { recursive: true })
      fs.renameSync(a.at('new 2'), a.at('new 3/within'))
      fs.rmSync(a.at('new 4'), { recursive: true })
      a.write('new 4', 'a file')
    },
    4,
  )
  await a.sync()
  const before = treeOf(a.folder)
  await agree(a, b)
  expect(treeOf(a.folder)).toEqual(before)
  expect([a.has('new 1'), a.read('new 4'), a.read('renamed/file 0')]).toEqual([false, 'a file', 'new 0 0'])
})

test.each([
  ['something changed', (a: Device) => a.write('old 1', 'changed')],
  ['something is missing', (a: Device) => fs.rmSync(a.at('old 1'))],
])('nothing goes early where %s', async (_, edit) => {
  const [a, b] = await pair()
  a.write('old 1', 'as it was')
  a.write('old 2', 'as it was')
  await agree(a, b)
  fillAll(a)
  edit(a)
  let there: string[] = []
  beforeListing(a, async () => {
    await b.sync()
    there = b.names()
  })
  await a.sync()
  expect(there).toEqual(['old 1', 'old 2'])
  await agree(a, b)
  expect(b.names('new 5')).toHaveLength(filesEach)
})

test('others write the same names meanwhile: all of both is there', async () => {
  const [a, b] = await pair()
  fillAll(a)
  beforeListing(
    a,
    async () => {
      b.write('new 0/file 0', 'of beta')
      b.write('new 5/file 0', 'of beta')
      b.write('new 9', 'of beta')
      await b.sync()
    },
    2,
  )
  await a.sync()
  await agree(a, b)
  const contents = ['new 0', 'new 5'].flatMap((name) =>
    a.names(name).map((file) => a.read(`${name}/${file}`)),
  )
  expect(contents.filter((content) => content === 'of beta')).toHaveLength(2)
  expect(contents).toHaveLength(2 * filesEach + 2)
  expect(a.read('new 9')).toBe('of beta')
})

test('a relay that hangs up, and one that is gone, while it goes on', async () => {
  // It tries again at once, and is as patient as ever.
  const after: Clock['after'] = (ms, run) => systemClock.after(ms < 10_000 ? ms / 50 : ms, run)
  const [a, b] = await pair({ ...systemClock, after })
  fillAll(a)
  beforeListing(a, () => ground.hangUp(relayUrl), 4)
  await a.sync()
  await agree(a, b)
  fillAll(a, 'new more')
  beforeListing(
    a,
    () => {
      ground.lose(relayUrl)
      ground.hangUp(relayUrl)
    },
    3,
  )
  await expect(a.sync()).rejects.toMatchObject({ code: 'relay-unreachable' })
  ground.restart(relayUrl)
  await agree(a, b)
  expect(b.names()).toHaveLength(2 * directories)
})

test('a run that is cut off at any directory goes on where it was', async () => {
  for (let which = 2; which <= directories; which += 2) {
    const [a, b] = await pair()
    fillAll(a)
    beforeListing(
      a,
      () => {
        throw new Error('cut off')
      },
      which,
    )
    await expect(a.sync()).rejects.toThrow('cut off')
    const { summary } = await a.sync()
    expect(summary.conflicts).toBe(0)
    await agree(a, b)
    expect(treeOf(b.folder).filter((line) => !line.includes('/ '))).toHaveLength(directories * filesEach)
    await ground.end()
    ground = new Ground()
  }
})
