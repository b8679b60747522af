import { toHex } from '@grenier/crypto'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import {
  bytesOf,
  folder,
  MemoryVault,
  resultsOf,
  textOf,
  wanted,
  watchedReading,
} from './content-builders.contract.ts'
import { threadedWorkerPool } from './worker-pool-threads.ts'

const mib = 1 << 20
const threads = threadedWorkerPool(2)
afterAll(() => threads.close())

describe('reading on threads', () => {
  it('gives the same as inline, in the same packs', async () => {
    const { files, user } = folder()
    const paths: string[] = []
    const write = (path: string, bytes: Uint8Array): void => {
      user.write(path, bytes)
      paths.push(path)
    }
    for (let at = 0; at < 300; at += 1) write(`small ${at}`, textOf(`small ${at % 250}`, 50 + at * 13))
    write('film', bytesOf('film', 9 * mib))
    write('empty', new Uint8Array(0))
    for (let at = 0; at < 2; at += 1) write(`photo ${at}`, bytesOf(`photo ${at}`, 2 * mib + at))
    const [inline, threaded] = [new MemoryVault(), new MemoryVault(threads)]
    const one = await inline.store(files, paths)
    const two = await threaded.store(files, paths)
    const seen = (read: typeof one) =>
      read.map(({ content, readyAfter }) => `${toHex(content)} ${readyAfter}`)
    expect(seen(two)).toEqual(seen(one))
    expect(threaded.claimed.map(({ id }) => toHex(id))).toEqual(inline.claimed.map(({ id }) => toHex(id)))
    const back = await threaded.fetch().read(two)
    for (const [at, bytes] of back.entries()) expect(Buffer.compare(bytes!, user.read(paths[at]!))).toBe(0)
  })

  it('says that a file is broken in the middle, though the part before is still being cut', async () => {
    let reads = 0
    const { files, user } = folder((call) => (call === 'read' && (reads += 1) === 2 ? 'EIO' : undefined))
    user.write('film', bytesOf('film', 9 * mib))
    const vault = new MemoryVault(threads)
    const results = await resultsOf(vault.ingest(files, vault.writer()), [wanted('film')])
    expect(results).toMatchObject([{ outcome: 'problem', problem: 'unreadable', detail: 'EIO' }])
  })

  it('leaves nothing going on when it is left early', async () => {
    const { files, user } = folder()
    for (let at = 0; at < 6; at += 1) user.write(`film ${at}`, bytesOf(`film ${at}`, 9 * mib))
    const seen = watchedReading(files)
    const vault = new MemoryVault(threads)
    const paths = [0, 1, 2, 3, 4, 5].map((at) => wanted(`film ${at}`))
    for await (const result of vault.ingest(seen.files, vault.writer()).read(paths))
      if (result.outcome === 'part') break
    expect(seen.open()).toBe(0)
  })

  it('gives back whatever folder it is given', async () => {
    const sizes = fc.oneof(fc.nat(3000), fc.nat(300_000), fc.integer({ min: 3 * mib, max: 9 * mib }))
    const some = fc.array(fc.record({ seed: fc.nat(4), sizeBytes: sizes, text: fc.boolean() }), {
      maxLength: 8,
    })
    await fc.assert(
      fc.asyncProperty(some, async (made) => {
        const { files, user } = folder()
        const contents = made.map(({ seed, sizeBytes, text }) =>
          (text ? textOf : bytesOf)(`seed ${seed}`, sizeBytes),
        )
        contents.forEach((bytes, at) => user.write(`file ${at}`, bytes))
        const vault = new MemoryVault(threads)
        const read = await vault.store(
          files,
          contents.map((_, at) => `file ${at}`),
        )
        const back = await vault.fetch().read(read)
        back.forEach((bytes, at) => expect(Buffer.compare(bytes!, contents[at]!)).toBe(0))
      }),
      { numRuns: 8 },
    )
  })
})
