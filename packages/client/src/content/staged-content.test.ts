import { concat } from '@grenier/crypto'
import { describe, expect, it } from 'vitest'
import type { WantedFile } from '../disk/content-source.ts'
import { stagingDirectory, type FileSystem } from '../disk/file-system.ts'
import type { MemoryUser } from '../disk/memory-user.ts'
import type { Name, RelativePath } from '../sync/name.ts'
import { rootId, type Columns, type NodeId, type Stamp } from '../sync/tree.ts'
import {
  bytesOf,
  folder,
  idOf,
  MemoryVault,
  over,
  type ReadFile,
  textOf,
  watchedReading,
} from './content-builders.contract.ts'
import { contentOf } from './content-list.ts'
import { olderVersions, stagedContent } from './staged-content.ts'
import type { WorkerPool } from './worker-pool.ts'

const mib = 1 << 20
const anyStamp: Stamp = { dev: 1n, ino: 1n, ctimeNs: 1n, mtimeNs: 1n, sizeBytes: 7, mode: 0o644 }

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
      finish: async (bits) => {
        if (isOpen) open -= 1
        isOpen = false
        return await writer.finish(bits)
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

  it('are made together where they are small, and fail one by one', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `f${at}`)
    const texts = Object.fromEntries(names.map((name, at) => [name, textOf(name, 1000 + (at % 7) * 300)]))
    const { vault, wanted } = await stored({ ...texts, twin: texts['f3']!, ...contents })
    const disk = here((call, path) =>
      call === 'write' && path === 'f5' ? 'ENOSPC' : call === 'stage' && path === 'f7' ? 'EACCES' : undefined,
    )
    const calls: string[][] = []
    const files = over(disk.files, {
      stageWhole: (all) => {
        calls.push(all.map(({ name }) => name))
        return disk.files.stageWhole(all)
      },
    })
    const stamps = new Map<string, Stamp>()
    const all = [...names, 'twin', 'empty', 'large']
    const finished = all.map((name) => ({
      ...wanted(name, name),
      finish: {
        bits: { mode: 0o640, mtimeNs: 5_000_000_000n },
        done: (stamp: Stamp) => stamps.set(name, stamp),
      },
    }))
    const wrong = { ...finished[9]!, staged: 'wrong', sizeBytes: 999 }
    let told = 0
    const wrote = (bytes: number): void => void (told += bytes)
    const failures = await stagedContent(vault.fetch(), files, { wrote }).fill([...finished, wrong])
    const failed = new Map(failures.map((failure, at) => [[...all, 'wrong'][at], failure]))
    expect(failed.get('f5')).toEqual({ code: 'disk-full', detail: 'ENOSPC' })
    expect(failed.get('f7')).toEqual({ code: 'unwritable', detail: 'EACCES' })
    expect(failed.get('wrong')).toEqual({ code: 'entry-void' })
    const good = all.filter((name) => name !== 'f5' && name !== 'f7')
    expect(failures.filter((failure) => failure !== undefined)).toHaveLength(3)
    for (const name of good) {
      const bytes = name === 'twin' ? texts['f3']! : (texts[name] ?? contents[name as 'large'])
      expect(Buffer.compare(disk.read(name), bytes)).toBe(0)
      expect([stamps.get(name)?.mode, stamps.get(name)?.sizeBytes]).toEqual([0o640, bytes.length])
    }
    expect(calls.flat().sort()).toEqual([...names, 'twin'].sort())
    expect(calls.length).toBeLessThan(10)
    expect(told).toBe(good.reduce((sum, name) => sum + stamps.get(name)!.sizeBytes, 0))
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

describe('an older version on this disk', () => {
  const before = bytesOf('film', 9 * mib)
  const after = concat([bytesOf('front', 100), before])

  /** A vault with both versions, and a disk with the older one in place. */
  async function edited(pool?: WorkerPool) {
    const there = folder()
    const vault = new MemoryVault(pool)
    there.user.write('film', before)
    const [old] = await vault.store(there.files, ['film'])
    there.user.write('film', after)
    const [now] = await vault.store(there.files, ['film'])
    const made = folder()
    made.user.write('film', before)
    const seen = watchedReading(made.files)
    const source = stagedContent(vault.fetch(), seen.files, {
      older: (path) => (path === 'film' ? old : undefined),
    })
    const file = {
      content: now!.content,
      sizeBytes: now!.sizeBytes,
      staged: 'put',
      path: 'film' as RelativePath,
    }
    const fill = async (): Promise<Uint8Array> => {
      expect(await source.fill([file])).toEqual([undefined])
      return made.user.read(`${stagingDirectory}/put`)
    }
    const fetched = (): number => vault.gets.reduce((sum, { length }) => sum + length, 0)
    return { vault, user: made.user, open: seen.open, fill, fetched, file, source }
  }

  it('gives what both have, and only the rest is fetched', async () => {
    const { fill, fetched, open } = await edited()
    expect(Buffer.compare(await fill(), after)).toBe(0)
    expect(fetched()).toBeLessThan(2 * mib)
    expect(fetched()).toBeGreaterThan(0)
    expect(open()).toBe(0)
  })

  it.each<[string, (user: MemoryUser) => void]>([
    ['has changed since', (user) => user.write('film', bytesOf('another', 9 * mib))],
    ['is shorter now', (user) => user.write('film', before.subarray(0, 5 * mib))],
    ['is gone', (user) => user.remove('film')],
    [
      'is a link now',
      (user) => {
        user.remove('film')
        user.link('film', 'elsewhere')
      },
    ],
    ['cannot be read', (user) => user.setMode('film', 0)],
  ])('does no harm when it %s', async (_, change) => {
    const { user, fill, open } = await edited()
    change(user)
    expect(Buffer.compare(await fill(), after)).toBe(0)
    expect(open()).toBe(0)
  })

  it.each(['before', 'after'])('gives its chunk to a small file that is wanted %s it, too', async (when) => {
    const [head, otherHead, tail] = [
      bytesOf('head', 100_000),
      bytesOf('other', 100_000),
      bytesOf('tail', 5000),
    ]
    const vault = new MemoryVault()
    vault.pack([head, tail])
    vault.pack([otherHead])
    const { files, user } = folder()
    user.write('film', concat([head, tail]))
    const old = { content: contentOf(0, [head, tail].map(idOf)), sizeBytes: 105_000 }
    const source = stagedContent(vault.fetch(), files, {
      older: (path) => (path === 'film' ? old : undefined),
    })
    const made: string[] = []
    const finishing = (name: string) => ({
      bits: { mode: 0o644, mtimeNs: 1n },
      done: () => void made.push(name),
    })
    const film: WantedFile = {
      content: contentOf(0, [otherHead, tail].map(idOf)),
      sizeBytes: 105_000,
      staged: 'put-film',
      path: 'film' as RelativePath,
      finish: finishing('film'),
    }
    const small: WantedFile = {
      content: contentOf(0, [idOf(tail)]),
      sizeBytes: tail.length,
      staged: 'put-small',
      path: 'tail' as RelativePath,
      finish: finishing('small'),
    }
    const wanted = when === 'before' ? [small, film] : [film, small]
    expect(await source.fill(wanted)).toEqual([undefined, undefined])
    expect(made.sort()).toEqual(['film', 'small'])
    const read = (name: string): Uint8Array => user.read(`${stagingDirectory}/${name}`)
    expect(Buffer.compare(read('put-film'), concat([otherHead, tail]))).toBe(0)
    expect(Buffer.compare(read('put-small'), tail)).toBe(0)
  })

  it('is refused where the disk has less than was written', async () => {
    const { vault, wanted } = await stored({ film: bytesOf('film', 400_000) })
    const { files } = folder()
    const openStaged: FileSystem['openStaged'] = async (name) => {
      const writer = await files.openStaged(name)
      return {
        write: (offset, bytes) => writer.write(offset, bytes.subarray(0, -1)),
        close: () => writer.close(),
        finish: (bits) => writer.finish(bits),
      }
    }
    let isDone = false
    const finish = { bits: { mode: 0o644, mtimeNs: 1n }, done: () => void (isDone = true) }
    const source = stagedContent(vault.fetch(), over(files, { openStaged }))
    expect(await source.fill([{ ...wanted('film', 'put-1'), finish }])).toEqual([
      { code: 'unwritable', detail: 'EIO' },
    ])
    expect(isDone).toBe(false)
  })

  it('does no harm when the relay lacks what tells its lengths', async () => {
    const { vault, fill, source, file } = await edited()
    const lists = file.content[0]
    expect(lists).toBe(0)
    const wrong = {
      content: contentOf(
        1,
        [...vault.claimed[0]!.chunks].map(({ id }) => id),
      ),
      sizeBytes: 5,
    }
    const other = stagedContent(vault.fetch(), folder().files, { older: () => wrong })
    expect(await other.fill([file])).toEqual([undefined])
    expect(await source.fill([])).toEqual([])
    expect(Buffer.compare(await fill(), after)).toBe(0)
  })

  it('is the one of the local tree', () => {
    const value = { kind: 'file', mode: 0o644, mtimeNs: 0n, sizeBytes: 7, content: contentOf(0, []) } as const
    const rows: Record<string, Columns> = {
      file: { local: { parent: rootId, name: 'file' as Name, value, stamp: anyStamp } },
      unread: {
        local: {
          parent: rootId,
          name: 'unread' as Name,
          value: { ...value, content: undefined },
          stamp: anyStamp,
        },
      },
      directory: {
        local: {
          parent: rootId,
          name: 'd' as Name,
          value: { kind: 'directory', mode: 0o755 },
          stamp: anyStamp,
        },
      },
      remote: { remote: { parent: rootId, name: 'remote' as Name, value } },
    }
    const find = (_: string, path: string) => (path in rows ? (path as NodeId) : undefined)
    const older = olderVersions({ find, get: (id) => rows[id] })
    expect(older('file' as RelativePath)).toEqual({ content: value.content, sizeBytes: 7 })
    for (const path of ['unread', 'directory', 'remote', 'gone'])
      expect(older(path as RelativePath)).toBeUndefined()
  })
})
