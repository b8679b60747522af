import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Apply, StepAside } from '../sync/action.ts'
import { rootId, type NodeId, type Row } from '../sync/tree.ts'
import { ClientError } from '../errors.ts'
import type { Beside } from './apply-report.ts'
import { groupsOf } from './apply.ts'
import { at, Bench, memoryGround, named, realGround, type Ground } from './look.contract.ts'
import { stampOf } from './real-io.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-apply-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

const id = (text: string): NodeId => text as NodeId

function put(path: string, node: { id: NodeId; row: Row }, expected?: Bench): Apply {
  const expect = expected?.localAt(path)
  return { do: 'apply', op: 'put', id: node.id, path: at(path), row: node.row, expect }
}

function directory(name: string, options: { parent?: NodeId; mode?: number } = {}): Row {
  const { parent = rootId, mode = 0o755 } = options
  return { parent, name: named(name), value: { kind: 'directory', mode } }
}

function remove(path: string, bench: Bench): Apply {
  return { do: 'apply', op: 'remove', id: bench.idAt(path), path: at(path), expect: bench.localAt(path) }
}

function move(from: string, to: { path: string; parent: NodeId }, bench: Bench): Apply {
  const name = named(to.path.slice(to.path.lastIndexOf('/') + 1))
  const place = { path: at(to.path), from: at(from), parent: to.parent, name }
  return { do: 'apply', op: 'move', id: bench.idAt(from), ...place, expect: bench.localAt(from) }
}

function aside(path: string, kept: { as: string; newNode: boolean }, bench: Bench): StepAside {
  const node = { id: bench.idAt(path), expect: bench.localAt(path) }
  return { do: 'step-aside', ...node, path: at(path), keptAs: named(kept.as), newNode: kept.newNode }
}

/** Nothing is left to see, and nothing to read, after an apply that nobody disturbed. */
async function expectSettled(bench: Bench): Promise<void> {
  expect(await bench.look.whole()).toMatchObject({ came: 0, changed: 0, vanished: 0, problems: [] })
  expect(await bench.readAll()).toBe(0)
  const { files } = bench.ground
  expect((await files.list(at('.grenier/staging'))) ?? []).toEqual([])
}

function applies(ground: () => Ground): void {
  it('puts folders, files and links with bits and times, and knows them again', async () => {
    const bench = new Bench(ground())
    const link: Row = {
      parent: id('1.0'),
      name: named('l'),
      value: { kind: 'link', mtimeNs: 1_500_000_000_987_654_321n, target: new TextEncoder().encode('../x') },
    }
    const report = await bench.applier.run([
      put('d', { id: id('1.0'), row: directory('d', { mode: 0o750 }) }),
      put('d/f', {
        id: id('1.1'),
        row: bench.fileRow({ parent: id('1.0'), name: 'f' }, 'hello', { mode: 0o600 }),
      }),
      put('d/empty', { id: id('1.2'), row: bench.fileRow({ parent: id('1.0'), name: 'empty' }, '') }),
      put('d/l', { id: id('1.3'), row: link }),
    ])
    expect(report).toMatchObject({ lookAgain: [], problems: [] })
    expect(report.done).toHaveLength(4)
    expect(bench.ground.user.read('d/f')).toBe('hello')
    expect(bench.localAt('d').stamp.mode).toBe(0o750)
    for (const node of ['1.0', '1.1', '1.2', '1.3']) {
      const { base: known, local } = bench.trees.get(id(node)) ?? {}
      expect(local).toMatchObject({ ...known })
    }
    await expectSettled(bench)
  })

  it('replaces a file that is still what was seen, and leaves one that is not', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('a', 'old a')
    user.write('b', 'old b')
    await bench.agree()
    const changes = ['a', 'b'].map((name) =>
      put(name, { id: bench.idAt(name), row: bench.fileRow({ name }, `new ${name}`) }, bench),
    )
    bench.meanwhile = () => user.write('b', 'edited b')
    const report = await bench.applier.run(changes)
    expect(report.done).toEqual([changes[0]])
    expect(report.lookAgain).toEqual([''])
    expect([user.read('a'), user.read('b')]).toEqual(['new a', 'edited b'])
    expect(bench.trees.get(bench.idAt('b'))?.base?.value).toMatchObject({ sizeBytes: 5 })
    await bench.look.some(report.lookAgain)
    expect(bench.localAt('b').value).toMatchObject({ sizeBytes: 8, content: undefined })
  })

  it('takes nothing for removed where a directory above did not get the name that it was to have', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    for (const directory of ['d', 'e']) user.makeDirectory(directory)
    for (const path of ['d/stays', 'd/goes', 'e/goes', 'd (conflict)', 'f']) user.write(path, path)
    await bench.agree()
    const later = (change: Apply, path: string): Apply => ({ ...change, path: at(path) })
    const changes = [
      aside('d', { as: 'd (conflict)', newNode: false }, bench),
      move('e', { path: 'f', parent: rootId }, bench),
      later(remove('d/goes', bench), 'd (conflict)/goes'),
      later(remove('e/goes', bench), 'f/goes'),
    ]
    // Both names are others' still, by all that is known, and nothing is there.
    for (const path of ['d (conflict)', 'f']) user.remove(path)
    const report = await bench.applier.run(changes)
    expect(report.done).toEqual([])
    expect([user.read('d/goes'), user.read('e/goes')]).toEqual(['d/goes', 'e/goes'])
    expect([bench.localAt('d/goes').value.kind, bench.localAt('e/goes').value.kind]).toEqual(['file', 'file'])
    await bench.look.some(report.lookAgain)
    await bench.applier.run([remove('d/goes', bench), remove('e/goes', bench)])
    expect(['d/stays', 'd/goes', 'e/goes'].filter((path) => user.exists(path))).toEqual(['d/stays'])
  })

  it('takes for removed what the user removed with its directory', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('d')
    user.write('d/f', 'f')
    await bench.agree()
    const changes = [remove('d/f', bench), remove('d', bench)]
    user.remove('d')
    expect((await bench.applier.run(changes)).done).toEqual(changes)
    expect(changes.map(({ id: gone }) => bench.trees.get(gone)?.local)).toEqual([undefined, undefined])
  })

  it('lets a directory step aside that another id is given to what it lies in', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    for (const directory of ['d', 'd/e']) user.makeDirectory(directory)
    user.write('d/e/f', 'f')
    await bench.agree()
    const change = aside('d/e', { as: 'e (conflict)', newNode: false }, bench)
    await bench.trees.write({ flush: false }, (tree) => tree.rename(bench.idAt('d'), id('9.9')))
    expect((await bench.applier.run([change])).done).toEqual([change])
    expect(user.read('d/e (conflict)/f')).toBe('f')
  })

  it('never overwrites what came into being meanwhile', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    const change = put('f', { id: id('1.0'), row: bench.fileRow({ name: 'f' }, 'theirs') })
    bench.meanwhile = () => user.write('f', 'mine')
    expect(await bench.applier.run([change])).toMatchObject({ done: [], lookAgain: [''], problems: [] })
    expect(user.read('f')).toBe('mine')
    expect(bench.trees.get(id('1.0'))).toBeUndefined()
  })

  it('changes bits and time alone without fetching', async () => {
    const bench = new Bench(ground())
    bench.ground.user.write('f', 'same')
    await bench.agree()
    bench.meanwhile = () => {
      throw new Error('nothing to fetch')
    }
    const row = bench.fileRow({ name: 'f' }, 'same', { mode: 0o444, mtimeNs: -1_234_567_890n })
    const report = await bench.applier.run([put('f', { id: bench.idAt('f'), row }, bench)])
    expect(report.done).toHaveLength(1)
    expect(bench.localAt('f')).toMatchObject({ value: row.value, stamp: { mode: 0o444 } })
    await expectSettled(bench)
  })

  it('moves, also into a folder made in the same batch, then edits', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('f', 'one')
    user.makeDirectory('d')
    user.write('d/g', 'two')
    await bench.agree()
    const ids = await bench.ids()
    const edited = bench.fileRow({ parent: id('9.0'), name: 'f' }, 'three')
    const report = await bench.applier.run([
      put('new', { id: id('9.0'), row: directory('new') }),
      move('d', { path: 'new/d', parent: id('9.0') }, bench),
      move('f', { path: 'new/f', parent: id('9.0') }, bench),
      { ...put('f', { id: bench.idAt('f'), row: edited }, bench), path: at('new/f') },
    ])
    expect(report).toMatchObject({ lookAgain: [], problems: [] })
    expect(await bench.lines()).toEqual(['new/', 'new/d/', 'new/d/g 3', 'new/f 5'])
    expect((await bench.ids()).get('new/d')).toBe(ids.get('d'))
    await expectSettled(bench)
  })

  it('does not move onto anything, nor what changed', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('a', 'a')
    user.write('b', 'b')
    await bench.agree()
    const changes = [
      move('a', { path: 'c', parent: rootId }, bench),
      move('b', { path: 'd', parent: rootId }, bench),
    ]
    user.write('c', 'mine')
    user.write('b', 'edited')
    expect(await bench.applier.run(changes)).toMatchObject({ done: [], lookAgain: [''] })
    expect([user.read('a'), user.read('b'), user.read('c')]).toEqual(['a', 'edited', 'mine'])
  })

  it('removes what is still the same, children first; what is gone already counts as done', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('d')
    user.write('d/f', 'f')
    user.write('d/g', 'g')
    user.write('gone', 'x')
    user.write('edited', 'x')
    await bench.agree()
    const changes = ['d/f', 'd/g', 'd', 'gone', 'edited'].map((path) => remove(path, bench))
    user.remove('gone')
    user.write('edited', 'edited')
    const report = await bench.applier.run(changes)
    expect(report.done).toEqual(changes.slice(0, 4))
    expect(report.lookAgain).toEqual([''])
    expect(await bench.lines()).toEqual(['edited 1'])
    expect(user.exists('d')).toBe(false)
  })

  it('keeps what is ignored in a removed folder, and what is new there', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    for (const name of ['d', 'e']) user.makeDirectory(name)
    user.write('.grenierignore', '*.o\n')
    await bench.agree()
    user.write('d/x.o', 'object')
    user.write('e/new', 'new')
    const report = await bench.applier.run([remove('d', bench), remove('e', bench)])
    expect(report.done).toHaveLength(1)
    expect(report.lookAgain).toEqual(['', 'e'])
    expect(user.read('d/x.o')).toBe('object')
    await bench.look.some(report.lookAgain)
    expect(await bench.lines()).toEqual(['.grenierignore 4', 'e/', 'e/new 3'])
    const again = await bench.applier.run([put('d', { id: id('7.0'), row: directory('d') })])
    expect(again.done).toHaveLength(1)
    expect(await bench.lines()).toContain('d/')
  })

  it('names an ignored file in the way, and does not touch it', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('.grenierignore', '*.o\n')
    user.write('x.o', 'mine')
    await bench.agree()
    const report = await bench.applier.run([
      put('x.o', { id: id('7.0'), row: bench.fileRow({ name: 'x.o' }, 'theirs') }),
    ])
    expect(report).toMatchObject({ lookAgain: [], problems: [{ path: 'x.o', code: 'name-collision' }] })
    expect(user.read('x.o')).toBe('mine')
  })

  it('fetches nothing at each run again for what an ignored file is in the way of', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('.grenierignore', 'out/\nf\n')
    for (const name of ['out', 'lib']) user.makeDirectory(name)
    for (const name of ['out/f', 'lib/f', 'lib/seen']) user.write(name, 'mine')
    await bench.agree()
    let fills = 0
    bench.meanwhile = () => {
      fills += 1
    }
    const file = (path: string, node: NodeId, parent: NodeId): Apply =>
      put(path, { id: node, row: bench.fileRow({ parent, name: 'f' }, 'theirs') })
    const inLib = file('lib/f', id('7.0'), bench.idAt('lib'))
    const inOut = file('out/f', id('7.2'), id('7.1'))
    const refused = (...paths: string[]) => ({
      problems: paths.map((path) => ({ path, code: 'name-collision' })),
    })
    expect(await bench.applier.run([inLib])).toMatchObject(refused('lib/f'))
    expect(fills).toBe(0)
    const making = put('out', { id: id('7.1'), row: directory('out') })
    expect(await bench.applier.run([making, inLib, inOut])).toMatchObject(refused('lib/f', 'out/f'))
    expect(fills).toBe(1)
    await bench.look.whole()
    expect(bench.idAt('out')).toBe(id('7.1'))
    expect(await bench.applier.run([inLib, inOut])).toMatchObject(refused('lib/f', 'out/f'))
    expect(fills).toBe(1)
    expect([user.read('out/f'), user.read('lib/f')]).toEqual(['mine', 'mine'])
  })

  it('lets the local one step aside as a new node, and the other take the name', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('f', 'base')
    user.makeDirectory('d')
    user.write('d/in', 'in')
    await bench.agree()
    user.write('f', 'mine')
    await bench.look.whole()
    await bench.readAll()
    const node = bench.idAt('f')
    const [folder, inside] = [bench.idAt('d'), bench.idAt('d/in')]
    const report = await bench.applier.run([
      aside('f', { as: 'f (conflict)', newNode: true }, bench),
      put('f', { id: node, row: bench.fileRow({ name: 'f' }, 'theirs') }),
      aside('d', { as: 'd (conflict)', newNode: false }, bench),
      put('d', { id: id('8.0'), row: bench.fileRow({ name: 'd' }, 'a file now') }),
    ])
    expect(report).toMatchObject({ lookAgain: [], problems: [] })
    expect([user.read('f'), user.read('f (conflict)'), user.read('d')]).toEqual([
      'theirs',
      'mine',
      'a file now',
    ])
    expect(bench.idAt('f')).toBe(node)
    expect(bench.idAt('f (conflict)')).not.toBe(node)
    expect(bench.idAt('d (conflict)')).toBe(folder)
    expect(bench.idAt('d (conflict)/in')).toBe(inside)
    await expectSettled(bench)
    const renamed = bench.idAt('f (conflict)')
    await bench.applier.run([aside('f (conflict)', { as: 'f (conflict)', newNode: true }, bench)])
    expect(bench.idAt('f (conflict)')).not.toBe(renamed)
    await expectSettled(bench)
  })

  it('goes on after one bad file', async () => {
    const bench = new Bench(ground())
    bench.failing.set('bad', 'pack-unavailable')
    const report = await bench.applier.run([
      put('bad', { id: id('1.0'), row: bench.fileRow({ name: 'bad' }, 'bad') }),
      put('.grenier', { id: id('1.1'), row: directory('.grenier') }),
      put('.grenier/marker', {
        id: id('1.2'),
        row: bench.fileRow({ parent: id('1.1'), name: 'marker' }, 'm'),
      }),
      put('x'.repeat(256), { id: id('1.3'), row: bench.fileRow({ name: 'x'.repeat(256) }, 'long') }),
      put('good', { id: id('1.4'), row: bench.fileRow({ name: 'good' }, 'good') }),
    ])
    expect(report.done.map(({ path }) => path)).toEqual(['good'])
    expect(report.problems.map(({ code }) => code).sort()).toEqual([
      'name-reserved',
      'name-reserved',
      'name-unholdable',
      'pack-unavailable',
    ])
    expect(bench.trees.get(id('1.0'))).toBeUndefined()
    await expectSettled(bench)
  })

  it('writes nothing through a link, nor below a file', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('target')
    user.link('l', 'target')
    user.write('file', 'x')
    const report = await bench.applier.run([
      put('l/f', { id: id('1.1'), row: bench.fileRow({ parent: id('1.0'), name: 'f' }, 'escape') }),
      put('file/f', { id: id('1.2'), row: bench.fileRow({ parent: id('1.0'), name: 'f' }, 'below') }),
    ])
    expect(report).toMatchObject({ done: [], lookAgain: ['file', 'l'], problems: [] })
    expect(user.exists('target/f')).toBe(false)
  })

  it('drops what an earlier run left in the staging area', async () => {
    const bench = new Bench(ground())
    const writer = await bench.ground.files.openStaged('put-1')
    await writer.close()
    await bench.applier.run([])
    expect(await bench.ground.files.list(at('.grenier/staging'))).toEqual([])
  })

  describe('beside a group whose contents come', () => {
    /** Carries these out meanwhile. */
    function besides(bench: Bench, changes: () => readonly Apply[]): Beside {
      return async (work, before) => {
        await before()
        const report = await bench.applier.run(changes())
        expect(report.problems).toEqual([])
        await work
        return true
      }
    }

    it('other changes are made, and it goes on', async () => {
      const bench = new Bench(ground())
      const { user } = bench.ground
      user.makeDirectory('d')
      user.write('d/small', 'old')
      await bench.agree()
      const large = put('large', { id: id('1.1'), row: bench.fileRow({ name: 'large' }, 'large') })
      const row = bench.fileRow({ parent: bench.idAt('d'), name: 'small' }, 'new')
      const small = put('d/small', { id: bench.idAt('d/small'), row }, bench)
      const report = await bench.applier.run(
        [large],
        besides(bench, () => [small]),
      )
      expect(report).toMatchObject({ done: [large], lookAgain: [], problems: [], left: [] })
      expect([user.read('large'), user.read('d/small')]).toEqual(['large', 'new'])
      await expectSettled(bench)
    })

    it('a directory that got another name is not taken for the one that has its name now', async () => {
      const bench = new Bench(ground())
      const { user } = bench.ground
      for (const path of ['current', 'away']) user.makeDirectory(path)
      user.write('away/moves', 'moves')
      await bench.agree()
      const parent = bench.idAt('current')
      const file = put('current/f', { id: id('1.1'), row: bench.fileRow({ parent, name: 'f' }, 'f') })
      const made = put('current/d', { id: id('1.2'), row: directory('d', { parent }) })
      const into = move('away/moves', { path: 'current/moves', parent }, bench)
      const swapped = [
        move('current', { path: 'current.old', parent: rootId }, bench),
        put('current', { id: id('2.0'), row: directory('current') }),
      ]
      const report = await bench.applier.run(
        [file, made, into],
        besides(bench, () => swapped),
      )
      expect(report).toMatchObject({ done: [], problems: [], left: [] })
      for (const path of ['current/f', 'current/d', 'current/moves']) expect(user.exists(path)).toBe(false)
      expect(report.lookAgain).toEqual(['away', 'current'])
      await expectSettled(bench)
    })

    it('a node that got another id, or whose row is another, is left as it is', async () => {
      const bench = new Bench(ground())
      const { user } = bench.ground
      for (const name of ['a', 'b', 'c']) user.write(name, name)
      await bench.agree()
      const changes = [remove('a', bench), remove('b', bench), remove('c', bench)]
      const report = await bench.applier.run(changes, async (work, before) => {
        await before()
        await bench.trees.write({ flush: false }, async (tree) => {
          await tree.rename(bench.idAt('a'), id('9.9'))
          const row = bench.localAt('b')
          tree.set('local', bench.idAt('b'), { ...row, stamp: { ...row.stamp, ctimeNs: 1n } })
        })
        await work
        return true
      })
      expect(report.done).toEqual([changes[2]])
      expect([user.exists('a'), user.exists('b'), user.exists('c')]).toEqual([true, true, false])
    })

    it('what is behind it is left to another plan, where something was changed', async () => {
      for (const isChanged of [true, false]) {
        const bench = new Bench(ground())
        bench.ground.user.write('a', 'a')
        await bench.agree()
        const moved = move('a', { path: 'b', parent: rootId }, bench)
        const next = put('a', { id: id('1.1'), row: bench.fileRow({ name: 'a' }, 'new') })
        const report = await bench.applier.run([moved, next], async (work, before) => {
          await before()
          await work
          return isChanged
        })
        expect(report).toMatchObject(
          isChanged ? { done: [moved], left: [next] } : { done: [moved, next], left: [] },
        )
        await expectSettled(bench)
      }
    })

    it('a failure leaves nothing in the staging area', async () => {
      const bench = new Bench(ground())
      const change = put('f', { id: id('1.1'), row: bench.fileRow({ name: 'f' }, 'f') })
      const run = bench.applier.run([change], async (work) => {
        await work
        throw new ClientError('brake', 'too much')
      })
      await expect(run).rejects.toThrow('too much')
      expect(bench.ground.user.exists('f')).toBe(false)
      await expectSettled(bench)
    })
  })

  it('uses no name that was left in a directory before that is durable, whatever the directory is called by then', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.makeDirectory('d')
    user.write('d/f', 'mine')
    await bench.agree()
    const changes: Apply[] = [
      move('d/f', { path: 'd/kept', parent: bench.idAt('d') }, bench),
      move('d', { path: 'e', parent: rootId }, bench),
      put('e/f', { id: id('1.1'), row: bench.fileRow({ parent: bench.idAt('d'), name: 'f' }, 'theirs') }),
    ]
    expect([...groupsOf(changes)].map((group) => group.length)).toEqual([2, 1])
    expect((await bench.applier.run(changes)).done).toHaveLength(3)
    expect([user.read('e/kept'), user.read('e/f')]).toEqual(['mine', 'theirs'])
    await expectSettled(bench)
  })

  it('puts two files in each other’s place over a parking name', async () => {
    const bench = new Bench(ground())
    const { user } = bench.ground
    user.write('a', 'a')
    user.write('b', 'bb')
    await bench.agree()
    const changes = [
      move('a', { path: '.parked', parent: rootId }, bench),
      move('b', { path: 'a', parent: rootId }, bench),
      { ...move('a', { path: 'b', parent: rootId }, bench), from: at('.parked') },
    ]
    expect([...groupsOf(changes)].map((group) => group.length)).toEqual([1, 1, 1])
    expect((await bench.applier.run(changes)).done).toHaveLength(3)
    expect([user.read('a'), user.read('b')]).toEqual(['bb', 'a'])
    await expectSettled(bench)
  })
}

describe('an apply on a real folder', () => {
  applies(() => realGround(fs.mkdtempSync(join(base, 'f-'))))

  it('finishes a move that a crash cut in two, with no second copy', async () => {
    const root = fs.mkdtempSync(join(base, 'f-'))
    const bench = new Bench(realGround(root))
    bench.ground.user.write('a', 'x')
    await bench.agree()
    const node = bench.idAt('a')
    const row = bench.localAt('a')
    const moved = { parent: rootId, name: named('b'), value: row.value }
    await bench.trees.write({ flush: true }, (tree) => tree.set('remote', node, moved))
    fs.linkSync(join(root, 'a'), join(root, 'b'))
    await bench.look.whole()
    expect(await bench.lines()).toEqual(['a 1'])
    await bench.readAll()
    const report = await bench.applier.run([move('a', { path: 'b', parent: rootId }, bench)])
    expect(report.done).toHaveLength(1)
    expect(fs.readdirSync(root).filter((name) => name !== '.grenier')).toEqual(['b'])
    await expectSettled(bench)
  })

  it('records the stamp that is on the disk', async () => {
    const root = fs.mkdtempSync(join(base, 'f-'))
    const bench = new Bench(realGround(root))
    await bench.applier.run([put('f', { id: id('1.0'), row: bench.fileRow({ name: 'f' }, 'x') })])
    expect(bench.localAt('f').stamp).toEqual(stampOf(fs.lstatSync(join(root, 'f'), { bigint: true })))
  })
})

describe('an apply in memory', () => {
  applies(memoryGround)

  it('works in read-only folders and gives them their bits back', async () => {
    const ground = memoryGround()
    const bench = new Bench(ground)
    const { user } = ground
    user.makeDirectory('d')
    user.write('d/f', 'old')
    user.write('d/g', 'g')
    user.setMode('d', 0o555)
    await bench.agree()
    const parent = bench.idAt('d')
    const report = await bench.applier.run([
      put('d/f', { id: bench.idAt('d/f'), row: bench.fileRow({ parent, name: 'f' }, 'new') }, bench),
      remove('d/g', bench),
      put('d/sub', { id: id('2.0'), row: directory('sub', { parent, mode: 0o500 }) }),
      put('d/sub/h', { id: id('2.1'), row: bench.fileRow({ parent: id('2.0'), name: 'h' }, 'h') }),
    ])
    expect(report).toMatchObject({ lookAgain: [], problems: [] })
    expect(ground.folder.at('d').mode).toBe(0o555)
    expect(ground.folder.at('d/sub').mode).toBe(0o500)
    await expectSettled(bench)
  })
})
