// The folder itself, not what is in it: moved, emptied, on a disk that is not there, restored from a backup without what this device knows of
// it or the other way round. Nothing of that is ever taken for a deletion.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test, type TestContext } from 'vitest'
import { agree, Ground, type Device } from './devices.ts'
import { cannotMount, Mounts } from './mounts.ts'

const ground = new Ground()
const mounts = new Mounts()
afterAll(async () => {
  mounts.end()
  await ground.end()
})

/** Two devices with some files in common. */
async function pairWithFiles(): Promise<[Device, Device]> {
  const [a, b] = await ground.pair()
  a.write('f', 'x')
  a.write('d/g', 'y')
  await agree(a, b)
  return [a, b]
}

/** Nothing of it went at the other device, which gets a chance to hear of it. */
async function expectWhole(device: Device): Promise<void> {
  await device.sync()
  expect([device.read('f'), device.read('d/g')]).toEqual(['x', 'y'])
}

describe('a folder that is not there', () => {
  test('since it was moved is unusable, and is itself again when it is back', async () => {
    const [a, b] = await pairWithFiles()
    fs.renameSync(a.folder, `${a.folder}-moved`)
    expect(await a.refusal()).toMatchObject({ code: 'folder-unusable', data: { path: a.folder } })
    await expectWhole(b)
    fs.writeFileSync(`${a.folder}-moved/f`, 'edited elsewhere')
    fs.renameSync(`${a.folder}-moved`, a.folder)
    await agree(a, b)
    expect(b.read('f')).toBe('edited elsewhere')
  })

  test('since a file or a link to nowhere stands there is unusable', async () => {
    const [a, b] = await pairWithFiles()
    fs.renameSync(a.folder, `${a.folder}-moved`)
    fs.writeFileSync(a.folder, '')
    expect((await a.refusal()).code).toBe('folder-unusable')
    fs.rmSync(a.folder)
    fs.symlinkSync('nowhere', a.folder)
    expect((await a.refusal()).code).toBe('folder-unusable')
    fs.rmSync(a.folder)
    fs.symlinkSync(`${a.folder}-moved`, a.folder)
    expect((await a.sync()).problems).toEqual([])
    await expectWhole(b)
  })

  test('while it is watched ends the run, and nothing is taken for removed', async () => {
    const [a, b] = await pairWithFiles()
    const watching = await a.watch()
    await a.synced(watching)
    fs.renameSync(a.folder, `${a.folder}-moved`)
    expect(['folder-unmarked', 'folder-unusable']).toContain((await watching.ended)?.code)
    await expectWhole(b)
  })

  test('while another one takes its place ends the run', async () => {
    const [a, b] = await pairWithFiles()
    const watching = await a.watch()
    await a.synced(watching)
    fs.renameSync(a.folder, `${a.folder}-moved`)
    fs.mkdirSync(a.folder)
    expect(['folder-unmarked', 'folder-unusable']).toContain((await watching.ended)?.code)
    await expectWhole(b)
    expect(fs.readdirSync(a.folder)).toEqual([])
  })

  test('in the middle of a run ends it', async () => {
    const [a, b] = await pairWithFiles()
    b.write('new', 'z')
    await b.sync()
    a.hands.beforeChange = (change) => {
      if (change.do !== 'place' || change.path.startsWith('.grenier')) return
      a.hands.beforeChange = undefined
      fs.renameSync(a.folder, `${a.folder}-moved`)
      fs.mkdirSync(a.folder)
    }
    expect((await a.refusal()).code).toBe('folder-unusable')
    expect(fs.readdirSync(a.folder)).toEqual([])
    fs.rmdirSync(a.folder)
    fs.renameSync(`${a.folder}-moved`, a.folder)
    await agree(a, b)
    expect(a.read('new')).toBe('z')
  })
})

describe('a folder whose marker is gone', () => {
  test.each([
    ['with everything else', (device: Device) => emptied(device.folder)],
    ['alone', (device: Device) => fs.rmSync(device.at('.grenier/marker'))],
    ['and a link stands there', (device: Device) => turnedIntoLink(device.at('.grenier'))],
  ])('(%s) waits for a person, and nothing is taken for removed', async (_, meddle) => {
    const [a, b] = await pairWithFiles()
    meddle(a)
    const { code, data } = await a.refusal()
    expect([code, data]).toEqual(['folder-unmarked', { path: a.folder }])
    await expectWhole(b)
  })

  test('while it is watched stops the run', async () => {
    const [a, b] = await pairWithFiles()
    const watching = await a.watch()
    await a.synced(watching)
    emptied(a.folder)
    expect((await watching.ended)?.code).toBe('folder-unmarked')
    expect(a.events.at(-1)).toEqual({ event: 'state', state: 'braked', code: 'folder-unmarked' })
    await expectWhole(b)
  })
})

describe('a folder on a disk of its own', () => {
  async function onDisk({ skip }: TestContext): Promise<[Device, Device]> {
    if (cannotMount !== undefined) skip(`a disk: ${cannotMount}`)
    const at = ground.directory('disk')
    mounts.tmpfs(at, '8m')
    const [a, b] = await ground.pair({ folder: at })
    a.write('f', 'x')
    a.write('d/g', 'y')
    await agree(a, b)
    return [a, b]
  }

  test('that is not mounted waits for a person: the empty mount point is not the folder', async (context) => {
    const [a, b] = await onDisk(context)
    mounts.unmount(a.folder)
    expect(fs.readdirSync(a.folder)).toEqual([])
    expect((await a.refusal()).code).toBe('folder-unmarked')
    expect(fs.readdirSync(a.folder)).toEqual([])
    await expectWhole(b)
  })

  test('that is unmounted while it is watched ends the run', async (context) => {
    const [a, b] = await onDisk(context)
    const watching = await a.watch()
    await a.synced(watching)
    mounts.unmount(a.folder)
    // The watcher may have nothing to say of it; what comes from the relay has to be put somewhere.
    b.write('new', 'z')
    await b.sync()
    expect(['folder-unmarked', 'folder-unusable']).toContain((await watching.ended)?.code)
    expect(fs.readdirSync(a.folder)).toEqual([])
    await expectWhole(b)
  })

  test('that is read-only is refused; read-only while it is watched, it sends what there is and takes nothing', async (context) => {
    const [a, b] = await onDisk(context)
    mounts.readOnly(a.folder)
    expect(await a.refusal()).toMatchObject({ code: 'folder-unusable', data: { path: a.folder } })
    mounts.writable(a.folder)
    const watching = await a.watch()
    await a.synced(watching)
    mounts.readOnly(a.folder)
    b.write('new', 'z')
    b.write('f', 'edited')
    await b.sync()
    await watching.until(() => a.events.filter((event) => event.event === 'problem').length === 2)
    await watching.stop()
    mounts.writable(a.folder)
    expect([a.names(), a.read('f')]).toEqual([['d', 'f'], 'x'])
    await agree(a, b)
    expect([a.read('new'), a.read('f')]).toEqual(['z', 'edited'])
  })
})

describe('another disk inside a folder', () => {
  test('takes no file, which is said; nothing of it is left there, nor sent', async (context) => {
    if (cannotMount !== undefined) context.skip(`a disk: ${cannotMount}`)
    const [a, b] = await pairWithFiles()
    fs.mkdirSync(join(b.folder, 'sub'))
    b.write('sub/there', 'on the folder’s own disk')
    await agree(a, b)
    fs.rmSync(join(b.folder, 'sub/there'))
    mounts.tmpfs(join(b.folder, 'sub'), '1m')
    b.write('sub/there', 'on another disk')
    await agree(a, b)
    for (const name of ['sub/new', 'sub/newer', 'sub/there']) a.write(name, 'from the other device')
    await a.sync()
    for (let time = 0; time < 2; time += 1) {
      const { problems } = await b.sync()
      expect(problems).toEqual(['unwritable sub/new', 'unwritable sub/newer', 'unwritable sub/there'])
      expect(fs.readdirSync(join(b.folder, 'sub'))).toEqual(['there'])
      expect(b.read('sub/there')).toBe('on another disk')
    }
    await a.sync()
    expect(a.names()).toEqual(['d', 'f', 'sub'])
    expect(fs.readdirSync(join(a.folder, 'sub')).sort()).toEqual(['new', 'newer', 'there'])
  })
})

describe('one of folder and state without the other', () => {
  const stateOf = (device: Device): string => join(device.homeDirectory, 'state')
  const copied = (from: string): string => {
    const to = join(ground.directory('backup'), 'copy')
    fs.cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    return to
  }
  const restored = (to: string, from: string): void => {
    fs.rmSync(to, { recursive: true })
    fs.cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  }

  test('an older state for the folder of today is refused', async () => {
    const [a, b] = await pairWithFiles()
    const backup = copied(stateOf(a))
    a.write('later', 'z')
    await agree(a, b)
    restored(stateOf(a), backup)
    expect((await a.refusal()).code).toBe('state-foreign')
    await expectWhole(b)
    expect([a.read('later'), b.read('later')]).toEqual(['z', 'z'])
  })

  test('an older folder for the state of today is refused: what came since is not taken for removed', async () => {
    const [a, b] = await pairWithFiles()
    const backup = copied(a.folder)
    a.write('later', 'z')
    a.write('f', 'edited')
    await agree(a, b)
    restored(a.folder, backup)
    expect((await a.refusal()).code).toBe('state-foreign')
    await b.sync()
    expect([b.read('later'), b.read('f')]).toEqual(['z', 'edited'])
  })

  test('no state at all is refused', async () => {
    const [a, b] = await pairWithFiles()
    fs.rmSync(stateOf(a), { recursive: true })
    expect((await a.refusal()).code).toBe('state-foreign')
    await expectWhole(b)
    expect(a.read('f')).toBe('x')
  })

  test('a folder that was copied from another device is refused', async () => {
    const [a, b] = await pairWithFiles()
    restored(b.folder, copied(a.folder))
    expect((await b.refusal()).code).toBe('state-foreign')
    await expectWhole(a)
  })

  test('both of one time, as in the image of a whole disk, go on from there and lose nothing', async () => {
    const [a, b] = await pairWithFiles()
    const [folder, state] = [copied(a.folder), copied(stateOf(a))]
    a.write('later', 'z')
    a.write('f', 'edited by alpha')
    await agree(a, b)
    b.write('d/g', 'edited by beta')
    fs.renameSync(b.at('later'), b.at('renamed'))
    await agree(b, a)
    restored(a.folder, folder)
    restored(stateOf(a), state)
    a.write('f', 'edited after the restore')
    const { problems } = await a.sync()
    await agree(a, b)
    expect(problems).toEqual([])
    expect([b.read('d/g'), b.read('renamed'), b.has('later')]).toEqual(['edited by beta', 'z', false])
    const versions = b
      .names()
      .filter((name) => name.startsWith('f'))
      .map((name) => b.read(name))
    expect(versions.sort()).toEqual(['edited after the restore', 'edited by alpha'])
  })

  test('are put together again by joining anew: what differs is kept beside, and nothing is taken for removed', async () => {
    const [a, b] = await pairWithFiles()
    const backup = copied(b.folder)
    a.write('f', 'edited')
    a.write('later', 'z')
    await agree(a, b)
    restored(b.folder, backup)
    expect((await b.refusal()).code).toBe('state-foreign')
    fs.rmSync(b.at('.grenier'), { recursive: true })
    const again = ground.device('beta again', { folder: b.folder })
    const { kept } = await again.join(a)
    await agree(again, a)
    expect([kept.length, a.read('f'), a.read('later'), a.read(kept[0]!)]).toEqual([1, 'edited', 'z', 'x'])
  })
})

describe('a second folder', () => {
  test('of a vault that this device has is refused: what the first one holds is not taken for removed', async () => {
    const [a, b] = await pairWithFiles()
    const second = ground.device('beta', { home: b.homeDirectory })
    const refused = await second.join(a).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'folder-taken', data: { path: b.folder } })
    expect(second.names()).toEqual([])
    await agree(a, b)
    await expectWhole(b)
  })

  test('inside, or around, one of this device is refused', async () => {
    const [a] = await pairWithFiles()
    for (const folder of [a.at('d'), join(a.folder, '..'), a.folder]) {
      const other = ground.device('alpha', { home: a.homeDirectory, folder })
      const refused = await other.add().catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'folder-taken', data: { path: folder } })
    }
  })

  test('that was moved into one is left out of it, and is a problem; moved out again, it goes on', async () => {
    const [a, b] = await pairWithFiles()
    const [c, d] = await pairWithFiles()
    const was = c.folder
    fs.renameSync(c.folder, a.at('d/inner'))
    a.write('d/beside', 'z')
    expect((await a.sync()).problems).toEqual(['folder-nested d/inner'])
    expect((await c.refusal()).code).toBe('folder-unusable')
    await b.sync()
    expect(b.names('d')).toEqual(['beside', 'g'])
    fs.renameSync(a.at('d/inner'), was)
    expect((await a.sync()).problems).toEqual([])
    await agree(a, b)
    await agree(c, d)
    await expectWhole(d)
  })

  test('that another home made of a part of one is a problem, and that part is not taken for removed', async () => {
    const [a, b] = await pairWithFiles()
    const c = ground.device('gamma', { folder: a.at('d') })
    await c.add()
    a.write('d/g', 'edited')
    a.write('f', 'edited')
    expect((await a.sync()).problems).toEqual(['folder-nested d'])
    await b.sync()
    expect([b.read('f'), b.read('d/g'), b.names('d')]).toEqual(['edited', 'y', ['g']])
    fs.rmSync(c.at('.grenier'), { recursive: true })
    expect((await a.sync()).problems).toEqual([])
    await agree(a, b)
    expect(b.read('d/g')).toBe('edited')
  })
})

function emptied(folder: string): void {
  for (const name of fs.readdirSync(folder)) fs.rmSync(join(folder, name), { recursive: true })
}

function turnedIntoLink(path: string): void {
  fs.renameSync(path, `${path}-elsewhere`)
  fs.symlinkSync(`${path}-elsewhere`, path)
}
