import { describe, expect, it } from 'vitest'
import type { WantedFile } from '../disk/content-source.ts'
import { stagingDirectory, type FileSystem } from '../disk/file-system.ts'
import type { RelativePath } from '../sync/name.ts'
import { bytesOf, folder, MemoryVault, over, textOf, type ReadFile } from './content-builders.contract.ts'
import { stagedContent } from './staged-content.ts'

const mib = 1 << 20

/** The file system, and the writers that are open there. */
function watched(files: FileSystem) {
  let [open, opened] = [0, 0]
  const openStaged: FileSystem['openStaged'] = async (name) => {
    const writer = await files.openStaged(name)
    open += 1
    opened += 1
    let isOpen = true
    return {
      write: (offset, bytes) => writer.write(offset, bytes),
      close: async () => {
        if (isOpen) open -= 1
        isOpen = false
        await writer.close()
      },
    }
  }
  return { files: over(files, { openStaged }), open: () => open, opened: () => opened }
}

/** A vault with these contents, and files wanted of it. */
async function stored(contents: Readonly<Record<string, Uint8Array>>) {
  const there = folder()
  for (const [path, bytes] of Object.entries(contents)) there.user.write(path, bytes)
  const vault = new MemoryVault()
  const read = new Map<string, ReadFile>()
  for (const one of await vault.store(there.files, Object.keys(contents))) read.set(one.file.path, one)
  const wanted = (path: string, staged: string): WantedFile => {
    const { content, sizeBytes } = read.get(path)!
    return { content, sizeBytes, staged, path: path as RelativePath }
  }
  return { vault, wanted }
}

function here(fault?: (call: string, path: string) => string | undefined) {
  const made = folder(fault)
  const seen = watched(made.files)
  const read = (name: string): Uint8Array => made.user.read(`${stagingDirectory}/${name}`)
  return { ...seen, read, exists: (name: string) => made.user.exists(`${stagingDirectory}/${name}`) }
}

const contents = {
  small: textOf('small', 5000),
  empty: new Uint8Array(0),
  large: bytesOf('large', 6 * mib + 123),
  copy: textOf('small', 5000),
}

describe('staged files', () => {
  it('hold what was wanted, are opened once each, and closed', async () => {
    const { vault, wanted } = await stored(contents)
    const disk = here()
    const paths = Object.keys(contents) as (keyof typeof contents)[]
    const failures = await stagedContent(vault.fetch(), disk.files).fill(
      paths.map((path) => wanted(path, `put-${path}`)),
    )
    expect(failures).toEqual([undefined, undefined, undefined, undefined])
    for (const path of paths) expect(Buffer.compare(disk.read(`put-${path}`), contents[path])).toBe(0)
    expect([disk.open(), disk.opened()]).toEqual([0, 4])
  })

  it('fail one by one: what the relay lacks, what a member made wrong', async () => {
    const { vault, wanted } = await stored(contents)
    const [name] = vault.packs.keys()
    const disk = here()
    const torn = { ...wanted('small', 'torn'), sizeBytes: 4999 }
    const source = stagedContent(vault.fetch(), disk.files)
    expect(await source.fill([torn, wanted('small', 'good')])).toEqual([{ code: 'entry-void' }, undefined])
    vault.packs.delete(name!)
    const failures = await source.fill([wanted('large', 'large'), wanted('empty', 'empty')])
    expect(failures).toEqual([{ code: 'pack-unavailable' }, undefined])
    expect(disk.open()).toBe(0)
    expect(disk.read('empty')).toHaveLength(0)
  })

  it.each([
    ['write', 'ENOSPC', 'disk-full'],
    ['write', 'EDQUOT', 'disk-full'],
    ['write', 'EIO', 'unwritable'],
    ['stage', 'EACCES', 'unwritable'],
  ])('fail one by one: where the disk refuses to %s with %s', async (call, error, code) => {
    const { vault, wanted } = await stored(contents)
    const disk = here((what, path) => (what === call && path === 'bad' ? error : undefined))
    const source = stagedContent(vault.fetch(), disk.files)
    const failures = await source.fill([wanted('large', 'bad'), wanted('small', 'good')])
    expect(failures).toEqual([{ code, detail: error }, undefined])
    expect(Buffer.compare(disk.read('good'), contents.small)).toBe(0)
    expect(disk.open()).toBe(0)
  })

  it('fail one by one: an empty one that cannot be made', async () => {
    const { vault, wanted } = await stored(contents)
    const disk = here((what, path) => (what === 'stage' && path === 'bad' ? 'EACCES' : undefined))
    const failures = await stagedContent(vault.fetch(), disk.files).fill([wanted('empty', 'bad')])
    expect(failures).toEqual([{ code: 'unwritable', detail: 'EACCES' }])
  })

  it('are not fetched on when the disk is full', async () => {
    const film = bytesOf('film', 20 * mib)
    const { vault, wanted } = await stored({ film })
    const disk = here((what) => (what === 'write' ? 'ENOSPC' : undefined))
    const failures = await stagedContent(vault.fetch(), disk.files).fill([wanted('film', 'film')])
    expect(failures).toEqual([{ code: 'disk-full', detail: 'ENOSPC' }])
    expect(new Set(vault.gets.map(({ pack }) => pack)).size).toBeLessThan(vault.packs.size)
  })

  it('are closed when the whole run fails', async () => {
    const { vault, wanted } = await stored({ film: bytesOf('film', 14 * mib) })
    const disk = here()
    const last = [...vault.packs.keys()].at(-1)
    vault.tamper = (bytes, { pack }) => (pack === last ? new Uint8Array(bytes.length) : bytes)
    const run = stagedContent(vault.fetch(), disk.files).fill([wanted('film', 'film')])
    await expect(run).rejects.toMatchObject({ code: 'relay-corrupt' })
    expect(disk.opened()).toBe(1)
    expect(disk.open()).toBe(0)
  })

  it('let through what is no refusal of the disk', async () => {
    const { vault, wanted } = await stored(contents)
    const { files } = here()
    const broken = over(files, { openStaged: () => Promise.reject(new TypeError('a bug')) })
    await expect(stagedContent(vault.fetch(), broken).fill([wanted('small', 'x')])).rejects.toThrow('a bug')
  })
})
