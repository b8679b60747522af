import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concat, type Operation } from '@grenier/crypto'
import { systemClock } from '../clock.ts'
import { describe, expect, it } from 'vitest'
import { openRealFileSystem } from '../disk/file-system-real.ts'
import { DiskError, stagingDirectory, type FileSystem } from '../disk/file-system.ts'
import { ClientError } from '../errors.ts'
import type { RelativePath } from '../sync/name.ts'
import { Ahead } from './ahead.ts'
import { bytesOf, folder, idOf, MemoryVault, over, type ReadFile } from './content-builders.contract.ts'
import { contentOf, listOf } from './content-list.ts'
import { stagedContent } from './staged-content.ts'

/** What says nothing of a large file. */
const small: Operation = {
  op: 'put',
  parent: 'root',
  name: { bytes: Uint8Array.of(0x64) },
  node: { kind: 'directory', mode: 0o755 },
}

/** A large file. */
const said: readonly Operation[] = [
  {
    op: 'put',
    parent: 'root',
    name: { bytes: Uint8Array.of(0x66) },
    node: { kind: 'file', mode: 0o644, mtimeNs: 0n, sizeBytes: 1, depth: 1, chunks: [] },
  },
]

const mib = 1 << 20
const film = bytesOf('film', 9 * mib)

/** A vault with the film at the relay, claimed by a device that has not said what for, and a disk without it. */
async function claimed(
  options: { bytes?: Uint8Array; before?: Uint8Array; over?: (files: FileSystem) => FileSystem } = {},
) {
  const there = folder()
  const vault = new MemoryVault()
  const files: Record<string, Uint8Array> = {
    before: options.before ?? new Uint8Array(0),
    film: options.bytes ?? film,
  }
  for (const [name, bytes] of Object.entries(files)) there.user.write(name, bytes)
  const [before, read] = await vault.store(there.files, Object.keys(files))
  let fault: (call: string, path: string) => string | undefined = () => undefined
  const memory = folder((call, path) => fault(call, path))
  const disk = { user: memory.user, files: options.over?.(memory.files) ?? memory.files }
  let laterMs = 0
  const clock = { monotonic: () => systemClock.monotonic() + laterMs }
  const ahead = new Ahead(vault.walking(), disk.files, clock)
  const index = vault.claimed.map(({ chunks }) => ({ chunks }))
  ahead.heard('one', { operations: [], index })
  const source = stagedContent(vault.fetch(), disk.files, { ahead })
  const fill = async (file: ReadFile, staged = 'put-1') => {
    const { content, sizeBytes } = file
    const [failure] = await source.fill([{ content, sizeBytes, staged, path: 'film' as RelativePath }])
    return failure ?? disk.user.read(`${stagingDirectory}/${staged}`)
  }
  const staged = async (): Promise<readonly string[]> => (await disk.files.list(stagingDirectory)) ?? []
  return {
    vault,
    ahead,
    index,
    fill,
    staged,
    film: read!,
    before: before!,
    breakDisk: (other: typeof fault) => (fault = other),
    pass: (ms: number) => (laterMs += ms),
  }
}

/** The disk says only when a file is closed that it could not take all of it. */
function refusingAtClose(files: FileSystem): FileSystem {
  return over(files, {
    openStaged: async (name) => {
      const writer = await files.openStaged(name)
      if (!name.startsWith('ahead')) return writer
      return { ...writer, close: () => Promise.reject(new DiskError('EIO', 'it was not taken')) }
    },
  })
}

const never = (): boolean => false

function expectSame(read: unknown, bytes: Uint8Array): void {
  expect(read).toBeInstanceOf(Uint8Array)
  expect(Buffer.compare(read as Uint8Array, bytes)).toBe(0)
}

describe('what comes ahead', () => {
  it('becomes the file that it is, and nothing of it is fetched again', async () => {
    const { ahead, vault, fill, staged, film: file } = await claimed()
    await ahead.work(never)
    expect(await staged()).toEqual(['ahead-1'])
    vault.gets.length = 0
    expectSame(await fill(file), film)
    expect(await staged()).toEqual(['put-1'])
    expect(vault.gets).toEqual([])
  })

  it('gives back the disk when who claimed has said nothing for an hour; what is wanted is fetched then', async () => {
    const { ahead, index, vault, fill, staged, film: file, pass } = await claimed()
    await ahead.work(never)
    pass(3_500_000)
    // Still at it.
    ahead.heard('one', { operations: [], index })
    await ahead.work(never)
    pass(3_500_000)
    expect([ahead.isDue, await staged()]).toEqual([false, ['ahead-1']])
    pass(200_000)
    expect(ahead.isDue).toBe(true)
    await ahead.work(never)
    expect([ahead.isDue, await staged()]).toEqual([false, []])
    vault.gets.length = 0
    expectSame(await fill(file), film)
    expect(vault.gets.length).toBeGreaterThan(0)
    // Nor is what was not brought yet.
    ahead.heard('one', { operations: [], index })
    expect(ahead.isDue).toBe(true)
    pass(3_700_000)
    expect(ahead.isDue).toBe(false)
  })

  it('is written down as checked', async () => {
    const { ahead, vault } = await claimed()
    await ahead.work(never)
    const chunks = vault.claimed.flatMap((pack) => pack.chunks)
    expect(vault.found.filter(({ known }) => known === 'good')).toHaveLength(chunks.length)
  })

  it('is copied where it does not lie as it should', async () => {
    const { ahead, vault, fill, staged, film: file } = await claimed({ before: bytesOf('before', 100_000) })
    await ahead.work(never)
    vault.gets.length = 0
    expectSame(await fill(file), film)
    expect([vault.gets, await staged()]).toEqual([[], ['ahead-1', 'put-1']])
  })

  it('is not thrown away for a smaller file that it begins with', async () => {
    const { ahead, fill, staged, film: file, before } = await claimed({ before: bytesOf('before', 100_000) })
    await ahead.work(never)
    expectSame(await fill(before), bytesOf('before', 100_000))
    expectSame(await fill(file, 'put-2'), film)
    expect(await staged()).toEqual(['ahead-1', 'put-1', 'put-2'])
  })

  it('gives its beginning to a file that goes on otherwise, also with zeros', async () => {
    const { ahead, vault, fill } = await claimed()
    const other = concat([film.subarray(0, 6 * mib), new Uint8Array(2 * mib)])
    const there = folder()
    there.user.write('other', other)
    const [file] = await vault.store(there.files, ['other'])
    await ahead.work(never)
    expectSame(await fill(file!), other)
  })

  it('stops when there is something else to do, and goes on where it was', async () => {
    const { ahead, vault, fill, film: file } = await claimed({ bytes: bytesOf('long', 20 * mib) })
    let asked = 0
    await ahead.work(() => asked++ > 0)
    const first = vault.gets.length
    expect([first > 0, ahead.isDue]).toEqual([true, true])
    await ahead.work(never)
    const all = vault.gets.length
    expect(all).toBeGreaterThan(first)
    expectSame(await fill(file), bytesOf('long', 20 * mib))
    // The list of its chunks is read at the relay.
    expect(vault.gets.length - all).toBeLessThanOrEqual(2)
  })

  it('goes on where it was when the line broke', async () => {
    const { ahead, vault, fill, staged, film: file } = await claimed()
    const last = [...vault.packs.keys()].at(-1)
    vault.tamper = (bytes, { pack }) => {
      if (pack !== last) return bytes
      throw new ClientError('relay-unreachable', 'the line is gone')
    }
    await expect(ahead.work(never)).rejects.toThrow('the line is gone')
    vault.tamper = (bytes) => bytes
    await ahead.work(never)
    expect(await staged()).toEqual(['ahead-2'])
    vault.gets.length = 0
    expectSame(await fill(file), film)
    expect(vault.gets).toEqual([])
  })

  it('leaves a pack that is not what it was to whoever wants it', async () => {
    const { ahead, vault, fill, film: file } = await claimed()
    vault.tamper = (bytes) => new Uint8Array(bytes.length)
    await ahead.work(never)
    vault.tamper = (bytes) => bytes
    expectSame(await fill(file), film)
  })

  it('leaves alone what is here already, and what nobody says where it is', async () => {
    const { vault, index } = await claimed()
    const before = new MemoryVault()
    const places = (id: Parameters<MemoryVault['places']>[0]) =>
      vault.places(id).map((place) => ({ ...place, known: 'good' as const }))
    for (const known of [places, () => []]) {
      const disk = folder()
      const ahead = new Ahead({ ...before.walking(), places: known }, disk.files, systemClock)
      ahead.heard('one', { operations: [], index })
      await ahead.work(never)
    }
    expect(before.gets).toEqual([])
  })

  it('is not brought any more when it was said what it is for, and then given back', async () => {
    const { ahead, vault, staged, index } = await claimed()
    ahead.heard('another', { operations: said, index })
    expect(ahead.isDue).toBe(true)
    // A small edit that came first says nothing of it.
    ahead.heard('one', { operations: [small], index: [] })
    expect(ahead.isDue).toBe(true)
    ahead.heard('one', { operations: said, index: [] })
    expect(ahead.isDue).toBe(false)
    await ahead.work(never)
    expect(vault.gets).toEqual([])
    ahead.heard('one', { operations: [], index })
    await ahead.work(never)
    expect([await staged(), ahead.isDue, ahead.isHeld('ahead-1')]).toEqual([['ahead-1'], false, true])
    ahead.heard('one', { operations: said, index: [] })
    expect(ahead.isDue).toBe(true)
    await ahead.work(never)
    expect([await staged(), ahead.isHeld('ahead-1')]).toEqual([[], false])
  })

  it('has no lists of a long file, so that what follows them lies in its place', async () => {
    const root = fs.mkdtempSync(join(tmpdir(), 'grenier-ahead-'))
    const files = openRealFileSystem(root)
    const vault = new MemoryVault()
    // Zeros are not written where nothing is.
    const chunks = Array.from({ length: 40 }, (_, at) =>
      at === 20 ? new Uint8Array(131_072) : bytesOf(`chunk ${at}`, 131_072),
    )
    const [first, second] = [chunks.slice(0, 20), chunks.slice(20)]
    const list = listOf(first.map(idOf))
    const short = bytesOf('short', 5000)
    const claims = [
      [...first, list.subarray(0, 300), list.subarray(300, 570)],
      [list.subarray(570), short, ...second],
    ]
    for (const pack of claims) vault.pack(pack)
    const ahead = new Ahead(vault.walking(), files, systemClock)
    const index = claims.map((pack) => ({
      chunks: pack.map((chunk) => ({ id: idOf(chunk), plainBytes: chunk.length })),
    }))
    ahead.heard('one', { operations: [], index })
    await ahead.work(never)
    vault.gets.length = 0
    const source = stagedContent(vault.fetch(), files, { ahead })
    const wanted = { content: contentOf(0, chunks.map(idOf)), sizeBytes: 40 * 131_072, staged: 'put-1' }
    expect(await source.fill([{ ...wanted, path: 'film' as RelativePath }])).toEqual([undefined])
    expectSame(new Uint8Array(fs.readFileSync(join(root, stagingDirectory, 'put-1'))), concat(chunks))
    expect(vault.gets).toEqual([])
    fs.rmSync(root, { recursive: true })
  })

  it('has no small files: these come many at once', async () => {
    const vault = new MemoryVault()
    const chunks = Array.from({ length: 20 }, (_, at) => bytesOf(`small ${at}`, 65_536 - at))
    vault.pack(chunks)
    const disk = folder()
    const ahead = new Ahead(vault.walking(), disk.files, systemClock)
    const index = [{ chunks: chunks.map((chunk) => ({ id: idOf(chunk), plainBytes: chunk.length })) }]
    ahead.heard('one', { operations: [], index })
    expect(ahead.isDue).toBe(false)
    await ahead.work(never)
    expect([vault.gets, ahead.isEmpty]).toEqual([[], true])
  })

  it('gives up all it has when the disk is full', async () => {
    const { ahead, staged, fill, breakDisk, film: file } = await claimed()
    let writes = 0
    breakDisk((call, path) => (call === 'write' && path === 'ahead-1' && ++writes > 1 ? 'ENOSPC' : undefined))
    await ahead.work(never)
    expect([await staged(), ahead.isDue]).toEqual([[], false])
    expectSame(await fill(file), film)
  })

  it('makes room for what is wanted', async () => {
    const { ahead, staged, fill, breakDisk, before } = await claimed({ before: bytesOf('before', 3000) })
    await ahead.work(never)
    breakDisk((call, path) =>
      call === 'write' && path === 'put-1' && ahead.isHeld('ahead-1') ? 'ENOSPC' : undefined,
    )
    expectSame(await fill(before), bytesOf('before', 3000))
    expect(await staged()).toEqual(['put-1'])
  })

  it('is not used, and gone, when the disk did not take it after all', async () => {
    const { ahead, staged, fill, vault, film: file } = await claimed({ over: refusingAtClose })
    await ahead.work(never)
    vault.gets.length = 0
    expectSame(await fill(file), film)
    expect(vault.gets.length).toBeGreaterThan(0)
    expect(await staged()).toEqual(['put-1'])
  })

  it('is given up when the disk did not take it and the line broke, which is what is said', async () => {
    const { ahead, staged, vault } = await claimed({ over: refusingAtClose })
    const last = [...vault.packs.keys()].at(-1)
    vault.tamper = (bytes, { pack }) => {
      if (pack !== last) return bytes
      throw new ClientError('relay-unreachable', 'the line is gone')
    }
    await expect(ahead.work(never)).rejects.toThrow('the line is gone')
    expect([await staged(), ahead.isDue]).toEqual([[], false])
  })

  it('makes room also when the disk did not take it', async () => {
    const { ahead, staged } = await claimed({ over: refusingAtClose })
    await ahead.work(never)
    expect(await ahead.drop()).toBe(true)
    expect([await staged(), ahead.isEmpty]).toEqual([[], true])
  })
})
