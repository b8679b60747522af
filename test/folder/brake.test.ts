// What is lost in a mass waits for a person, on the device that lost it and on the others: nothing is sent or applied before.
import * as fs from 'node:fs'
import { approveFolder, openFolder, type ClientError } from '@grenier/client'
import { afterAll, describe, expect, test } from 'vitest'
import { agree, Ground, treeOf, type Device } from './devices.ts'

const ground = new Ground()
afterAll(() => ground.end())

const fileCount = 60
const paths = Array.from({ length: fileCount }, (_, at) => `${at % 3}/file ${String(at).padStart(2, '0')}`)

/** Two devices that hold sixty files in three folders. */
async function sixty(): Promise<[Device, Device]> {
  const devices = await ground.pair()
  for (const path of paths) devices[0].write(path, `what ${path} holds`)
  await agree(...devices)
  return devices
}

/** The log's head, as this device knows it. */
async function head(device: Device): Promise<number> {
  const engine = await openFolder(device.context(), device.folder)
  const { head } = await engine.status()
  await engine.close()
  return head?.seq ?? -1
}

async function expectHeld(device: Device, seen: Partial<Record<string, unknown>>): Promise<void> {
  const { code, data } = await device.refusal()
  expect({ code, ...data }).toMatchObject({ code: 'brake', ...seen })
}

async function approve(device: Device): Promise<unknown> {
  return (await approveFolder(device.context(), device.folder)).sights
}

const remove = (device: Device, path: string): void => fs.rmSync(device.at(path), { recursive: true })

describe('files that went in a mass', () => {
  test('are not removed from the log before somebody says so; then they are, here and there', async () => {
    const [a, b] = await sixty()
    const before = await head(a)
    remove(a, '1')
    remove(a, '2')
    await expectHeld(a, {
      direction: 'up',
      gone: 40,
      changed: 0,
      files: 60,
      examples: [1, 4, 7].map((at) => paths[at]).join('\n'),
    })
    await expectHeld(a, { gone: 40 })
    expect(await head(a)).toBe(before)
    await b.sync()
    expect(b.names()).toEqual(['0', '1', '2'])
    expect(await approve(a)).toMatchObject([{ direction: 'up', gone: 40 }])
    await a.sync()
    expect((await head(a)) > before).toBe(true)
    // The other device lost them in a mass, too.
    await expectHeld(b, { direction: 'down', gone: 40, changed: 0, files: 60 })
    expect(b.names()).toEqual(['0', '1', '2'])
    await approve(b)
    await agree(a, b)
    expect(b.names()).toEqual(['0'])
  })

  test('hold nothing when they are put back', async () => {
    const [a, b] = await sixty()
    fs.renameSync(a.at('1'), `${a.folder}-aside`)
    remove(a, '2')
    await expectHeld(a, { gone: 40 })
    fs.renameSync(`${a.folder}-aside`, a.at('1'))
    await expectHeld(a, { gone: 20 })
    for (const path of paths.filter((one) => one.startsWith('2/'))) a.write(path, `what ${path} holds`)
    await agree(a, b)
    expect(b.names('2')).toHaveLength(20)
  })

  test('may go after an approval, and what goes after that is looked at anew', async () => {
    const [a, b] = await sixty()
    remove(a, '2')
    remove(a, '1')
    await expectHeld(a, { gone: 40 })
    await approve(a)
    await a.sync()
    for (const path of paths) a.write(path, `once more ${path}`)
    await a.sync()
    remove(a, '0')
    remove(a, '1')
    await expectHeld(a, { gone: 40, files: 60 })
    await approve(a)
    await a.sync()
    await expectHeld(b, { direction: 'down' })
  })

  test('do not slip through when more of them go than were approved', async () => {
    const [a] = await sixty()
    for (const path of paths.slice(0, 30)) remove(a, path)
    await expectHeld(a, { gone: 30 })
    await approve(a)
    for (const path of paths.slice(30)) remove(a, path)
    await expectHeld(a, { gone: 60 })
  })

  test('hold back edits of others meanwhile, and nothing of these is lost', async () => {
    const [a, b] = await sixty()
    remove(a, '1')
    remove(a, '2')
    await expectHeld(a, { gone: 40 })
    b.write(paths[1] ?? '', 'edited there')
    await b.sync()
    await expectHeld(a, { gone: 39 })
    await approve(a)
    await a.sync()
    await expectHeld(b, { gone: 39 })
    await approve(b)
    await agree(a, b)
    expect(a.read(paths[1] ?? '')).toBe('edited there')
  })
})

describe('files that were all rewritten', () => {
  const rewrite = (device: Device): void => {
    for (const path of paths) fs.writeFileSync(device.at(path), Buffer.from(`hwat ${path} holds`).reverse())
  }

  test('as ransomware does it, in place and of the same size, are held', async () => {
    const [a, b] = await sixty()
    const tree = treeOf(b.folder)
    rewrite(a)
    await expectHeld(a, { direction: 'up', gone: 0, changed: 60, files: 60 })
    await b.sync()
    expect(treeOf(b.folder)).toEqual(tree)
    await approve(a)
    await a.sync()
    await expectHeld(b, { direction: 'down', changed: 60 })
    await approve(b)
    await agree(a, b)
  })

  test('under other names, are held', async () => {
    const [a] = await sixty()
    for (const path of paths) {
      a.write(`${path}.locked`, 'sealed')
      remove(a, path)
    }
    await expectHeld(a, { gone: 60, changed: 0 })
  })

  test('anew under their names, are held as changed, not as gone', async () => {
    const [a] = await sixty()
    for (const path of paths) {
      a.write(`${path}~`, `another ${path}`)
      fs.renameSync(a.at(`${path}~`), a.at(path))
    }
    await expectHeld(a, { gone: 0, changed: 60 })
  })

  test('a few at a time, are held when they have become many', async () => {
    const [a] = await sixty()
    for (const path of paths.slice(0, 24)) {
      a.write(path, 'sealed')
      await a.sync()
    }
    a.write(paths[24] ?? '', 'sealed')
    await expectHeld(a, { changed: 25 })
  })
})

describe('what is usual goes on', () => {
  const same: readonly (readonly [string, (device: Device) => void])[] = [
    ['touching all files', (a) => paths.forEach((path) => fs.utimesSync(a.at(path), 5, 5))],
    [
      'saving all files anew with the bytes they had',
      (a) => paths.forEach((path) => a.write(path, a.read(path))),
    ],
    ['changing the bits of all files', (a) => paths.forEach((path) => fs.chmodSync(a.at(path), 0o600))],
    [
      'moving everything',
      (a) => ['0', '1', '2'].forEach((name) => fs.renameSync(a.at(name), a.at(`moved ${name}`))),
    ],
    ['adding many files', (a) => paths.forEach((path) => a.write(`new/${path}`, path))],
    ['removing a few', (a) => paths.slice(0, 19).forEach((path) => remove(a, path))],
    ['editing a few', (a) => paths.slice(0, 19).forEach((path) => a.write(path, 'edited'))],
  ]
  test.each(same)('%s', async (_, change) => {
    const [a, b] = await sixty()
    change(a)
    await agree(a, b)
  })

  test('removing less than a third of many', async () => {
    const [a, b] = await sixty()
    for (let at = 0; at < 100; at += 1) a.write(`more ${at}`, 'more')
    await agree(a, b)
    remove(a, '1')
    remove(a, '2')
    await agree(a, b)
  })

  test('emptying a folder of a few files', async () => {
    const [a, b] = await ground.pair()
    for (let at = 0; at < 20; at += 1) a.write(`few ${at}`, 'few')
    await agree(a, b)
    for (let at = 0; at < 20; at += 1) remove(a, `few ${at}`)
    await agree(a, b)
  })
})

describe('a run that watches', () => {
  test('stays, is held, answers, and goes on with the word', async () => {
    const [a, b] = await sixty()
    const watching = await a.watch()
    const states = (): unknown[] =>
      a.events.flatMap((event) => (event.event === 'state' ? [event.state] : []))
    await watching.until(() => states().at(-1) === 'synced')
    for (const path of paths.slice(0, 59)) remove(a, path)
    await watching.until(() => states().at(-1) === 'braked')
    const sight = a.events.find((event) => event.event === 'brake')
    expect(sight).toMatchObject({ direction: 'up', files: 60 })
    expect((await watching.engine.status()).held).toHaveLength(1)
    expect((await watching.engine.invite({ role: 'writer', expiresMs: 60_000 })).role).toBe('writer')
    await watching.engine.approve()
    await watching.until(() => states().at(-1) === 'synced')
    await watching.stop()
    await expectHeld(b, { direction: 'down', gone: 59 })
  })
})

describe('a marker that is gone', () => {
  test('stands there again after the word, and nothing is lost', async () => {
    const [a, b] = await sixty()
    remove(a, '.grenier')
    expect((await a.refusal()).code).toBe('folder-unmarked')
    expect(await approveFolder(a.context(), a.folder)).toEqual({ marked: true, sights: [] })
    a.write('new', 'new')
    await agree(a, b)
  })

  test('as on a disk that is not mounted: what is missing there is held for itself', async () => {
    const [a] = await sixty()
    for (const name of fs.readdirSync(a.folder)) remove(a, name)
    expect((await a.refusal()).code).toBe('folder-unmarked')
    await approveFolder(a.context(), a.folder)
    await expectHeld(a, { direction: 'up', gone: 60 })
  })

  test('is not written over the marker of another folder', async () => {
    const [a, b] = await sixty()
    fs.copyFileSync(b.at('.grenier/marker'), a.at('.grenier/marker'))
    const error = await approveFolder(a.context(), a.folder).catch((thrown: unknown) => thrown as ClientError)
    expect(error).toMatchObject({ code: 'state-foreign' })
  })
})
