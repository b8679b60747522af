// Numbers of inodes that come again: a new file that has the number of a removed one, with the size and the time that an archive gave both. And a
// directory that got another name and cannot be listed.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { FileSystem, Look } from './file-system.ts'
import { SourceFiles } from './source-files.ts'
import { at, Bench, memoryGround, realGround, type Ground } from './look.contract.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-inodes-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

/** A ground on which what is at a path is seen as something else. */
function disguising(ground: Ground): { readonly ground: Ground; seen: (path: string, look: Look) => Look } {
  const disguise = { seen: (_: string, look: Look): Look => look }
  const files = new Proxy(ground.files, {
    get: (target, name: keyof FileSystem) => {
      if (name === 'look')
        return async (paths: Parameters<FileSystem['look']>[0]) => {
          const looks = await target.look(paths)
          return looks.map((look, index) => look && disguise.seen(paths[index] ?? '', look))
        }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return Object.assign(disguise, { ground: { ...ground, files } })
}

/** A vault that agrees on a file; then another one, as long, takes its number and its time. */
async function reused(names: readonly [string, string], more: Partial<Look> = {}, mode = 0o644) {
  const disguise = disguising(memoryGround())
  const bench = new Bench(disguise.ground)
  const { user } = bench.ground
  user.write(names[0], 'console.log(1)')
  await bench.agree()
  const [id, { stamp }] = [bench.idAt(names[0]), bench.localAt(names[0])]
  user.remove(names[0])
  user.write(names[1], 'console.log(2)')
  user.setMode(names[1], mode)
  const { ino, mtimeNs } = stamp
  disguise.seen = (path, look) =>
    path === names[1] ? { ...look, ...more, stamp: { ...look.stamp, ino, mtimeNs } } : look
  await bench.look.whole()
  return { bench, id }
}

describe('a number that is used again', () => {
  it('does not make a new file of a removed one', async () => {
    const { bench, id } = await reused(['app.a1.js', 'app.b2.js'])
    expect(bench.idAt('app.b2.js')).not.toBe(id)
    expect(bench.localAt('app.b2.js').value).toMatchObject({ content: undefined })
    expect(await bench.lines()).toEqual(['app.b2.js 14'])
    expect(await bench.readAll()).toBe(1)
  })

  it('does not explain new bits: the file is read', async () => {
    const { bench, id } = await reused(['run.sh', 'run.sh'], {}, 0o755)
    expect(bench.idAt('run.sh')).toBe(id)
    expect(bench.localAt('run.sh').value).toMatchObject({ mode: 0o755, content: undefined })
  })

  it('may be a move where nothing says when a file was made; it is read then', async () => {
    const { bench, id } = await reused(['app.a1.js', 'app.b2.js'], { bornNs: undefined })
    expect(bench.idAt('app.b2.js')).toBe(id)
    expect(bench.localAt('app.b2.js').value).toMatchObject({ content: undefined })
  })

  it('is nothing to go by where times are coarse: such disks number their files anew with each mount', async () => {
    const coarse = memoryGround(undefined, { timeStepNs: 2_000_000_000n })
    const bench = new Bench(coarse)
    bench.ground.user.write('a', 'x')
    await bench.agree()
    const id = bench.idAt('a')
    bench.ground.user.rename('a', 'b')
    await bench.look.whole()
    expect(bench.idAt('b')).toBe(id)
    expect(await bench.readAll()).toBe(1)
  })

  it('is told apart on a real disk that uses numbers again at once', async ({ skip }) => {
    const root = fs.mkdtempSync(join(base, 'f-'))
    const bench = new Bench(realGround(root))
    const put = (name: string, text: string): bigint => {
      fs.writeFileSync(join(root, name), text)
      fs.utimesSync(join(root, name), 1_153_704_088, 1_153_704_088)
      return fs.statSync(join(root, name), { bigint: true }).ino
    }
    const before = put('app.a1.js', 'console.log(1)')
    await bench.agree()
    // The clock of a disk is that of the timer, which has to have gone on.
    const born = fs.statSync(join(root, 'app.a1.js'), { bigint: true }).ctimeNs
    while (BigInt(Date.now()) * 1_000_000n < born + 50_000_000n) await new Promise(setImmediate)
    fs.rmSync(join(root, 'app.a1.js'))
    if (put('app.b2.js', 'console.log(2)') !== before) skip('this disk uses another number')
    await bench.look.whole()
    expect(bench.localAt('app.b2.js').value).toMatchObject({ content: undefined })
    // And what only moved is not read.
    await bench.readAll()
    fs.renameSync(join(root, 'app.b2.js'), join(root, 'app.c3.js'))
    await bench.look.whole()
    expect(await bench.readAll()).toBe(0)
  })
})

describe('on disks that number their files anew', () => {
  it('a file older than its own inode is still moved: such disks keep no time of change', async () => {
    const disguise = disguising(memoryGround(undefined, { timeStepNs: 2_000_000_000n }))
    const bench = new Bench(disguise.ground)
    // As FAT has it: what was unpacked is older than the moment when it was, and the time of change is that of the bytes.
    disguise.seen = (_, look) => ({ ...look, stamp: { ...look.stamp, ctimeNs: 1_000_000_000n } })
    bench.ground.user.write('a', 'x')
    await bench.agree()
    const id = bench.idAt('a')
    bench.ground.user.rename('a', 'b')
    expect(await bench.look.whole()).toMatchObject({ came: 0, vanished: 0 })
    expect(bench.idAt('b')).toBe(id)
  })

  it.each([
    ['where nothing says when it was made', { bornNs: undefined }],
    ['where it seems as old', {}],
  ])('a directory that cannot be listed does not take over another one, %s', async (_, more) => {
    const disguise = disguising(memoryGround())
    const bench = new Bench(disguise.ground)
    const { user } = bench.ground
    for (const directory of ['d', 'e']) user.makeDirectory(directory)
    for (const name of ['d/1', 'd/2', 'e/a', 'e/b', 'e/c']) user.write(name, 'x')
    await bench.agree()
    const lines = await bench.lines()
    const [d, e] = [bench.localAt('d').stamp.ino, bench.localAt('e').stamp.ino]
    user.setMode('d', 0)
    disguise.seen = (path, look) => {
      if (path !== 'd' && path !== 'e') return look
      return { ...look, ...more, stamp: { ...look.stamp, ino: path === 'd' ? e : d } }
    }
    expect(await bench.look.whole()).toMatchObject({ vanished: 0 })
    expect(await bench.lines()).toEqual(lines)
  })
})

describe('the source of a backup', () => {
  it('says of no file when it was made: nobody can try what its disk keeps', async () => {
    const { files, user } = memoryGround()
    user.write('f', 'x')
    const options = { exclude: [], oneFileSystem: false, caches: true }
    const [look] = await new SourceFiles(files, options).look([at('f')])
    expect(look).toMatchObject({ kind: 'file' })
    expect(look?.bornNs).toBeUndefined()
    expect((await files.look([at('f')]))[0]?.bornNs).toBeDefined()
  })
})

describe('a directory that got another name', () => {
  it('and cannot be listed is not taken for one that was removed', async () => {
    const bench = new Bench(memoryGround())
    const { user } = bench.ground
    user.makeDirectory('d')
    for (const name of ['d/f', 'd/g']) user.write(name, 'x')
    await bench.agree()
    const id = bench.idAt('d')
    user.rename('d', 'e')
    user.setMode('e', 0)
    const report = await bench.look.whole()
    expect(report).toMatchObject({
      vanished: 0,
      problems: [{ path: 'e', code: 'unreadable', detail: 'EACCES' }],
    })
    expect(bench.idAt('e')).toBe(id)
    expect(bench.trees.find('local', at('e/g'))).toBeDefined()
    user.setMode('e', 0o755)
    expect(await bench.look.whole()).toMatchObject({ vanished: 0, problems: [] })
    expect(await bench.lines()).toEqual(['e/', 'e/f 1', 'e/g 1'])
    expect(await bench.readAll()).toBe(0)
  })
})
