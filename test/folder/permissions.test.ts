// What may not be read or written. Root may everything: started by root, these tests act as somebody who is not.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agree, Ground, treeOf, type Device } from './devices.ts'

const nobody = 65_534
const isRoot = process.getuid?.() === 0
let ground: Ground

beforeAll(() => {
  // Of the process, with all its threads: the kernel then asks for permission as it would of anybody.
  if (isRoot) process.seteuid?.(nobody)
  ground = new Ground()
})
afterAll(async () => {
  if (isRoot) process.seteuid?.(0)
  await ground.end()
})

/** Does it as root, which is somebody else. */
function asRoot(work: () => void): void {
  process.seteuid?.(0)
  try {
    work()
  } finally {
    process.seteuid?.(nobody)
  }
}

async function problemsOf(device: Device): Promise<readonly string[]> {
  return (await device.sync()).problems
}

describe('a file that may not be read', () => {
  test('is a problem while that is so, the others go, and it goes when it may', async () => {
    const [a, b] = await ground.pair()
    a.write('secret', 'x')
    a.write('plain', 'y')
    fs.chmodSync(a.at('secret'), 0o000)
    const met = await a.sync()
    expect([met.problems, met.summary.problems]).toEqual([['unreadable secret'], 1])
    await b.sync()
    expect(b.names()).toEqual(['plain'])
    fs.chmodSync(a.at('secret'), 0o600)
    expect(await problemsOf(a)).toEqual([])
    await agree(a, b)
    expect(b.read('secret')).toBe('x')
  })

  test('stays as it was on the other side when it was edited before, and what comes meanwhile is kept beside it', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'first')
    await agree(a, b)
    a.write('f', 'second, of alpha')
    fs.chmodSync(a.at('f'), 0o000)
    expect(await problemsOf(a)).toEqual(['unreadable f'])
    await b.sync()
    expect(b.read('f')).toBe('first')
    b.write('f', 'of beta')
    await b.sync()
    expect(await problemsOf(a)).toEqual(['unreadable f'])
    fs.chmodSync(a.at('f'), 0o644)
    const { kept } = await a.sync()
    await agree(a, b)
    expect([kept.length, b.read('f'), b.read(kept[0]!)]).toEqual([1, 'of beta', 'second, of alpha'])
  })

  test('has its bits on the other side too, when it only lost them', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'x')
    // Written just now, it would have to be read once more before it is known to be what it was.
    const before = new Date(Date.now() - 10_000)
    fs.utimesSync(a.at('f'), before, before)
    await agree(a, b)
    fs.chmodSync(a.at('f'), 0o000)
    expect(await problemsOf(a)).toEqual([])
    expect(await problemsOf(b)).toEqual([])
    expect(fs.statSync(b.at('f')).mode & 0o777).toBe(0)
    fs.chmodSync(b.at('f'), 0o640)
    await agree(b, a)
    expect(a.read('f')).toBe('x')
  })
})

describe('a folder that may not be listed', () => {
  test.each([
    ['neither listed nor entered', 0o000],
    ['entered, not listed', 0o300],
    ['listed, not entered', 0o600],
  ])('(%s) is a problem, and what was in it is not taken for removed', async (_, mode) => {
    const [a, b] = await ground.pair()
    a.write('d/e/f', 'x')
    a.write('g', 'y')
    await agree(a, b)
    fs.chmodSync(a.at('d'), mode)
    a.write('g', 'changed')
    expect(await problemsOf(a)).toEqual(['unreadable d'])
    // Its bits are synced like any other.
    await b.sync()
    expect(await problemsOf(b)).toEqual(['unreadable d'])
    expect(b.read('g')).toBe('changed')
    fs.chmodSync(a.at('d'), 0o755)
    expect(await problemsOf(a)).toEqual([])
    await agree(a, b)
    expect(b.read('d/e/f')).toBe('x')
  })

  test('of one’s own is opened for what comes, and closed again', async () => {
    const [a, b] = await ground.pair()
    a.write('d/f', 'x')
    a.write('d/old', 'x')
    await agree(a, b)
    b.write('d/f', 'edited')
    b.write('d/new', 'new')
    fs.rmSync(b.at('d/old'))
    await b.sync()
    fs.chmodSync(a.at('d'), 0o000)
    const { problems } = await a.sync()
    expect([problems.includes('unreadable d'), fs.statSync(a.at('d')).mode & 0o777]).toEqual([true, 0])
    fs.chmodSync(a.at('d'), 0o755)
    await agree(a, b)
    expect([a.names('d'), a.read('d/f'), a.read('d/new')]).toEqual([['f', 'new'], 'edited', 'new'])
  })

  test('comes over with what was in it', async () => {
    const [a, b] = await ground.pair()
    a.write('d/f', 'x')
    await a.sync()
    fs.chmodSync(a.at('d'), 0o000)
    await a.sync()
    await b.sync()
    expect(fs.statSync(b.at('d')).mode & 0o777).toBe(0)
    fs.chmodSync(b.at('d'), 0o755)
    await agree(b, a)
    expect([b.read('d/f'), a.read('d/f')]).toEqual(['x', 'x'])
  })
})

describe('a folder with read-only bits of one’s own', () => {
  test('is opened for what comes, and has its bits back', async () => {
    const [a, b] = await ground.pair()
    a.write('d/f', 'x')
    a.write('d/old', 'x')
    await agree(a, b)
    fs.chmodSync(b.at('d'), 0o555)
    await agree(b, a)
    expect(fs.statSync(a.at('d')).mode & 0o777).toBe(0o555)
    fs.chmodSync(a.at('d'), 0o755)
    a.write('d/f', 'edited')
    a.write('d/new', 'new')
    fs.rmSync(a.at('d/old'))
    fs.chmodSync(a.at('d'), 0o555)
    expect(await problemsOf(a)).toEqual([])
    expect(await problemsOf(b)).toEqual([])
    expect(treeOf(b.folder)).toEqual(treeOf(a.folder))
  })

  test('may be the synced folder itself', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'x')
    await agree(a, b)
    fs.chmodSync(b.folder, 0o555)
    a.write('f', 'edited')
    a.write('new', 'new')
    await a.sync()
    expect(await problemsOf(b)).toEqual([])
    expect([b.read('f'), b.read('new'), fs.statSync(b.folder).mode & 0o777]).toEqual(['edited', 'new', 0o555])
  })

  test('that was never synced is refused, and stays as it was', async () => {
    const a = ground.device('alpha')
    fs.chmodSync(a.folder, 0o555)
    const refused = await a.add().catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'folder-unusable' })
    expect(fs.readdirSync(a.folder)).toEqual([])
    expect(a.home.folders).toEqual([])
  })
})

describe.skipIf(!isRoot)('what belongs to somebody else', () => {
  test('is a problem where it may not be read, and stays as it is where it may not be written', async () => {
    const [a, b] = await ground.pair()
    b.write('d/f', 'x')
    await agree(a, b)
    asRoot(() => {
      for (const path of ['d', 'd/f']) fs.chownSync(b.at(path), 0, 0)
      fs.writeFileSync(b.at('theirs'), 'x', { mode: 0o600 })
    })
    a.write('d/f', 'edited')
    a.write('d/new', 'new')
    a.write('other', 'goes')
    await a.sync()
    expect(await problemsOf(b)).toEqual(['unreadable theirs', 'unwritable d/f', 'unwritable d/new'])
    expect([b.read('d/f'), b.read('other')]).toEqual(['x', 'goes'])
    fs.rmSync(a.at('d'), { recursive: true })
    await a.sync()
    expect(await problemsOf(b)).toEqual(['unreadable theirs', 'unwritable d/f'])
    expect(b.read('d/f')).toBe('x')
    asRoot(() => {
      for (const path of ['d', 'd/f', 'theirs']) fs.chownSync(b.at(path), nobody, nobody)
    })
    expect(await problemsOf(b)).toEqual([])
    await agree(a, b)
    expect(a.names()).toEqual(['other', 'theirs'])
  })

  test('is the marker’s folder: nothing is looked at, and nothing is taken for removed', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'x')
    await agree(a, b)
    asRoot(() => fs.chownSync(a.at('.grenier'), 0, 0))
    expect((await a.refusal()).code).toBe('folder-unusable')
    fs.chmodSync(b.folder, 0o000)
    expect((await b.refusal()).code).toBe('folder-unusable')
    fs.chmodSync(b.folder, 0o755)
    asRoot(() => fs.chownSync(join(a.folder, '.grenier'), nobody, nobody))
    await agree(a, b)
  })
})
