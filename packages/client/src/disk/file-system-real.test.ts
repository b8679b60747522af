import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { RelativePath } from '../sync/name.ts'
import { DiskError } from './file-system.ts'
import { fileSystemContract, type ContractFolder } from './file-system.contract.ts'
import { openRealFileSystem } from './file-system-real.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-files-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

const at = (path: string): RelativePath => path as RelativePath

function makeFolder(options: { byHandle?: boolean } = {}): ContractFolder & { readonly root: string } {
  const root = fs.mkdtempSync(join(base, 'f-'))
  const full = (path: string): string => join(root, path)
  return {
    root,
    files: openRealFileSystem(root, options),
    user: {
      write: (path, text) => fs.writeFileSync(full(path), text),
      read: (path) => fs.readFileSync(full(path), 'utf8'),
      makeDirectory: (path) => fs.mkdirSync(full(path)),
      link: (path, target) => fs.symlinkSync(target, full(path)),
      exists: (path) => fs.existsSync(full(path)),
      setMode: (path, mode) => fs.chmodSync(full(path), mode),
    },
  }
}

describe('a file system on the real disk', () => {
  fileSystemContract(() => makeFolder())

  it('is refused where no directory is', () => {
    expect(() => openRealFileSystem(join(base, 'nowhere'))).toThrow(DiskError)
  })

  it('says ESTALE when another directory has taken the place of the folder', async () => {
    const { files, root } = makeFolder()
    fs.renameSync(root, `${root}-away`)
    fs.mkdirSync(root)
    await expect(files.list(at(''))).rejects.toMatchObject({ code: 'ESTALE' })
  })

  it('finishes a move that was cut off between its two halves', async () => {
    const { files, root } = makeFolder()
    fs.writeFileSync(join(root, 'a'), 'x')
    fs.linkSync(join(root, 'a'), join(root, 'b'))
    await files.change({ do: 'move', from: at('a'), to: at('b') })
    expect(fs.readdirSync(root)).toEqual(['.grenier', 'b'])
    expect(fs.readdirSync(join(root, '.grenier/staging'))).toEqual([])
  })

  it('does not wait for the other end of a fifo', async () => {
    const { files, root } = makeFolder()
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', [join(root, 'pipe')])
    expect((await files.look([at('pipe')]))[0]?.kind).toBe('other')
    await expect(files.openForReading(at('pipe'))).rejects.toMatchObject({ code: 'EINVAL' })
  })

  it('works below paths longer than the system takes in one call', async () => {
    const { files } = makeFolder()
    const deep = Array.from({ length: 40 }, () => 'd'.repeat(200)).join('/')
    const parts = deep.split('/')
    for (let depth = 1; depth <= parts.length; depth += 1)
      await files.change({ do: 'make-directory', path: at(parts.slice(0, depth).join('/')), mode: 0o755 })
    expect((await files.look([at(deep)]))[0]?.kind).toBe('directory')
    const tooDeep = Array.from({ length: 600 }, () => 'x').join('/')
    await expect(files.look([at(`${tooDeep}/y`)])).rejects.toMatchObject({ code: 'ENAMETOOLONG' })
  })

  it('leaves holes where zeros would be written, and the file is the same', async () => {
    const { files, root } = makeFolder()
    const block = 64 * 1024
    const parts = ['x', '', '', 'y', ''].map((text) => Buffer.concat([Buffer.from(text)], block))
    const whole = Buffer.concat([...parts, Buffer.alloc(100)])
    const writer = await files.openStaged('s')
    await writer.write(0, whole.subarray(0, 100_000))
    await writer.write(100_000, whole.subarray(100_000))
    await writer.write(whole.length, new Uint8Array(3 * block))
    await writer.close()
    const path = join(root, '.grenier/staging/s')
    expect(fs.readFileSync(path)).toEqual(Buffer.concat([whole, Buffer.alloc(3 * block)]))
    expect(fs.statSync(path).blocks * 512).toBeLessThanOrEqual(5 * block)
  })

  it('leaves no handles open', async () => {
    const { files, root } = makeFolder()
    for (let index = 0; index < 300; index += 1) fs.mkdirSync(join(root, `d${index}`))
    const open = (): number => fs.readdirSync('/proc/self/fd').length
    await new Promise((resolve) => setImmediate(resolve))
    const before = open()
    await files.look(Array.from({ length: 300 }, (_, index) => at(`d${index}/x`)))
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    expect(open()).toBeLessThanOrEqual(before)
  })

  it('makes directories with the nine bits that were asked for and no other, whatever the mask and the one above say', async () => {
    const { files, root } = makeFolder()
    fs.mkdirSync(join(root, 'of-group'))
    fs.chmodSync(join(root, 'of-group'), 0o2775)
    for (const parent of ['of-group/', ''])
      for (const mode of [0o755, 0o775, 0o777]) {
        const path = `${parent}${mode.toString(8)}`
        const made = await files.change({ do: 'make-directory', path: at(path), mode })
        expect([path, fs.statSync(join(root, path)).mode & 0o7777]).toEqual([path, mode])
        expect(made).toEqual((await files.look([at(path)]))[0]?.stamp)
      }
  })

  it('makes no staging area in a folder that is only read', async () => {
    const { files, root } = makeFolder()
    await files.list(at(''))
    await files.list(at('.grenier/staging'))
    expect(fs.readdirSync(root)).toEqual([])
  })
})

describe('a file system on a system without /proc', () => {
  fileSystemContract(() => makeFolder({ byHandle: false }))
})
