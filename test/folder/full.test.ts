// Disks without room, here and at the relay: real ones, small. Nothing is lost, what fits goes on, and the rest follows when there is room.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { lineOf, Stage, summaryOf } from '../e2e/commands.ts'
import { agree, Ground, type Device } from './devices.ts'
import { cannotMount, Mounts } from './mounts.ts'

const ground = new Ground()
const mounts = new Mounts()
afterAll(async () => {
  mounts.end()
  await ground.end()
})
beforeEach(({ skip }) => {
  if (cannotMount !== undefined) skip(`a small disk: ${cannotMount}`)
})

const MiB = 1 << 20

/** A small disk. */
function smallDisk(size: string): string {
  const at = ground.directory('small')
  mounts.tmpfs(at, size)
  return at
}

/** Takes all the room there is, and more, but for some bytes; the path of what takes it. */
function fillUp(directory: string, leftBytes = 0): string {
  const path = join(directory, 'ballast')
  const file = fs.openSync(path, 'w')
  try {
    for (;;) fs.writeSync(file, new Uint8Array(64 * 1024).fill(1))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  }
  fs.ftruncateSync(file, fs.fstatSync(file).size - leftBytes)
  fs.closeSync(file)
  return path
}

/** Bytes that do not compress. */
function noise(bytes: number): Buffer {
  return process.getBuiltinModule('node:crypto').randomBytes(bytes)
}

describe('a folder on a disk that is full', () => {
  async function withSmall(): Promise<[Device, Device]> {
    const [a, b] = await ground.pair({}, { folder: smallDisk('4m') })
    b.write('.grenierignore', 'ballast\n')
    await agree(b, a)
    return [a, b]
  }

  test('takes what fits; what does not is a problem each, and comes when there is room', async () => {
    const [a, b] = await withSmall()
    a.write('f', 'first')
    await agree(a, b)
    a.write('f', noise(3 * MiB))
    a.write('g', noise(3 * MiB))
    a.write('small', 'x')
    await a.sync()
    // Of two that do not fit together, one comes.
    const { problems, summary } = await b.sync()
    expect([problems.length, summary.problems]).toEqual([1, 1])
    expect([b.read('small'), fs.readdirSync(b.at('.grenier/staging'))]).toEqual(['x', []])
    expect(fs.statSync(b.at('f')).size + (b.has('g') ? 3 * MiB : 0)).toBeGreaterThanOrEqual(3 * MiB)
    for (const name of ['f', 'g']) fs.truncateSync(a.at(name), 64 * 1024)
    await agree(a, b)
  })

  test('takes as many of many small files as fit, and leaves nothing half made of the one at which room ended', async () => {
    const [a, b] = await withSmall()
    const ballast = fillUp(b.folder, MiB)
    const names = Array.from({ length: 120 }, (_, at) => `many/${at}`)
    for (const name of names) a.write(name, noise(20_000))
    await a.sync()
    const { problems } = await b.sync()
    const come = names.filter((name) => b.has(name))
    expect(come.length).toBeGreaterThan(10)
    expect(problems.toSorted()).toEqual(
      names.flatMap((name) => (b.has(name) ? [] : [`disk-full ${name}`])).toSorted(),
    )
    for (const name of come)
      expect(fs.readFileSync(b.at(name)).equals(fs.readFileSync(a.at(name)))).toBe(true)
    expect(fs.readdirSync(b.at('.grenier/staging'))).toEqual([])
    fs.rmSync(ballast)
    await agree(b, a)
    expect(names.every((name) => b.has(name))).toBe(true)
  })

  test('keeps the old version of a file whose new one has no room', async () => {
    const [a, b] = await withSmall()
    a.write('f', 'first')
    await agree(a, b)
    const ballast = fillUp(b.folder, 64 * 1024)
    a.write('f', noise(MiB))
    await a.sync()
    expect((await b.sync()).problems).toEqual(['disk-full f'])
    expect(b.read('f')).toBe('first')
    fs.rmSync(ballast)
    await agree(a, b)
  })

  test('to the last byte is refused, and goes on when there is room', async () => {
    const [a, b] = await withSmall()
    a.write('f', 'first')
    await agree(a, b)
    const ballast = fillUp(b.folder)
    a.write('f', 'second')
    await a.sync()
    expect(await b.refusal()).toMatchObject({ code: 'disk-full', data: { path: b.folder } })
    expect(b.read('f')).toBe('first')
    fs.rmSync(ballast)
    await agree(a, b)
  })

  test('while it is watched, goes on by itself when there is room', async () => {
    const [a, b] = await withSmall()
    const watching = await b.watch()
    await b.synced(watching)
    const ballast = fillUp(b.folder)
    a.write('f', noise(MiB))
    await a.sync()
    await watching.until(() =>
      b.events.some((event) => event.event === 'problem' && event.code === 'disk-full'),
    )
    fs.rmSync(ballast)
    // Anything that happens makes it look again; without that, it does after a minute.
    a.write('g', 'x')
    await a.sync()
    await watching.until(() => b.has('f') && b.has('g'))
    await watching.stop()
    await agree(a, b)
  })
})

describe('the state on a disk that is full', () => {
  test('ends the run; what was done stands, and the next one goes on', async () => {
    const small = smallDisk('16m')
    const [a, b] = await ground.pair({}, { home: join(small, 'home') })
    for (let at = 0; at < 1000; at += 1) a.write(`${at % 30}/${'n'.repeat(200)}-${at}`, `${at}`)
    await a.sync()
    const ballast = fillUp(small, 200 * 1024)
    expect((await b.refusal()).code).toBe('disk-full')
    b.write('mine', 'x')
    expect((await b.refusal()).code).toBe('disk-full')
    fs.rmSync(ballast)
    await agree(a, b)
    expect(a.read('mine')).toBe('x')
  })
})

describe('a relay whose disk is full', () => {
  test('refuses what it has no room for; the run says so, and the next one goes on when there is room', async () => {
    const stage = Stage.forTest()
    const relay = await stage.relay()
    fs.mkdirSync(relay.data)
    mounts.tmpfs(relay.data, '96m')
    const url = await relay.start()
    const [alpha, beta] = [stage.device('alpha'), stage.device('beta')]
    const [here, there] = [stage.newFolder('here'), stage.path('there')]
    fs.writeFileSync(join(here, 'f'), 'first')
    await alpha.setup(url)
    await alpha.done('add', here)
    await beta.done('join', await alpha.invite(here), there, '--device-name', 'beta')
    const ballast = fillUp(relay.data)
    const large = noise(8 * MiB)
    fs.writeFileSync(join(here, 'large'), large)
    const refused = await alpha.run('sync', '--once')
    expect(lineOf(refused.lines, 'error')).toMatchObject({ code: 'relay-refused', folder: here })
    expect(refused.exitCode).toBe(5)
    expect(refused.stderr).toContain('its disk is full')
    fs.rmSync(ballast)
    expect(summaryOf(await alpha.done('sync', '--once'))).toMatchObject({ exitCode: 0, files: 2 })
    await beta.done('sync', '--once')
    expect(fs.readFileSync(join(there, 'large')).equals(large)).toBe(true)
    await relay.stop()
    mounts.end()
  })
})
