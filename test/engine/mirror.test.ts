// Mirrors: a second relay that runs of a vault keep up to date, whichever device does it; what is told when it cannot be; and that a mirror that
// lies or loses harms nothing but itself.
import { systemRandom } from '@grenier/crypto'
import { memoryStores, type Stores } from '@grenier/relay'
import { openFolder } from '@grenier/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Ground, otherRelayUrl, type Device } from '../folder/devices.ts'
import { keptAt } from '../folder/kept-at.ts'

const stores = memoryStores({ random: systemRandom })
const ground = new Ground(stores)
let [a, b]: Device[] = []

function device(which: 'a' | 'b'): Device {
  const found = which === 'a' ? a : b
  if (found === undefined) throw new Error('no device yet')
  return found
}

function noise(bytes: number): string {
  return Buffer.from(systemRandom.bytes(bytes)).toString('base64')
}

/** What a relay has of the vault. */
const kept = (of: Stores): ReturnType<typeof keptAt> => keptAt(of, device('a').home.folders[0]?.vault ?? '')

async function mirrorOf(of: Device) {
  const engine = await openFolder(of.context(), of.folder)
  const { mirrors } = await engine.status().finally(() => engine.close())
  return mirrors?.[0]
}

async function change(what: 'add' | 'remove', of = device('a')): Promise<readonly string[]> {
  const engine = await openFolder(of.context(), of.folder)
  return await engine.changeMirrors({ do: what, relay: otherRelayUrl }).finally(() => engine.close())
}

beforeAll(async () => {
  ;[a, b] = await ground.pair()
  device('a').write('first', noise(80_000))
  await device('a').sync()
  await device('b').sync()
})
afterAll(() => ground.end())

test('a run brings the very same entries and packs to a mirror that an owner named, and other devices know it', async () => {
  await expect(change('add', device('b'))).rejects.toMatchObject({ data: { reason: 'no-right' } })
  expect(ground.dialled(otherRelayUrl)).toBe(0)
  expect(await change('add')).toEqual([otherRelayUrl])
  const before = await mirrorOf(device('a'))
  expect(before?.bytes).toBeGreaterThan(80_000)
  expect(before?.entries).toBeGreaterThan(2)
  expect((await kept(ground.otherStores)).entries).toEqual([])
  const { events } = await device('b').sync()
  expect(events.filter(({ event }) => event === 'mirror')).toEqual([])
  expect(await mirrorOf(device('b'))).toMatchObject({ failure: undefined })
  await device('a').sync()
  expect(await kept(ground.otherStores)).toEqual(await kept(stores))
  expect(await mirrorOf(device('a'))).toMatchObject({ entries: 0, bytes: 0, failure: undefined })
})

test('a device that only writes brings on what it commits, and one that watches what it hears', async () => {
  device('b').write('of b', noise(60_000))
  await device('b').sync()
  expect(await kept(ground.otherStores)).toEqual(await kept(stores))
  const watching = await device('b').watch()
  await device('b').synced(watching)
  const before = await kept(stores)
  device('a').write('later', noise(60_000))
  await Promise.all([device('a').sync(), watching.until(() => device('b').has('later'))])
  await watching.stop()
  await device('b').sync()
  const after = await kept(stores)
  expect(after.entries.length).toBeGreaterThan(before.entries.length)
  expect(await kept(ground.otherStores)).toEqual(after)
})

test('one that cannot be reached fails no sync, is told of once, and is shown with how far behind it is; then it catches up', async () => {
  ground.lose(otherRelayUrl)
  device('a').write('unmirrored', noise(70_000))
  const { events, problems } = await device('a').sync()
  expect(problems).toEqual([])
  const told = events.filter(({ event }) => event === 'mirror')
  expect(told).toEqual([expect.objectContaining({ relay: otherRelayUrl, code: 'relay-unreachable' })])
  const behind = await mirrorOf(device('a'))
  expect(behind).toMatchObject({ entries: 1, failure: { code: 'relay-unreachable' } })
  expect(behind?.bytes).toBeGreaterThan(70_000)
  expect(behind?.behindMs).toBeLessThanOrEqual(Date.now())
  ground.restart(otherRelayUrl)
  await device('a').sync()
  expect(await kept(ground.otherStores)).toEqual(await kept(stores))
  expect(await mirrorOf(device('a'))).toMatchObject({ entries: 0, bytes: 0, failure: undefined })
})

test('one that has another history is told of, and nothing comes of it at the first relay', async () => {
  const [before] = device('b').home.folders
  if (before === undefined) throw new Error('no folder')
  await device('b').home.addFolder({ ...before, relay: otherRelayUrl })
  device('b').write('elsewhere', 'of the mirror alone')
  ground.restart(otherRelayUrl)
  await device('b').sync()
  device('a').write('here', 'of the first relay alone')
  const there = await kept(ground.otherStores)
  const { events, problems } = await device('a').sync()
  expect(problems).toEqual([])
  const told = events.filter(({ event }) => event === 'mirror')
  expect(told).toEqual([expect.objectContaining({ code: 'vault-differs' })])
  expect(await kept(ground.otherStores)).toEqual(there)
  expect(device('a').has('elsewhere')).toBe(false)
  expect((await device('a').sync()).summary).toMatchObject({ conflicts: 0, problems: 0 })
})

test('one that the vault was moved to is none meanwhile', async () => {
  const [record] = device('a').home.folders
  if (record === undefined) throw new Error('no folder')
  await device('a').home.addFolder({ ...record, relay: otherRelayUrl })
  expect(await mirrorOf(device('a'))).toBeUndefined()
  await device('a').home.addFolder(record)
  expect(await mirrorOf(device('a'))).toMatchObject({ relay: otherRelayUrl })
})

test('one that is taken off the list gets nothing more', async () => {
  expect(await change('remove')).toEqual([])
  const there = await kept(ground.otherStores)
  device('a').write('after', 'nobody mirrors this')
  const { events } = await device('a').sync()
  expect(events.filter(({ event }) => event === 'mirror')).toEqual([])
  expect(await kept(ground.otherStores)).toEqual(there)
  expect(await mirrorOf(device('a'))).toBeUndefined()
})
