import { describe, expect, it } from 'vitest'
import type { Clock } from '../clock.ts'
import type { RelativePath } from '../sync/name.ts'
import type { FileSystem } from './file-system.ts'
import { openMemoryFileSystem } from './file-system-memory.ts'
import { fileSystemContract } from './file-system.contract.ts'
import { MemoryFolder } from './memory-folder.ts'
import { MemoryUser } from './memory-user.ts'

const at = (path: string): RelativePath => path as RelativePath

function tickingClock(): Clock {
  let now = 1_700_000_000_000
  return { now: () => (now += 5), monotonic: () => now, after: () => ({ cancel: () => undefined }) }
}

function makeFolder(): { folder: MemoryFolder; files: FileSystem; user: MemoryUser } {
  const folder = new MemoryFolder({ clock: tickingClock() })
  return { folder, files: openMemoryFileSystem(folder), user: new MemoryUser(folder) }
}

async function place(files: FileSystem, path: string, options: { flushed: boolean }): Promise<void> {
  const writer = await files.openStaged('s')
  await writer.write(0, new Uint8Array(2_000).fill(7))
  await writer.close()
  if (options.flushed) await files.flush([])
  await files.change({ do: 'place', name: 's', path: at(path), replace: false })
}

const keep = (): number => 0
const lose = (below: number): number => below - 1

describe('a file system in memory', () => {
  fileSystemContract(() => {
    const { files, user } = makeFolder()
    const hands = {
      write: (path: string, text: string) => user.write(path, text),
      read: (path: string) => Buffer.from(user.read(path)).toString(),
      makeDirectory: (path: string) => user.makeDirectory(path),
      link: (path: string, target: string) => user.link(path, target),
      exists: (path: string) => user.exists(path),
      setMode: (path: string, mode: number) => user.setMode(path, mode),
    }
    return { files, user: hands }
  })

  it('keeps through a crash what was flushed, names and bytes', async () => {
    const { folder, files, user } = makeFolder()
    await place(files, 'f', { flushed: true })
    await files.flush([at('')])
    folder.crash(lose)
    expect(user.read('f')).toEqual(new Uint8Array(2_000).fill(7))
  })

  it('may lose or keep a rename that was not flushed, and never both ends of it', async () => {
    for (const choose of [keep, lose]) {
      const { folder, files, user } = makeFolder()
      await place(files, 'f', { flushed: true })
      await files.flush([at('')])
      await files.change({ do: 'move', from: at('f'), to: at('g') })
      folder.crash(choose)
      expect([user.exists('f'), user.exists('g')]).toEqual(choose === keep ? [false, true] : [true, false])
    }
  })

  it('tears what was renamed without its bytes having been flushed', async () => {
    const { folder, files, user } = makeFolder()
    await place(files, 'f', { flushed: false })
    await files.flush([at('')]).catch(() => undefined)
    const { folder: other, files: otherFiles, user: otherUser } = makeFolder()
    await place(otherFiles, 'f', { flushed: false })
    other.crash(keep)
    expect(otherUser.read('f').length).toBeLessThan(2_000)
    folder.crash(keep)
    expect(user.read('f')).toHaveLength(2_000)
  })

  it('needs both directories flushed for a move between them', async () => {
    const { folder, files, user } = makeFolder()
    user.makeDirectory('a')
    user.makeDirectory('b')
    user.write('a/f', 'x')
    await files.change({ do: 'move', from: at('a/f'), to: at('b/f') })
    await files.flush([at('b')])
    folder.crash(lose)
    expect(user.exists('a/f')).toBe(true)
  })

  it('never loses what a user did, nor the directory it is in', async () => {
    const { folder, files, user } = makeFolder()
    await files.change({ do: 'make-directory', path: at('d'), mode: 0o755 })
    user.write('d/mine', 'mine')
    await place(files, 'd/ours', { flushed: true })
    user.write('d/ours', 'edited')
    folder.crash(lose)
    expect(Buffer.from(user.read('d/mine')).toString()).toBe('mine')
    expect(Buffer.from(user.read('d/ours')).toString()).toBe('edited')
  })

  it('takes names for one as it is told to, keeps their spelling, and respells on demand', async () => {
    const folds = { caseInsensitive: true, normalizesUnicode: true }
    const folder = new MemoryFolder({ clock: tickingClock(), folds })
    const files = openMemoryFileSystem(folder)
    const user = new MemoryUser(folder)
    user.makeDirectory('Dir')
    user.write('dIR/\u00e9', 'x')
    expect(await files.list(at('DIR'))).toEqual(['\u00e9'])
    expect(await files.look([at('dir/e\u0301')])).toMatchObject([{ kind: 'file' }])
    await expect(files.change({ do: 'make-directory', path: at('DIR'), mode: 0o755 })).rejects.toMatchObject({
      code: 'EEXIST',
    })
    await files.change({ do: 'move', from: at('Dir'), to: at('DIR') })
    user.rename('dir/\u00e9', 'dir/\u00c9')
    expect([...user.tree().keys()]).toEqual(['DIR', 'DIR/\u00c9'])
    expect(await files.traits()).toMatchObject(folds)
  })

  it('fails on demand', async () => {
    const clock = tickingClock()
    const folder = new MemoryFolder({ clock, fault: (call) => (call === 'write' ? 'ENOSPC' : undefined) })
    const writer = await openMemoryFileSystem(folder).openStaged('s')
    await expect(writer.write(0, new Uint8Array(1))).rejects.toMatchObject({ code: 'ENOSPC' })
  })

  it('refuses what permission bits forbid', async () => {
    const { files, user } = makeFolder()
    user.makeDirectory('d')
    user.write('d/f', 'x')
    user.setMode('d/f', 0o200)
    await expect(files.openForReading(at('d/f'))).rejects.toMatchObject({ code: 'EACCES' })
    user.setMode('d', 0o500)
    await expect(files.change({ do: 'remove-file', path: at('d/f') })).rejects.toMatchObject({
      code: 'EACCES',
    })
    user.setMode('d', 0o300)
    await expect(files.list(at('d'))).rejects.toMatchObject({ code: 'EACCES' })
  })
})
