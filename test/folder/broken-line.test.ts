// A line that breaks, or a run that ends, while a large file comes: what of it is there is not brought again.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { ClientError, DiskError } from '@grenier/client'
import { afterAll, describe, expect, test } from 'vitest'
import { Ground, relayUrl, type Device } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

const mib = 1 << 20
const film = randomBytes(48 * mib)

/** Bytes that the last run has received. */
function received({ events }: Device): number {
  return Math.max(0, ...events.flatMap((event) => (event.event === 'progress' ? [event.bytesReceived] : [])))
}

function staged(device: Device): string[] {
  return fs.readdirSync(device.at('.grenier/staging'))
}

/** Two devices of one vault; the film is with the first one, and sent. */
async function sent(path = 'film'): Promise<[Device, Device]> {
  const [a, b] = await ground.pair()
  a.write(path, film)
  await a.sync()
  return [a, b]
}

function expectFilm(device: Device, path = 'film'): void {
  expect(Buffer.compare(fs.readFileSync(device.at(path)), film)).toBe(0)
}

test('a line that breaks again and again: the file is gone on with', async () => {
  const [, b] = await sent()
  const breaks = [12 * mib, 24 * mib, 36 * mib]
  b.hands.wrote = (offset) => {
    if (offset < (breaks[0] ?? Number.POSITIVE_INFINITY)) return
    breaks.shift()
    ground.hangUp(relayUrl)
  }
  const { problems } = await b.sync()
  expect([problems, breaks]).toEqual([[], []])
  expectFilm(b)
  // What was on its way when it broke is asked for once more.
  expect(received(b)).toBeLessThan(1.5 * film.length)
  expect(staged(b)).toEqual([])
})

describe('a run that ended in the middle of a file', () => {
  /** Most of the film is in the second device's staging area. */
  async function cutOff(path = 'film') {
    const [a, b] = await sent(path)
    b.hands.wrote = (offset) => {
      if (offset >= 36 * mib) throw new ClientError('interrupted', 'cut off')
    }
    await expect(b.sync()).rejects.toThrow('cut off')
    b.hands.wrote = undefined
    const [left = ''] = staged(b)
    expect(left).toMatch(/^put-\d+-[0-9a-f]{32}$/)
    return { a, b, left: b.at(`.grenier/staging/${left}`) }
  }

  test('is gone on with by the next one', async () => {
    const { b } = await cutOff()
    await b.sync()
    expectFilm(b)
    expect(received(b)).toBeLessThan(film.length / 2)
    expect(staged(b)).toEqual([])
  })

  test('and whose relay is gone ends with that, and is gone on with when it is there again', async () => {
    const [, b] = await sent()
    b.hands.wrote = (offset) => {
      if (offset < 36 * mib) return
      ground.lose(relayUrl)
      ground.hangUp(relayUrl)
    }
    await expect(b.sync()).rejects.toMatchObject({ code: 'relay-unreachable' })
    expect([b.has('film'), staged(b).length]).toEqual([false, 1])
    ground.restart(relayUrl)
    b.hands.wrote = undefined
    await b.sync()
    expectFilm(b)
    expect(received(b)).toBeLessThan(film.length / 2)
    expect(staged(b)).toEqual([])
  })

  test('leaves nothing that is trusted: what does not check out is fetched', async () => {
    const { b, left } = await cutOff()
    const fd = fs.openSync(left, 'r+')
    fs.writeSync(fd, Buffer.from('torn'), 0, 4, 9 * mib)
    fs.closeSync(fd)
    await b.sync()
    expectFilm(b)
    expect(received(b)).toBeLessThan(film.length / 2)
  })

  test('is gone on with from the longest of what several runs left', async () => {
    const { b, left } = await cutOff()
    const [, key = ''] = /put-\d+-(.*)$/.exec(left) ?? []
    for (const count of [3, 4])
      fs.writeFileSync(b.at(`.grenier/staging/put-${count}-${key}`), film.subarray(0, count * mib))
    await b.sync()
    expectFilm(b)
    expect(received(b)).toBeLessThan(film.length / 2)
    expect(staged(b)).toEqual([])
  })

  test('makes room for what is wanted now', async () => {
    const { b, left } = await cutOff()
    b.hands.wrote = (offset) => {
      if (offset > mib && fs.existsSync(left)) throw new DiskError('ENOSPC', 'the disk is full')
    }
    expect((await b.sync()).problems).toEqual([])
    expectFilm(b)
  })

  test('leaves nothing that may not be read, either', async () => {
    const { b, left } = await cutOff()
    fs.rmSync(left)
    fs.mkdirSync(left)
    await b.sync()
    expectFilm(b)
  })

  test('leaves nothing for good: what nobody wants any more goes', async () => {
    const { a, b } = await cutOff()
    fs.rmSync(a.at('film'))
    await a.sync()
    await b.sync()
    expect([b.has('film'), staged(b)]).toEqual([false, []])
  })

  test('may leave a second name of what a user has: that is only read', async () => {
    const { b, left } = await cutOff()
    b.write('mine', film)
    fs.rmSync(left)
    fs.linkSync(b.at('mine'), left)
    const before = fs.statSync(b.at('mine'), { bigint: true })
    await b.sync()
    expectFilm(b)
    expectFilm(b, 'mine')
    const after = fs.statSync(b.at('mine'), { bigint: true })
    expect([after.ino, after.mtimeNs, after.nlink]).toEqual([before.ino, before.mtimeNs, 1n])
  })
})
