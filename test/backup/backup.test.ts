// Backups of real folders: what a run sees, what it leaves out, what it keeps, and that the source is never written to.
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DiskError, type FileSystem } from '@grenier/client'
import type { ExpectedFile } from '../../packages/client/src/disk/file-system.ts'
import type { RelativePath } from '../../packages/client/src/sync/name.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Ground, timesOf, treeOf } from '../folder/devices.ts'
import { Backup } from './backing.ts'

let ground: Ground
beforeEach(() => void (ground = new Ground()))
afterEach(() => ground.end())

describe('a backup of a folder', () => {
  test('is the folder, to the bit and the nanosecond, each time it runs, and what was comes back', async () => {
    const backup = await Backup.start(ground)
    backup.write('a/one', 'one')
    backup.write('two', 'two')
    fs.chmodSync(join(backup.source, 'two'), 0o640)
    fs.symlinkSync('../nowhere', join(backup.source, 'a/link'))
    fs.mkdirSync(join(backup.source, 'empty'))
    const first = await backup.run()
    const before = treeOf(backup.source)
    expect(treeOf(await backup.restored(ground))).toEqual(before)
    backup.write('two', 'two, changed')
    fs.renameSync(join(backup.source, 'a'), join(backup.source, 'b'))
    backup.remove('empty')
    const second = await backup.run()
    expect(second.version.sequence).toBeGreaterThan(first.version.sequence)
    expect(second.changes).toEqual(['move b', 'put two', 'remove empty'])
    expect(treeOf(await backup.restored(ground))).toEqual(treeOf(backup.source))
    const { sequence } = first.version
    expect(treeOf(await backup.restored(ground, { sequence }))).toEqual(before)
    expect(treeOf(await backup.restored(ground, { timeMs: first.version.atMs }))).toEqual(before)
  })

  test('writes nothing to it, and sends nothing when nothing changed', async () => {
    const backup = await Backup.start(ground)
    backup.write('a/one', 'one')
    const seen = (): unknown => [
      treeOf(backup.source),
      [...timesOf(backup.source)],
      fs.statSync(backup.source, { bigint: true }).ctimeNs,
      fs.readdirSync(backup.source),
    ]
    const before = seen()
    const first = await backup.run()
    const second = await backup.run()
    expect(second.version.sequence).toBe(first.version.sequence)
    expect(second.version.atMs).toBeGreaterThan(first.version.atMs)
    expect(second.changes).toEqual([])
    expect(seen()).toEqual(before)
  })

  test('keeps a mass deletion as a version like any other', async () => {
    const backup = await Backup.start(ground)
    for (let at = 0; at < 60; at += 1) backup.write(`many/${at}`, `file ${at}`)
    backup.write('stays', 'here')
    const first = await backup.run()
    const before = treeOf(backup.source)
    backup.remove('many')
    await backup.run()
    expect(treeOf(await backup.restored(ground))).toEqual(treeOf(backup.source))
    expect(treeOf(await backup.restored(ground, first.version))).toEqual(before)
  })

  test('goes on where it was when this device lost its state: the source wins, and nothing is sent twice', async () => {
    const backup = await Backup.start(ground)
    const bytes = Buffer.alloc(300_000, 'a line of some length that repeats itself\n')
    backup.write('d/large', bytes)
    backup.write('gone', 'soon')
    await backup.run()
    const { home } = backup.device.context()
    fs.rmSync(home.stateDirectory(backup.vault), { recursive: true })
    backup.remove('gone')
    backup.write('new', 'new')
    fs.utimesSync(join(backup.source, 'd/large'), 1_000_000, 1_000_000)
    const again = await backup.run()
    expect(again.problems).toEqual([])
    expect(treeOf(await backup.restored(ground))).toEqual(treeOf(backup.source))
    expect(fs.statSync(join(backup.source, 'd/large')).mtimeMs).toBe(1_000_000_000)
  })
})

describe('what is no plain file of the source', () => {
  test('caches, excluded paths, sockets and our own directories are left out; rules take hold for what was kept before', async () => {
    const backup = await Backup.start(ground)
    backup.write('kept', 'kept')
    backup.write('node_modules/x', 'x')
    backup.write('a/skip.tmp', 'x')
    backup.write('cache/CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55\n# by a test')
    backup.write('cache/x', 'x')
    backup.write('nested/.grenier/marker', 'x')
    backup.write('nested/file', 'x')
    backup.write('notes/.grenier', 'a file of somebody else')
    const server = createServer().listen(join(backup.source, 'socket'))
    try {
      const all = await backup.run({ caches: true })
      expect([all.problems, all.others]).toEqual([[], 2])
      expect(paths(await backup.restored(ground))).toEqual([
        ...['a', 'a/skip.tmp', 'cache', 'cache/CACHEDIR.TAG', 'cache/x', 'kept', 'nested', 'nested/file'],
        ...['node_modules', 'node_modules/x', 'notes', 'notes/.grenier'],
      ])
      backup.write('.grenierignore', 'node_modules/\n')
      await backup.run({ exclude: ['*.tmp'] })
      expect(paths(await backup.restored(ground))).toEqual([
        ...['.grenierignore', 'a', 'cache', 'cache/CACHEDIR.TAG', 'kept', 'nested', 'nested/file'],
        ...['notes', 'notes/.grenier'],
      ])
    } finally {
      server.close()
    }
  })

  test('a file that may not be read is told, and everything else is done', async () => {
    const backup = await Backup.start(ground)
    backup.write('closed', 'closed')
    backup.write('open', 'open')
    const around = (files: FileSystem): FileSystem => {
      const refuse = (path: string): Promise<never> =>
        Promise.reject(new DiskError('EACCES', `may not be read: ${path}`))
      return new Proxy(files, {
        get(target, key: keyof FileSystem) {
          if (key === 'openForReading')
            return (path: RelativePath) =>
              path === ('closed' as RelativePath) ? refuse(path) : target.openForReading(path)
          if (key === 'readWhole')
            return async (wanted: readonly ExpectedFile[]) => {
              const read = await target.readWhole(wanted)
              return read.map((bytes, at) => (wanted[at]?.path === 'closed' ? undefined : bytes))
            }
          const value: unknown = Reflect.get(target, key)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      })
    }
    const first = await backup.run({ around })
    expect(first.problems).toEqual(['unreadable closed'])
    expect(paths(await backup.restored(ground))).toEqual(['open'])
    expect((await backup.run()).problems).toEqual([])
    expect(paths(await backup.restored(ground))).toEqual(['closed', 'open'])
    // What was kept stays when it cannot be read any more.
    backup.write('closed', 'closed and changed')
    expect((await backup.run({ around })).problems).toEqual(['unreadable closed'])
    expect((await backup.bytes('closed')).toString()).toBe('closed')
  })

  test('rules that cannot be read, or have no end, stop what they are for: nothing that was kept goes', async () => {
    const backup = await Backup.start(ground)
    backup.write('d/.grenierignore', 'x')
    backup.write('d/one', 'one')
    backup.write('two', 'two')
    await backup.run()
    const around = (files: FileSystem): FileSystem =>
      new Proxy(files, {
        get(target, key: keyof FileSystem) {
          if (key === 'openForReading')
            return (path: RelativePath) =>
              path.endsWith('.grenierignore')
                ? Promise.reject(new DiskError('EACCES', 'may not be read'))
                : target.openForReading(path)
          const value: unknown = Reflect.get(target, key)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      })
    backup.remove('two')
    const closed = await backup.run({ around })
    expect([closed.problems, closed.changes]).toEqual([['unreadable d'], ['remove two']])
    backup.write('d/.grenierignore', 'x\n'.repeat(200_000))
    const endless = await backup.run()
    expect([endless.problems, endless.changes]).toEqual([['unreadable d'], []])
    expect(paths(await backup.restored(ground))).toEqual(['d', 'd/.grenierignore', 'd/one'])
    backup.write('.grenierignore', 'x')
    await expect(backup.run({ around })).rejects.toMatchObject({ code: 'folder-unusable' })
    expect(paths(await backup.restored(ground))).toEqual(['d', 'd/.grenierignore', 'd/one'])
  })

  test('an empty source is taken for a disk that is not mounted, until somebody says otherwise', async () => {
    const backup = await Backup.start(ground)
    backup.write('one', 'one')
    const { version } = await backup.run()
    backup.remove('one')
    await expect(backup.run()).rejects.toMatchObject({ code: 'source-empty' })
    expect(paths(await backup.restored(ground))).toEqual(['one'])
    await backup.run({ allowEmpty: true })
    expect(paths(await backup.restored(ground))).toEqual([])
    expect(paths(await backup.restored(ground, version))).toEqual(['one'])
  })

  test('another directory with a stray file is taken for one, too; a source that was moved is not', async () => {
    const backup = await Backup.start(ground)
    for (const name of ['one', 'two', 'three']) backup.write(name, name)
    await backup.run()
    fs.renameSync(backup.source, `${backup.source}-disk`)
    backup.write('stray', 'stray')
    await expect(backup.run()).rejects.toMatchObject({ code: 'source-empty' })
    backup.remove('stray')
    fs.cpSync(`${backup.source}-disk`, backup.source, { recursive: true })
    backup.remove('one')
    expect((await backup.run()).changes).toContain('remove one')
    // Of the directory that it was, anything may go.
    backup.remove('two')
    backup.remove('three')
    backup.write('four', 'four')
    await backup.run()
    expect(paths(await backup.restored(ground))).toEqual(['four'])
    fs.renameSync(backup.source, `${backup.source}-other`)
    backup.write('stray', 'stray')
    await backup.run({ allowEmpty: true })
    expect(paths(await backup.restored(ground))).toEqual(['stray'])
  })

  test('a disk below it that is not mounted any more is told, and what was kept of it stays', async () => {
    const backup = await Backup.start(ground)
    backup.write('disk/a/one', 'one')
    backup.write('two', 'two')
    const mounted = (files: FileSystem): FileSystem =>
      new Proxy(files, {
        get(target, key: keyof FileSystem) {
          if (key === 'look')
            return async (asked: readonly RelativePath[]) => {
              const looks = await target.look(asked)
              return looks.map((look, at) =>
                look !== undefined && /^disk(\/|$)/.test(asked[at] ?? '')
                  ? { ...look, stamp: { ...look.stamp, dev: look.stamp.dev + 1n } }
                  : look,
              )
            }
          const value: unknown = Reflect.get(target, key)
          return typeof value === 'function' ? (value.bind(target) as unknown) : value
        },
      })
    await backup.run({ around: mounted })
    backup.remove('disk')
    fs.mkdirSync(join(backup.source, 'disk'))
    backup.remove('two')
    for (const changes of [['remove two'], []]) {
      const run = await backup.run()
      expect([run.problems, run.changes]).toEqual([['source-unmounted disk'], changes])
    }
    expect(paths(await backup.restored(ground))).toEqual(['disk', 'disk/a', 'disk/a/one'])
    expect((await backup.run({ allowEmpty: true })).problems).toEqual([])
    expect(paths(await backup.restored(ground))).toEqual(['disk'])
  })
})

describe('a stream', () => {
  test('of any length is one file, beside those that came before; and a version each time', async () => {
    const backup = await Backup.start(ground, 'streams', '')
    const large = randomBytes(9 << 20)
    const first = await backup.runStream('dump.sql', pieces(large))
    await backup.runStream('other.sql', pieces(Buffer.from('other')))
    expect((await backup.bytes('dump.sql')).equals(large)).toBe(true)
    const changed = Buffer.concat([
      large.subarray(0, 5 << 20),
      Buffer.from('changed'),
      large.subarray(5 << 20),
    ])
    const second = await backup.runStream('dump.sql', pieces(changed))
    expect(second.changes).toEqual(['put dump.sql'])
    expect(second.summary.bytesSent).toBeLessThan(3 << 20)
    expect((await backup.bytes('dump.sql')).equals(changed)).toBe(true)
    expect((await backup.bytes('dump.sql', first.version)).equals(large)).toBe(true)
    expect((await backup.bytes('other.sql')).toString()).toBe('other')
    await expect(backup.runStream('dump.sql', pieces(Buffer.alloc(0)))).rejects.toMatchObject({
      code: 'source-empty',
    })
    const { home } = backup.device.context()
    fs.rmSync(home.stateDirectory(backup.vault), { recursive: true })
    await backup.runStream('third', pieces(Buffer.from('third')))
    expect(paths(await backup.restored(ground))).toEqual(['dump.sql', 'other.sql', 'third'])
  })

  test('that breaks off leaves the backup as it was, and the next one is whole', async () => {
    const backup = await Backup.start(ground, 'streams', '')
    await backup.runStream('dump', pieces(Buffer.from('whole')))
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield randomBytes(6 << 20)
      await Promise.resolve()
      throw new Error('the pipe broke')
    }
    await expect(backup.runStream('dump', broken())).rejects.toThrow('the pipe broke')
    expect((await backup.bytes('dump')).toString()).toBe('whole')
    await backup.runStream('dump', pieces(Buffer.from('again')))
    expect((await backup.bytes('dump')).toString()).toBe('again')
  })
})

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000)
  await Promise.resolve()
}

/** All paths below a folder, sorted. */
function paths(root: string): string[] {
  return fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
}
