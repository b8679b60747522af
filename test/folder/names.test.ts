// Names as they come: any bytes, any length, any depth, and between file systems that do not agree on which names are the same. No file system
// of the usual Linux folds names, so the one that does is in memory.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  DiskError,
  MemoryFolder,
  MemoryUser,
  openMemoryFileSystem,
  openRealFileSystem,
  systemClock,
} from '@grenier/client'
import { afterAll, describe, expect, test } from 'vitest'
import { agree, Ground, treeOf, type Device, type Outcome } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

type Folds = NonNullable<ConstructorParameters<typeof MemoryFolder>[0]['folds']>

/** A device on a usual disk, and one whose file system takes names for one that differ in case, or in their Unicode form. */
async function withFolding(folds: Folds): Promise<{ a: Device; b: Device; user: MemoryUser }> {
  const folder = new MemoryFolder({ clock: systemClock, folds })
  const [a, b] = await ground.pair({}, { fileSystem: () => openMemoryFileSystem(folder) })
  return { a, b, user: new MemoryUser(folder) }
}

const insensitive: Folds = { caseInsensitive: true, normalizesUnicode: false }
const normalizing: Folds = { caseInsensitive: true, normalizesUnicode: true }

function filesOf(user: MemoryUser): Record<string, string> {
  return Object.fromEntries(
    [...user.tree()].map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]),
  )
}

/** Syncs back and forth until nothing is done any more. */
async function settle(a: Device, b: Device): Promise<{ a: Outcome; b: Outcome }> {
  for (let round = 0; ; round += 1) {
    const last = { a: await a.sync(), b: await b.sync() }
    const changes = [last.a, last.b].flatMap(({ events }) => events.filter(({ event }) => event === 'change'))
    if (changes.length === 0) return last
    if (round > 6) throw new Error('never settles')
  }
}

describe('names that differ in case alone', () => {
  test('are a rename when one becomes the other, on both kinds of disk', async () => {
    const { a, b, user } = await withFolding(insensitive)
    a.write('docs/readme', 'x')
    await settle(a, b)
    fs.renameSync(a.at('docs/readme'), a.at('docs/ReadMe'))
    fs.renameSync(a.at('docs'), a.at('Docs'))
    const { events } = await a.sync()
    expect(events.flatMap((one) => (one.event === 'change' ? [one.action] : []))).toEqual(['move', 'move'])
    await settle(a, b)
    expect(filesOf(user)).toEqual({ Docs: '', 'Docs/ReadMe': 'x' })
    user.rename('Docs/ReadMe', 'Docs/README')
    await settle(b, a)
    expect([a.names(), a.names('Docs')]).toEqual([['Docs'], ['README']])
  })

  test('collide where they are one: the first one comes, the other stays away and is a problem, until one is renamed', async () => {
    const { a, b, user } = await withFolding(insensitive)
    a.write('Makefile', 'first')
    await a.sync()
    a.write('makefile', 'second')
    const { a: here, b: there } = await settle(a, b)
    expect([here.summary.problems, there.summary.problems]).toEqual([0, 1])
    expect(filesOf(user)).toEqual({ Makefile: 'first' })
    expect(a.names()).toEqual(['Makefile', 'makefile'])
    user.write('Makefile', 'edited')
    await settle(b, a)
    expect([a.read('Makefile'), a.read('makefile')]).toEqual(['edited', 'second'])
    fs.renameSync(a.at('makefile'), a.at('other'))
    await settle(a, b)
    expect(filesOf(user)).toEqual({ Makefile: 'edited', other: 'second' })
  })

  test('collide as folders too, and what is in the one that stays away is not taken for removed', async () => {
    const { a, b, user } = await withFolding(insensitive)
    a.write('Src/one', '1')
    await a.sync()
    a.write('src/two', '2')
    const { b: there } = await settle(a, b)
    expect(there.summary.problems).toBe(1)
    expect(filesOf(user)).toEqual({ Src: '', 'Src/one': '1' })
    await settle(b, a)
    expect([a.read('Src/one'), a.read('src/two')]).toEqual(['1', '2'])
  })

  test('that arise on both sides at once are both kept', async () => {
    const { a, b, user } = await withFolding(insensitive)
    a.write('Note', 'of alpha')
    user.write('note', 'of beta')
    await settle(a, b)
    expect(
      a
        .names()
        .map((name) => a.read(name))
        .sort(),
    ).toEqual(['of alpha', 'of beta'])
    expect(Object.values(filesOf(user))).toContain('of beta')
  })
})

describe('Unicode forms', () => {
  const composed = 'caf\u00e9'
  const decomposed = 'cafe\u0301'

  test('of one name are two files on a disk that tells them apart, and collide on one that does not', async () => {
    const { a, b, user } = await withFolding(normalizing)
    a.write(composed, 'composed')
    await a.sync()
    a.write(decomposed, 'decomposed')
    const { b: there } = await settle(a, b)
    expect(there.summary.problems).toBe(1)
    expect(filesOf(user)).toEqual({ [composed]: 'composed' })
    expect(a.names()).toHaveLength(2)
  })

  test('come over as they are, and a disk that gives back another form makes no rename of it', async () => {
    const { a, b, user } = await withFolding(normalizing)
    a.write(`${decomposed}/${composed}`, 'x')
    await settle(a, b)
    user.write(`${composed}/${decomposed}`, 'edited')
    const { events } = await b.sync()
    expect(events.flatMap((one) => (one.event === 'change' ? [one.action] : []))).toEqual(['put'])
    await settle(a, b)
    expect(a.read(`${decomposed}/${composed}`)).toBe('edited')
  })

  test('are renamed one into the other', async () => {
    const { a, b, user } = await withFolding(normalizing)
    a.write(composed, 'x')
    await settle(a, b)
    fs.renameSync(a.at(composed), a.at(decomposed))
    await settle(a, b)
    expect(filesOf(user)).toEqual({ [decomposed]: 'x' })
  })
})

describe('names that a disk cannot hold', () => {
  test('are left away there and are a problem; the rest comes, and nobody takes them for removed', async () => {
    const [a, b] = await ground.pair()
    b.hands.beforeChange = (change) => {
      // As a disk does that refuses some characters.
      if ('path' in change && /[:?]/.test(change.path)) throw new DiskError('EINVAL', 'refused')
    }
    a.write('what?', '1')
    a.write('12:30/f', '2')
    a.write('plain', '3')
    await a.sync()
    const { problems } = await b.sync()
    expect(problems).toContain('name-unholdable what?')
    expect(problems).toContain('name-unholdable 12:30')
    expect(b.names()).toEqual(['plain'])
    await settle(b, a)
    expect(a.names()).toEqual(['12:30', 'plain', 'what?'])
    b.hands.beforeChange = undefined
    await agree(a, b)
  })

  test('of our own directory are refused at the root, and are names like any other below', async () => {
    const [a, b] = await ground.pair()
    a.write('d/.grenier', 'a file of that name')
    await agree(a, b)
    expect(b.read('d/.grenier')).toBe('a file of that name')
  })
})

describe('long names', () => {
  test('of 255 bytes go over, and a conflict copy of one is cut at a whole character', async () => {
    const [a, b] = await ground.pair()
    const name = `${'é'.repeat(125)}x.txt`
    expect(Buffer.byteLength(name)).toBe(255)
    a.write(name, 'base')
    await agree(a, b)
    a.write(name, 'of alpha, longer')
    b.write(name, 'of beta')
    await a.sync()
    const { kept } = await b.sync()
    await agree(a, b)
    expect(kept).toHaveLength(1)
    const [copy = ''] = kept
    expect(Buffer.byteLength(copy)).toBeLessThanOrEqual(255)
    expect(copy).toMatch(/^é+ \(conflict, beta, \d{4}-\d\d-\d\d \d\dh\d\d\)\.txt$/)
    expect([b.read(name), a.read(copy)]).toEqual(['of alpha, longer', 'of beta'])
  })

  test('make paths of more than 4,096 bytes, which go over, are edited and removed', async () => {
    const [a, b] = await ground.pair()
    const deep = Array.from({ length: 40 }, (_, at) => `${at}-${'d'.repeat(200)}`)
    makeDeep(a.folder, deep, 'x')
    await a.sync()
    const { problems } = await b.sync()
    expect([problems, readDeep(b.folder, deep)]).toEqual([[], 'x'])
    makeDeep(b.folder, deep, 'edited')
    await b.sync()
    await a.sync()
    expect(readDeep(a.folder, deep)).toBe('edited')
    fs.rmSync(a.at(deep[0]!), { recursive: true })
    await a.sync()
    await b.sync()
    expect(b.names()).toEqual([])
  })

  test('below more than 500 folders are a problem, and nothing else is', async () => {
    const [a, b] = await ground.pair()
    a.write('f', 'x')
    makeDeep(
      a.folder,
      Array.from({ length: 510 }, () => 'd'),
      'too deep',
    )
    const { problems } = await a.sync()
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^unreadable (d\/)+d$/)
    await b.sync()
    expect(b.names()).toEqual(['d', 'f'])
  })
})

/** Makes folders one in the other and a file in the last one, each reached from the one before. */
function makeDeep(root: string, names: readonly string[], text: string): void {
  const last = inDeep(root, names, (path) => {
    if (!fs.existsSync(path)) fs.mkdirSync(path)
  })
  fs.writeFileSync(`/proc/self/fd/${last}/f`, text)
  fs.closeSync(last)
}

function readDeep(root: string, names: readonly string[]): string {
  const last = inDeep(root, names, () => undefined)
  const text = fs.readFileSync(`/proc/self/fd/${last}/f`, 'utf8')
  fs.closeSync(last)
  return text
}

function inDeep(root: string, names: readonly string[], enter: (path: string) => void): number {
  let at = fs.openSync(root, 'r')
  for (const name of names) {
    const path = `/proc/self/fd/${at}/${name}`
    enter(path)
    const next = fs.openSync(path, 'r')
    fs.closeSync(at)
    at = next
  }
  return at
}

describe('names that are no UTF-8', () => {
  test('go over byte for byte, of files, folders and links, and can be edited, renamed and removed there', async () => {
    const [a, b] = await ground.pair()
    const [file, folder, link] = ['6e616dff', 'c328', 'fe6c'].map((hex) => Buffer.from(hex, 'hex')) as [
      Buffer,
      Buffer,
      Buffer,
    ]
    const inside = Buffer.concat([folder, Buffer.from('/in')])
    fs.writeFileSync(a.at(file), '1')
    fs.mkdirSync(a.at(folder))
    fs.writeFileSync(a.at(inside), '2')
    fs.symlinkSync(folder, a.at(link))
    expect((await a.sync()).problems).toEqual([])
    await agree(a, b)
    fs.writeFileSync(b.at(file), 'edited')
    fs.renameSync(b.at(folder), b.at(Buffer.from('ff', 'hex')))
    fs.rmSync(b.at(link))
    await agree(b, a)
    expect(treeOf(a.folder).map((line) => line.split(' ')[0])).toEqual(['nam\xff', '\xff/', '\xff/in'])
    expect(fs.readFileSync(a.at(file), 'utf8')).toBe('edited')
  })
})

test('names that are trouble elsewhere are none', async ({ skip }) => {
  const strings = naughtyStrings()
  if (strings === undefined) {
    skip('naughty strings: shared/vectors/naughty-strings.json is not here')
    return
  }
  const [a, b] = await ground.pair()
  const names = new Set(
    strings
      .map((text) => text.replaceAll('/', '\u2215').replaceAll('\0', ''))
      .filter((text) => text !== '' && text !== '.' && text !== '..' && Buffer.byteLength(text) <= 255),
  )
  expect(names.size).toBeGreaterThan(450)
  for (const name of names) fs.writeFileSync(`${a.folder}/${name}`, name)
  const { problems } = await a.sync()
  await agree(a, b)
  expect(problems).toEqual([])
  expect(new Set(b.names())).toEqual(new Set([...names].map((name) => Buffer.from(name).toString())))
  for (const name of names)
    expect(fs.readFileSync(`${b.folder}/${name}`, 'utf8')).toBe(Buffer.from(name).toString())
})

/** Published strings that break programs; beside the project where they are at hand. */
function naughtyStrings(): readonly string[] | undefined {
  for (let at = fileURLToPath(new URL('../..', import.meta.url)); at !== '/'; at = join(at, '..')) {
    const path = join(at, 'shared', 'vectors', 'naughty-strings.json')
    if (fs.existsSync(path)) return JSON.parse(fs.readFileSync(path, 'utf8')) as string[]
  }
  return undefined
}

test('a real disk says what it can tell apart and hold', async () => {
  const files = openRealFileSystem(ground.directory('traits'))
  const { caseInsensitive, normalizesUnicode, nameBytesMax } = await files.traits()
  expect(nameBytesMax).toBeGreaterThanOrEqual(143)
  if (process.platform === 'linux') expect([caseInsensitive, normalizesUnicode]).toEqual([false, false])
})
