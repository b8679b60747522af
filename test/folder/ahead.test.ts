// A large file whose packs are claimed while it is still read: who watches brings them meanwhile.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { systemClock, type Clock } from '@grenier/client'
import { afterAll, expect, test } from 'vitest'
import { Ground, type Device } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

const mib = 1 << 20

/** So that each pack is claimed as soon as it is there: at the latest when reading waits for that. */
function hasty(): Clock {
  let ms = 0
  return { ...systemClock, monotonic: () => systemClock.monotonic() + (ms += 1000) }
}

function isSynced({ events }: Device): boolean {
  return events.some((event) => event.event === 'state' && event.state === 'synced')
}

/** `a` was cut off while it sent a large file; `b`, which watches, has brought what was claimed of it. */
async function cutOffAhead() {
  const [a, b] = await ground.pair({ clock: hasty() }, {})
  const film = randomBytes(96 * mib)
  a.write('film', film)
  a.hands.read = (_, offset) => {
    if (offset >= 92 * mib) throw new Error('cut off')
  }
  await expect(a.sync()).rejects.toThrow('cut off')
  const there = await b.watch()
  const staging = b.at('.grenier/staging')
  await there.until(() => isSynced(b))
  expect(fs.readdirSync(staging)).toEqual(['ahead-1'])
  a.hands.read = undefined
  return { a, b, there, staging, film }
}

test('packs that are claimed before it is known what for are there when the file comes', async () => {
  const { a, b, there, staging, film } = await cutOffAhead()
  const came = fs.statSync(`${staging}/ahead-1`)
  expect(came.size).toBeGreaterThan(8 * mib)
  await a.sync()
  await there.until(() => b.has('film'))
  expect(fs.statSync(b.at('film')).ino).toBe(came.ino)
  expect(Buffer.compare(fs.readFileSync(b.at('film')), film)).toBe(0)
  await there.stop()
  expect(fs.readdirSync(staging)).toEqual([])
})

test('what came ahead goes with the run that brought it, or with the next', async () => {
  const { a, b, there, staging } = await cutOffAhead()
  await there.stop()
  expect(fs.readdirSync(staging)).toEqual([])
  // As a run leaves it that was killed.
  fs.writeFileSync(`${staging}/ahead-1`, 'left')
  await a.sync()
  await b.sync()
  expect([b.has('film'), fs.readdirSync(staging)]).toEqual([true, []])
})
