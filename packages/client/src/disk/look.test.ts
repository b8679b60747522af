import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { MemoryDisk } from '../state/state-store-memory.ts'
import { isProvisional, type NodeId } from '../sync/tree.ts'
import { encodeMoving, movingName } from './moving-note.ts'
import { at, Bench, memoryGround, realGround, type Ground } from './look.contract.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-look-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

function looks(ground: () => Ground): void {
  it('records what is there, new nodes with provisional ids and files unread', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('d')
    user.makeDirectory('d/e')
    user.write('d/e/f', 'hello')
    user.write('empty', '')
    user.link('l', 'd/e')
    const report = await bench.look.whole()
    expect(await bench.lines()).toEqual(['d/', 'd/e/', 'd/e/f 5', 'empty 0', 'l -> d/e'])
    expect(report).toMatchObject({ directories: 3, came: 5, changed: 0, vanished: 0, problems: [] })
    expect([...(await bench.ids()).values()].every(isProvisional)).toBe(true)
    expect(bench.localAt('d/e/f').value).toMatchObject({ kind: 'file', content: undefined })
  })

  it('writes nothing when nothing changed', async () => {
    const bench = new Bench(ground())
    bench.ground.user.makeDirectory('d')
    bench.ground.user.write('d/f', 'x')
    await bench.look.whole()
    expect(await bench.look.whole()).toMatchObject({ came: 0, changed: 0, vanished: 0 })
    await bench.readAll()
    expect(await bench.look.whole()).toMatchObject({ came: 0, changed: 0, vanished: 0 })
    expect(await bench.readAll()).toBe(0)
  })

  it('leaves a changed file unread, and keeps its node through every way to save', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('f', 'one')
    await bench.agree()
    const id = bench.idAt('f')
    user.write('f', 'in place')
    await bench.look.whole()
    expect(bench.localAt('f').value).toMatchObject({ sizeBytes: 8, content: undefined })
    await bench.readAll()
    user.replace('f', 'temporary and rename')
    await bench.look.whole()
    await bench.readAll()
    user.rename('f', 'f~')
    user.write('f', 'backup and write anew')
    await bench.look.whole()
    expect(bench.idAt('f')).toBe(id)
    expect(bench.idAt('f~')).not.toBe(id)
    user.remove('f')
    user.write('f', 'removed and written anew')
    await bench.look.whole()
    expect(bench.idAt('f')).toBe(id)
  })

  it('takes a node that vanished and came back for the same', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('f', 'one')
    await bench.agree()
    const id = bench.idAt('f')
    user.remove('f')
    expect(await bench.look.whole()).toMatchObject({ vanished: 1 })
    user.write('f', 'two')
    await bench.look.whole()
    expect(bench.idAt('f')).toBe(id)
  })

  it('follows moves of files and whole folders by inode, with their content', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('a')
    user.makeDirectory('a/sub')
    user.write('a/sub/f', 'x')
    user.write('g', 'y')
    user.makeDirectory('z')
    await bench.agree()
    const before = await bench.ids()
    user.rename('a', 'z/b')
    user.rename('g', 'z/b/sub/h')
    const report = await bench.look.whole()
    const after = await bench.ids()
    expect(after.get('z/b')).toBe(before.get('a'))
    expect(after.get('z/b/sub/f')).toBe(before.get('a/sub/f'))
    expect(after.get('z/b/sub/h')).toBe(before.get('g'))
    expect(report).toMatchObject({ came: 0, vanished: 0 })
    expect(await bench.readAll()).toBe(0)
  })

  it('follows two files that swapped their names, and a folder turned inside out', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('a', 'a')
    user.write('b', 'bb')
    user.makeDirectory('p')
    user.makeDirectory('p/q')
    user.write('p/q/f', 'ccc')
    await bench.agree()
    const before = await bench.ids()
    user.rename('a', 't')
    user.rename('b', 'a')
    user.rename('t', 'b')
    user.rename('p/q', 'q')
    user.rename('p', 'q/p')
    await bench.look.whole()
    const after = await bench.ids()
    expect([after.get('a'), after.get('b')]).toEqual([before.get('b'), before.get('a')])
    expect([after.get('q'), after.get('q/p')]).toEqual([before.get('p/q'), before.get('p')])
    expect(after.get('q/f')).toBe(before.get('p/q/f'))
    expect(await bench.lines()).toEqual(['a 2', 'b 1', 'q/', 'q/f 3', 'q/p/'])
    expect(await bench.readAll()).toBe(0)
  })

  it('sees a file become a folder and back', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('x', 'file')
    await bench.agree()
    const id = bench.idAt('x')
    user.remove('x')
    user.makeDirectory('x')
    user.write('x/in', 'y')
    await bench.look.whole()
    expect(await bench.lines()).toEqual(['x/', 'x/in 1'])
    expect(bench.idAt('x')).not.toBe(id)
    user.remove('x')
    user.write('x', 'again')
    await bench.look.whole()
    expect(await bench.lines()).toEqual(['x 5'])
    expect(bench.idAt('x')).toBe(id)
  })

  it('gives hard links a node each', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('a', 'x')
    await bench.agree()
    const id = bench.idAt('a')
    user.hardLink('a', 'b')
    await bench.look.whole()
    expect(bench.idAt('a')).toBe(id)
    expect(bench.idAt('b')).not.toBe(id)
    const ids = await bench.ids()
    await bench.readAll()
    expect(await bench.look.whole()).toMatchObject({ came: 0, changed: 0, vanished: 0 })
    expect(await bench.ids()).toEqual(ids)
  })

  it('finishes a move that a crash cut between its two names, and leaves alone what only looks like one', async () => {
    const state = new MemoryDisk()
    const cut = new Bench(ground(), state)
    const { user, files } = cut.ground
    for (const name of ['a', 'other']) user.write(name, name)
    await cut.agree()
    const id = cut.idAt('a')
    const note = async (from: string, to: string): Promise<void> => {
      const target = encodeMoving({ from: at(from), to: at(to) })!
      await files.change({ do: 'stage-link', name: movingName, target, mtimeNs: 0n })
    }
    await note('a', 'b')
    user.hardLink('a', 'b')
    state.crash(state.unflushedBatches)
    const bench = new Bench(cut.ground, state)
    await bench.look.whole()
    expect(await bench.lines()).toEqual(['b 1', 'other 5'])
    expect(bench.idAt('b')).toBe(id)
    expect(await files.list(at('.grenier/staging'))).toEqual([])
    for (const [from, to] of [
      ['b', 'other'],
      ['b', 'nowhere'],
      ['nowhere', 'b'],
    ] as const) {
      await note(from, to)
      state.crash(state.unflushedBatches)
      const next = new Bench(cut.ground, state)
      await next.look.whole()
      expect(await next.lines()).toEqual(['b 1', 'other 5'])
      expect(await files.list(at('.grenier/staging'))).toEqual([])
    }
  })

  it('drops what a crash left in the staging area, before anything else is put there', async () => {
    const { ground: on, look } = new Bench(ground())
    const writer = await on.files.openStaged('put-9')
    await writer.close()
    await look.whole()
    expect(await on.files.list(at('.grenier/staging'))).toEqual([])
  })

  it('keeps content through a chmod, and not through anything else that touches the file', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('f', 'x')
    await bench.agree()
    user.setMode('f', 0o600)
    await bench.look.whole()
    expect(bench.localAt('f').value).toMatchObject({ mode: 0o600 })
    expect(await bench.readAll()).toBe(0)
    user.hardLink('f', 'g')
    user.remove('g')
    await bench.look.whole()
    expect(await bench.readAll()).toBe(1)
  })

  it('reads a file again that was looked at in the moment of its last change', async () => {
    const bench = new Bench(ground())
    bench.ground.clock.skew(0)
    bench.ground.user.write('f', 'x')
    await bench.look.whole()
    await bench.readAll()
    bench.ground.clock.skew(10_000)
    await bench.look.whole()
    expect(await bench.readAll()).toBe(1)
    await bench.look.whole()
    expect(await bench.readAll()).toBe(0)
  })

  it('names what it cannot sync, and does not take it for a deletion', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.special('pipe')
    user.write('f', 'x')
    const report = await bench.look.whole()
    expect(report.problems).toEqual([{ path: 'pipe', code: 'kind-unsupported' }])
    await bench.agree()
    user.remove('f')
    user.special('f')
    expect(await bench.look.whole()).toMatchObject({ vanished: 0 })
    expect(await bench.lines()).toEqual(['f 1'])
  })

  it('sees that a file became a directory, whichever of the two directories it is told of', async () => {
    for (const hinted of [['d/f'], ['d', 'd/f'], ['d']]) {
      const bench = new Bench(ground())
      const { user } = bench.ground
      user.makeDirectory('d')
      user.write('d/f', 'a file')
      await bench.agree()
      user.remove('d/f')
      user.makeDirectory('d/f')
      user.write('d/f/in', 'it')
      await bench.look.some(hinted.map(at))
      expect(await bench.lines()).toEqual(['d/', 'd/f/', 'd/f/in 2'])
    }
  })

  it('looks at some directories only, at new ones in full', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('a')
    user.makeDirectory('b')
    user.write('a/f', 'x')
    await bench.look.whole()
    user.write('a/g', 'y')
    user.write('b/h', 'z')
    user.makeDirectory('a/new')
    user.makeDirectory('a/new/deep')
    user.write('a/new/deep/i', 'i')
    expect(await bench.look.some([at('a')])).toMatchObject({ directories: 3, came: 4 })
    expect(await bench.lines()).not.toContain('b/h 1')
    user.rename('a/g', 'b/g')
    const id = bench.idAt('a/g')
    await bench.look.some([at('a'), at('b')])
    expect(bench.idAt('b/g')).toBe(id)
    user.remove('a/new')
    await bench.look.some([at('a/new/deep'), at('never/was')])
    expect(await bench.lines()).toEqual(['a/', 'a/f 1', 'b/', 'b/g 1', 'b/h 1'])
  })

  it('skips what is ignored unless it is tracked, in nested rules too', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('d')
    user.makeDirectory('build')
    user.write('build/o', 'o')
    user.write('d/kept.log', 'k')
    user.write('d/a.log', 'a')
    user.write('tracked.tmp', 't')
    await bench.agree()
    user.write('.grenierignore', '*.log\nbuild/\n*.tmp\n')
    user.write('d/.grenierignore', '!kept.log\n')
    user.write('d/new.log', 'n')
    user.write('new.tmp', 'n')
    user.write('build/new', 'n')
    user.write('tracked.tmp', 'edited')
    await bench.look.whole()
    expect(await bench.lines()).toEqual([
      '.grenierignore 19',
      'build/',
      'build/o 1',
      'd/',
      'd/.grenierignore 10',
      'd/a.log 1',
      'd/kept.log 1',
      'tracked.tmp 6',
    ])
    user.write('d/.grenierignore', '!*.log\n')
    await bench.look.some([at('d')])
    expect(await bench.lines()).toContain('d/new.log 1')
  })

  it('looks at everything below when rules are taken away', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('a')
    user.makeDirectory('a/b')
    user.write('.grenierignore', '*.log\n')
    user.write('a/b/x.log', 'x')
    await bench.look.whole()
    expect(await bench.lines()).toEqual(['.grenierignore 6'])
    user.remove('.grenierignore')
    await bench.look.some([at('')])
    expect(await bench.lines()).toEqual(['a/', 'a/b/', 'a/b/x.log 1'])
  })

  it('makes no node of a folder that holds nothing but what is ignored', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('.grenierignore', '*.o\n')
    user.makeDirectory('out')
    user.makeDirectory('out/deep')
    user.write('out/deep/x.o', 'x')
    user.makeDirectory('empty')
    await bench.look.whole()
    expect(await bench.lines()).toEqual(['.grenierignore 4', 'empty/'])
    user.write('out/deep/source', 'x')
    await bench.look.some([at('out/deep')])
    expect(await bench.lines()).toContain('out/deep/source 1')
  })

  it('never looks at our own directory', async () => {
    const bench = new Bench(ground())
    bench.ground.user.makeDirectory('.grenier')
    bench.ground.user.write('.grenier/marker', 'x')
    await bench.look.whole()
    await bench.look.some([at('.grenier')])
    expect(await bench.lines()).toEqual([])
  })

  it('gives a file back the exact time of the log when the disk has what is left of it', async () => {
    const bench = new Bench(ground())
    const { files } = bench.ground
    const exact = 1_600_000_000_123_456_789n
    const row = bench.fileRow({ name: 'f' }, 'x', { mtimeNs: exact })
    await bench.trees.write({ flush: true }, (tree) => tree.set('remote', '3.0' as never, row))
    const writer = await files.openStaged('s')
    await writer.write(0, new TextEncoder().encode('x'))
    await writer.close()
    await files.change({ do: 'finish-staged', name: 's', mode: 0o644, mtimeNs: exact })
    await files.change({ do: 'place', name: 's', path: at('f'), replace: false })
    await bench.look.whole()
    expect(bench.localAt('f').stamp.mtimeNs).not.toBe(exact)
    expect(bench.localAt('f').value).toMatchObject({ mtimeNs: exact })
  })

  it('holds thousands of names in bounded transactions', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('d')
    for (let index = 0; index < 2_500; index += 1) user.write(`d/${index}`, 'x')
    expect(await bench.look.whole()).toMatchObject({ came: 2_501 })
    user.rename('d', 'e')
    expect(await bench.look.whole()).toMatchObject({ came: 0, vanished: 0, changed: 1 })
    user.remove('e')
    expect(await bench.look.whole()).toMatchObject({ vanished: 2_501 })
    expect(await bench.lines()).toEqual([])
    expect(bench.trees.differingCount).toBe(0)
  })
}

describe('a look at a real folder', () => looks(() => realGround(fs.mkdtempSync(join(base, 'f-')))))
describe('a look at a folder in memory', () => {
  looks(memoryGround)

  it('lets others do something when much came, and goes on below directories that got other ids then', async () => {
    const bench = new Bench(memoryGround())
    const { user } = bench.ground
    for (const directory of ['a', 'a/deep', 'b']) user.makeDirectory(directory)
    for (let index = 0; index < 2_600; index += 1) user.write(`b/${index}`, 'x')
    for (let index = 0; index < 2_600; index += 1) user.write(`a/deep/${index}`, 'x')
    const known: string[] = []
    const report = await bench.look.whole(async () => {
      const ids = await bench.ids()
      known.push([...ids.keys()].filter((path) => !/\d/.test(path)).join(' '))
      await bench.trees.write({ flush: false }, async (transaction) => {
        for (const [at, path] of ['a', 'b', 'a/deep'].entries()) {
          const id = ids.get(path)
          if (id !== undefined && isProvisional(id)) await transaction.rename(id, `1.${at}` as NodeId)
        }
      })
      return true
    })
    expect(known).toEqual(['a b', 'a b a/deep'])
    expect(report).toMatchObject({ came: 5_203, changed: 0, vanished: 0 })
    const ids = await bench.ids()
    expect(['a', 'b', 'a/deep'].map((path) => ids.get(path))).toEqual(['1.0', '1.1', '1.2'])
    expect(ids.size).toBe(5_203)
    expect(await bench.look.whole()).toMatchObject({ came: 0, changed: 0, vanished: 0 })
  })

  it('lets nobody do anything while something is missing, nor once they want no more', async () => {
    const bench = new Bench(memoryGround())
    const { user } = bench.ground
    for (const directory of ['a', 'b', 'c', 'd']) user.makeDirectory(directory)
    user.write('d/gone', 'x')
    await bench.look.whole()
    let calls = 0
    const never = async (): Promise<boolean> => Promise.resolve((calls += 1) < 0)
    for (let index = 0; index < 2_600; index += 1) user.write(`c/${index}`, 'x')
    for (let index = 0; index < 2_600; index += 1) user.write(`b/${index}`, 'x')
    await bench.look.whole(never)
    expect(calls).toBe(1)
    user.remove('d/gone')
    for (let index = 0; index < 2_600; index += 1) user.write(`a/${index}`, 'x')
    expect(await bench.look.whole(never)).toMatchObject({ came: 2_600, vanished: 1 })
    expect(calls).toBe(1)
  })

  it('keeps what is below a directory that may not be listed', async () => {
    const bench = new Bench(memoryGround())
    const { user } = bench.ground
    user.makeDirectory('d')
    user.write('d/f', 'x')
    await bench.agree()
    user.setMode('d', 0o300)
    const report = await bench.look.whole()
    expect(report.problems).toEqual([{ path: 'd', code: 'unreadable', detail: 'EACCES' }])
    expect(await bench.lines()).toEqual(['d/', 'd/f 1'])
    user.setMode('d', 0o600)
    expect((await bench.look.whole()).problems).toEqual([{ path: 'd', code: 'unreadable', detail: 'EACCES' }])
    expect(await bench.lines()).toEqual(['d/', 'd/f 1'])
  })
})
