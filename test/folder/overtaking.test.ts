// What is small overtakes bulk that is under way, whichever way either goes: while a large file is read, sent, brought ahead, or staged.
import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { openRealFileSystem, systemClock, type Clock, type FileSystem } from '@grenier/client'
import { afterAll, describe, expect, test } from 'vitest'
import { Ground, relayUrl, treeOf, type Device, type DeviceOptions } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

const mib = 1 << 20
/** Beyond this a file is held: no small one is. */
const heldBytes = 4 * mib

/** Where a large file waits until it is let go. */
class Hold {
  /** From here on. */
  readonly bytes: number
  readonly #reached = Promise.withResolvers<undefined>()
  readonly #goesOn = Promise.withResolvers<undefined>()
  readonly reached = this.#reached.promise

  constructor(bytes = heldBytes) {
    this.bytes = bytes
  }

  letGo(): void {
    this.#goesOn.resolve(undefined)
  }

  async wait(): Promise<void> {
    this.#reached.resolve(undefined)
    await this.#goesOn.promise
  }
}

type Writer = Awaited<ReturnType<FileSystem['openStaged']>>

/** A device's options with a disk that holds what it reads, or what it writes into staged files of such a name. */
function holding(where: { read?: Hold; staged?: readonly [string, Hold] }): DeviceOptions {
  const folder = ground.directory('held')
  const held = (name: string, writer: Writer): Writer => {
    const [prefix, hold] = where.staged ?? []
    if (prefix === undefined || !name.startsWith(prefix)) return writer
    return {
      write: async (offset, bytes) => {
        if (hold !== undefined && offset + bytes.length >= hold.bytes) await hold.wait()
        await writer.write(offset, bytes)
      },
      close: () => writer.close(),
      finish: (bits) => writer.finish(bits),
    }
  }
  const fileSystem = (): FileSystem => {
    const files = openRealFileSystem(folder)
    const over: Pick<FileSystem, 'openStaged' | 'resumeStaged' | 'openForReading'> = {
      openStaged: async (name) => held(name, await files.openStaged(name)),
      resumeStaged: async (name, from) => held(name, await files.resumeStaged(name, from)),
      openForReading: async (path) => {
        const reader = await files.openForReading(path)
        return {
          stamp: reader.stamp,
          read: async (offset, ...more) => {
            if (where.read !== undefined && offset >= where.read.bytes) await where.read.wait()
            return await reader.read(offset, ...more)
          },
          stampNow: () => reader.stampNow(),
          close: () => reader.close(),
        }
      },
    }
    return new Proxy(files, {
      get: (target, name: keyof FileSystem) => {
        if (name in over) return over[name as keyof typeof over]
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  }
  return { folder, fileSystem }
}

/** So that each pack is claimed as soon as it is there. */
function hasty(): Clock {
  let ms = 0
  return { ...systemClock, monotonic: () => systemClock.monotonic() + (ms += 1000) }
}

function same(...devices: readonly Device[]): boolean {
  const [first, ...others] = devices.map(({ folder }) => treeOf(folder).join('\n'))
  return others.every((other) => other === first)
}

/** Two devices that watch. */
async function watching(first: DeviceOptions, second: DeviceOptions) {
  const [a, b] = await ground.pair(first, second)
  const [here, there] = [await a.watch(), await b.watch()]
  await a.synced(here)
  await b.synced(there)
  const stop = async (): Promise<void> => {
    for (const one of [here, there]) await one.stop()
  }
  return { a, b, here, there, stop }
}

/** While it is held: what either saves is with the other one; and then all of it. */
async function overtakes(hold: Hold, { a, b, here, there, stop }: Awaited<ReturnType<typeof watching>>) {
  await hold.reached
  a.write('d/from-a', 'said by a')
  await there.until(() => b.has('d/from-a'))
  b.write('d/from-b', 'said by b')
  await here.until(() => a.has('d/from-b'))
  // What was there already goes over the same way.
  b.write('d/from-a', 'said by b')
  fs.rmSync(b.at('d/from-b'))
  await here.until(() => a.read('d/from-a') === 'said by b' && !a.has('d/from-b'))
  expect(b.has('film')).toBe(false)
  hold.letGo()
  await there.until(() => same(a, b))
  await stop()
}

describe('edits both ways overtake a large file', () => {
  const film = randomBytes(24 * mib)

  test('that is being read', async () => {
    const hold = new Hold()
    const both = await watching(holding({ read: hold }), {})
    both.a.write('film', film)
    await overtakes(hold, both)
    expect(Buffer.compare(fs.readFileSync(both.b.at('film')), film)).toBe(0)
  })

  test('that is brought before it is known what it is', async () => {
    const hold = new Hold()
    const both = await watching({ clock: hasty() }, holding({ staged: ['ahead-', hold] }))
    both.a.write('film', film)
    await overtakes(hold, both)
    expect(Buffer.compare(fs.readFileSync(both.b.at('film')), film)).toBe(0)
  })

  test('that is being staged', async () => {
    const hold = new Hold()
    const both = await watching({}, holding({ staged: ['put-', hold] }))
    both.a.write('film', film.subarray(0, 12 * mib))
    await overtakes(hold, both)
    expect(Buffer.compare(fs.readFileSync(both.b.at('film')), film.subarray(0, 12 * mib))).toBe(0)
  })
})

test('edits both ways overtake a file that is being staged after the line broke', async () => {
  const hold = new Hold()
  const [a, b] = await ground.pair({}, holding({ staged: ['put-', hold] }))
  a.write('film', randomBytes(40 * mib))
  await a.sync()
  const [here, there] = [await a.watch(), await b.watch()]
  await a.synced(here)
  await hold.reached
  ground.hangUp(relayUrl)
  a.write('from-a', 'x')
  await there.until(() => b.has('from-a'))
  b.write('from-b', 'x')
  await here.until(() => a.has('from-b'))
  hold.letGo()
  await there.until(() => b.has('film'))
  expect(treeOf(a.folder)).toEqual(treeOf(b.folder))
  for (const one of [here, there]) await one.stop()
})

test('small files that come at once with a large one are read first', async () => {
  const [a] = await ground.pair()
  const read: string[] = []
  a.write('film', randomBytes(4 * mib))
  for (const name of ['note', 'other']) a.write(name, name)
  a.hands.opened = (path) => read.push(path)
  await a.sync()
  expect(read.at(-1)).toBe('film')
})

describe('what a user does while a large file is staged', () => {
  async function staging() {
    const hold = new Hold()
    const both = await watching({}, holding({ staged: ['put-', hold] }))
    both.a.write('film', randomBytes(8 * mib))
    await hold.reached
    return { ...both, hold }
  }

  test('at its place stands, and what came stands beside it', async () => {
    const { a, b, here, there, stop, hold } = await staging()
    b.write('film', 'mine')
    b.write('other', 'x')
    // It was looked at: this goes with the same look.
    await here.until(() => a.has('other'))
    hold.letGo()
    await there.until(() => b.names().length === 3)
    await here.until(() => a.names().length === 3)
    expect(treeOf(a.folder)).toEqual(treeOf(b.folder))
    const contents = b.names().map((name) => fs.statSync(b.at(name)).size)
    expect(contents.sort((x, y) => x - y)).toEqual([1, 4, 8 * mib])
    await stop()
  })

  test('the sender takes back meanwhile: it is not put there', async () => {
    const { a, b, here, there, stop, hold } = await staging()
    fs.rmSync(a.at('film'))
    a.write('other', 'x')
    await there.until(() => b.has('other'))
    hold.letGo()
    b.write('last', 'x')
    await here.until(() => a.has('last'))
    await there.until(() => same(a, b))
    expect(b.names()).toEqual(['last', 'other'])
    await stop()
  })
})

test('an edit that is no small one goes although what comes ahead goes on coming', async () => {
  // What is read further on would end what comes ahead.
  const [read, ahead] = [new Hold(92 * mib), new Hold()]
  const { a, b, here, there, stop } = await watching(
    { ...holding({ read }), clock: hasty() },
    holding({ staged: ['ahead-', ahead] }),
  )
  a.write('film', randomBytes(96 * mib))
  await ahead.reached
  await read.reached
  b.write('picture', randomBytes(mib + 1))
  b.write('note', 'x')
  // With the same look; and a picture is sent by the run alone.
  await here.until(() => a.has('note'))
  ahead.letGo()
  await here.until(() => a.has('picture'))
  read.letGo()
  await there.until(() => b.has('film'))
  expect(treeOf(a.folder)).toEqual(treeOf(b.folder))
  await stop()
})

test('a mass that goes while a large file is staged is held back, and the file is in place', async () => {
  const hold = new Hold()
  const [a, b] = await ground.pair({}, holding({ staged: ['put-', hold] }))
  for (let at = 0; at < 60; at += 1) a.write(`f${at}`, `${at}`)
  await a.sync()
  await b.sync()
  const [here, there] = [await a.watch(), await b.watch()]
  await a.synced(here)
  await b.synced(there)
  a.write('film', randomBytes(8 * mib))
  await hold.reached
  for (let at = 0; at < 60; at += 1) fs.rmSync(b.at(`f${at}`))
  b.write('note', 'x')
  setTimeout(() => hold.letGo(), 500)
  await there.until(() => b.events.some(({ event }) => event === 'brake'))
  expect(b.names()).toEqual(['film', 'note'])
  expect(fs.readdirSync(b.at('.grenier/staging'))).toEqual([])
  expect(a.names()).toHaveLength(61)
  for (const one of [here, there]) await one.stop()
})
