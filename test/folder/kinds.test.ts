// What is in a folder besides plain files: links of all sorts, special files, hard links, holes, odd times.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { systemClock, type Clock } from '@grenier/client'
import { afterAll, describe, expect, test } from 'vitest'
import { agree, Ground, timesOf, treeOf } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())
const isRoot = process.getuid?.() === 0

describe('links', () => {
  test('go as they are, and are never followed', async () => {
    const [a, b] = await ground.pair()
    const outside = ground.directory('outside')
    fs.writeFileSync(join(outside, 'secret'), 'not of this folder')
    a.write('d/f', 'x')
    const links: [string, string][] = [
      ['dangling', 'no/such/thing'],
      ['absolute', join(outside, 'secret')],
      ['to a folder outside', outside],
      ['to a folder inside', 'd'],
      ['up', '..'],
      ['loop', 'loop'],
      ['one', 'other'],
      ['other', 'one'],
      ['d/back', '.'],
      ['raw', 'caf\u00e9'],
      ['long', 'x/'.repeat(2000)],
    ]
    for (const [name, target] of links) fs.symlinkSync(target, a.at(name))
    fs.symlinkSync(Buffer.from([0x66, 0xff]), a.at('not text'))
    const { problems } = await a.sync()
    await agree(a, b)
    expect(problems).toEqual([])
    for (const [name, target] of links) expect(fs.readlinkSync(b.at(name))).toBe(target)
    expect(fs.readlinkSync(b.at('not text'), { encoding: 'buffer' })).toEqual(Buffer.from([0x66, 0xff]))
    expect(treeOf(b.folder).some((line) => line.includes('secret '))).toBe(false)
  })

  test('that are turned elsewhere are new versions, and become files or folders and back', async () => {
    const [a, b] = await ground.pair()
    fs.symlinkSync('one', a.at('l'))
    await agree(a, b)
    fs.rmSync(a.at('l'))
    fs.symlinkSync('two', a.at('l'))
    await agree(a, b)
    expect(fs.readlinkSync(b.at('l'))).toBe('two')
    fs.rmSync(a.at('l'))
    a.write('l/in', 'a folder now')
    await agree(a, b)
    fs.rmSync(a.at('l'), { recursive: true })
    a.write('l', 'a file now')
    await agree(a, b)
    fs.rmSync(a.at('l'))
    fs.symlinkSync('three', a.at('l'))
    await agree(a, b)
    expect(fs.readlinkSync(b.at('l'))).toBe('three')
  })

  test('take nobody out of the folder: what is to be written below one is not', async () => {
    const [a, b] = await ground.pair()
    const outside = ground.directory('outside')
    a.write('d/f', 'x')
    await agree(a, b)
    a.write('d/f', 'changed')
    a.write('d/g', 'new')
    await a.sync()
    b.hands.beforeChange = (change) => {
      if (change.do !== 'place' || !change.path.startsWith('d/')) return
      b.hands.beforeChange = undefined
      fs.rmSync(b.at('d'), { recursive: true })
      fs.symlinkSync(outside, b.at('d'))
    }
    await b.sync()
    expect(fs.readdirSync(outside)).toEqual([])
    await agree(a, b)
    expect(fs.readdirSync(outside)).toEqual([])
  })
})

test('a folder becomes a file of its name and a folder again, on the other side too', async () => {
  const [a, b] = await ground.pair()
  a.write('x/deep/er/f', '1')
  a.write('x/g', '2')
  await agree(a, b)
  fs.rmSync(a.at('x'), { recursive: true })
  a.write('x', 'a file')
  await agree(a, b)
  expect(b.read('x')).toBe('a file')
  fs.rmSync(a.at('x'))
  a.write('x/deep/er/f', '3')
  await agree(a, b)
  expect(treeOf(b.folder).filter((line) => !line.includes('/ '))).toHaveLength(1)
  expect(b.read('x/deep/er/f')).toBe('3')
})

test('a folder that became a file here while something in it was edited there: both stay', async () => {
  const [a, b] = await ground.pair()
  a.write('x/f', '1')
  await agree(a, b)
  fs.rmSync(a.at('x'), { recursive: true })
  a.write('x', 'a file')
  b.write('x/f', 'edited')
  await b.sync()
  const { kept } = await a.sync()
  await agree(a, b)
  expect(kept).toHaveLength(1)
  expect([b.read('x/f'), b.read(kept[0]!)]).toEqual(['edited', 'a file'])
})

describe('hard links', () => {
  test('go as two files, which do not hang together on the other side', async () => {
    const [a, b] = await ground.pair()
    a.write('one', 'x')
    fs.linkSync(a.at('one'), a.at('two'))
    await agree(a, b)
    expect([b.read('one'), b.read('two')]).toEqual(['x', 'x'])
    expect(fs.statSync(b.at('one')).ino).not.toBe(fs.statSync(b.at('two')).ino)
    fs.appendFileSync(a.at('one'), ' and more')
    await agree(a, b)
    expect([b.read('one'), b.read('two')]).toEqual(['x and more', 'x and more'])
  })

  test('are cut where a change comes in: the other name keeps what it had, and both stay', async () => {
    const [a, b] = await ground.pair()
    a.write('one', 'x')
    fs.linkSync(a.at('one'), a.at('two'))
    await agree(a, b)
    b.write('one', 'changed')
    await agree(b, a)
    expect([a.read('one'), a.read('two')]).toEqual(['changed', 'x'])
  })

  test('come and go one by one, and one of them may be renamed', async () => {
    const [a, b] = await ground.pair()
    a.write('one', 'x')
    await agree(a, b)
    fs.linkSync(a.at('one'), a.at('two'))
    await agree(a, b)
    fs.renameSync(a.at('one'), a.at('three'))
    await agree(a, b)
    expect(b.names()).toEqual(['three', 'two'])
    fs.rmSync(a.at('two'))
    await agree(a, b)
    expect(b.names()).toEqual(['three'])
  })
})

describe('sockets, pipes and devices', () => {
  test('are a problem each and stay where they are', async () => {
    const [a, b] = await ground.pair()
    a.write('d/f', 'x')
    expect(spawnSync('mkfifo', [a.at('d/pipe')]).status).toBe(0)
    const server = createServer().listen(a.at('socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    const expected = ['kind-unsupported d/pipe', 'kind-unsupported socket']
    if (isRoot && spawnSync('mknod', [a.at('null'), 'c', '1', '3']).status === 0)
      expected.push('kind-unsupported null')
    const { problems, summary } = await a.sync()
    server.close()
    expect([problems, summary.problems]).toEqual([expected.sort(), expected.length])
    await b.sync()
    expect([b.names(), b.names('d')]).toEqual([['d'], ['f']])
  })

  test('that take the name of a file leave it to the others as it was, and nothing is put over them', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'x')
    await agree(a, b)
    fs.rmSync(b.at('f'))
    expect(spawnSync('mkfifo', [b.at('f')]).status).toBe(0)
    expect((await b.sync()).problems).toEqual(['kind-unsupported f'])
    a.write('f', 'changed')
    await a.sync()
    expect((await b.sync()).problems).toEqual(['kind-unsupported f'])
    expect(fs.lstatSync(b.at('f')).isFIFO()).toBe(true)
    fs.rmSync(b.at('f'))
    await agree(a, b)
    expect(a.names()).toEqual(b.names())
  })
})

describe('holes and nothing', () => {
  test('a sparse file comes out with its holes, and costs next to nothing on the way', async () => {
    const [a, b] = await ground.pair()
    const sizeBytes = 16 << 20
    const file = fs.openSync(a.at('sparse'), 'w')
    fs.writeSync(file, 'start', 0)
    fs.writeSync(file, 'middle', 9_000_000)
    fs.ftruncateSync(file, sizeBytes)
    fs.closeSync(file)
    const { summary } = await a.sync()
    expect(summary.bytesSent).toBeLessThan(1 << 20)
    await agree(a, b)
    const { size, blocks } = fs.statSync(b.at('sparse'))
    expect(size).toBe(sizeBytes)
    expect(blocks * 512).toBeLessThan(4 << 20)
  })

  test('empty files and empty folders are kept', async () => {
    const [a, b] = await ground.pair()
    a.write('empty', '')
    fs.mkdirSync(a.at('d/e'), { recursive: true })
    await agree(a, b)
    expect(treeOf(b.folder)).toEqual(treeOf(a.folder))
    fs.truncateSync(b.at('empty'))
    b.write('full', 'x')
    await agree(b, a)
    fs.truncateSync(b.at('full'))
    await agree(b, a)
    expect(a.read('full')).toBe('')
  })
})

/** A clock that is wrong by this much. */
function wrongBy(ms: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ms }
}

const day = 86_400_000

describe('bits', () => {
  test('of a folder and of all that is in it, old and new, go in one sync', async () => {
    const [a, b] = await ground.pair()
    for (const path of ['d/f', 'd/e/g', 'd/e/h']) a.write(path, path)
    await agree(a, b)
    fs.chmodSync(a.at('d/f'), 0o600)
    for (const path of ['d', 'd/e']) fs.chmodSync(a.at(path), 0o700)
    a.write('d/e/g', 'edited')
    a.write('d/e/i/new', 'new')
    fs.renameSync(a.at('d/e/h'), a.at('d/moved'))
    expect((await a.sync()).problems).toEqual([])
    await b.sync()
    expect(treeOf(b.folder)).toEqual(treeOf(a.folder))
  })
})

describe('times', () => {
  test('before 1970, in the far future and between microseconds come over, and come back from no look as edits', async () => {
    const [a, b] = await ground.pair()
    // Seconds, as text, for `touch`: what Node sets itself goes through a double.
    const times = [
      '-1',
      '-0.5',
      '-123456789.123456789',
      '0',
      '0.000000001',
      '1700000000.123456789',
      '4102444800.5',
    ]
    for (const [at, time] of times.entries()) {
      a.write(`f${at}`, `${at}`)
      expect(spawnSync('touch', ['-d', `@${time}`, a.at(`f${at}`)]).status).toBe(0)
    }
    await agree(a, b)
    const [here, there] = [timesOf(a.folder), timesOf(b.folder)]
    expect(there.size).toBe(times.length)
    for (const [path, time] of here) {
      const off = time - there.get(path)!
      expect(off > -1000n && off < 1000n).toBe(true)
    }
    const { events } = await b.sync()
    expect(events.filter(({ event }) => event === 'change')).toEqual([])
    expect(timesOf(a.folder)).toEqual(here)
  })

  test('that a disk cannot keep stay in the log, and the file is not taken for edited', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'x')
    b.hands.afterChange = (change) => {
      // As a disk does that has no times so late.
      if (change.do === 'finish-staged')
        fs.utimesSync(b.at(`.grenier/staging/${change.name}`), 2 ** 31, 2 ** 31)
    }
    expect(spawnSync('touch', ['-d', '@9000000000', a.at('f')]).status).toBe(0)
    await a.sync()
    await b.sync()
    const { events } = await b.sync()
    expect(events.filter(({ event }) => event === 'change')).toEqual([])
    await a.sync()
    expect(fs.statSync(a.at('f')).mtimeMs).toBe(9e12)
  })

  test.each([
    ['behind', -400 * day],
    ['ahead', 400 * day],
  ])('a clock that is more than a year %s syncs all the same, and reads nothing twice', async (_, ms) => {
    const [a, b] = await ground.pair({ clock: wrongBy(ms) }, {})
    a.write('f', 'x')
    await agree(a, b)
    b.write('f', 'longer')
    await agree(b, a)
    let reads = 0
    a.hands.opened = (path) => {
      if (!path.startsWith('.grenier')) reads += 1
    }
    await a.sync()
    expect([reads, a.read('f')]).toEqual([0, 'longer'])
  })

  test('a clock that jumps while folders are watched stops nothing', async () => {
    let ms = 0
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + ms }
    const [a, b] = await ground.pair({ clock }, { clock })
    const watching = [await a.watch(), await b.watch()]
    for (const jump of [-400 * day, 400 * day, 3_600_000, 0]) {
      ms = jump
      a.write('f', `${jump}`)
      await watching[1]!.until(() => b.has('f') && b.read('f') === `${jump}`)
    }
    for (const one of watching) await one.stop()
  })
})
