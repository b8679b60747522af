import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { stagingDirectory } from './file-system.ts'
import { RealDirectories } from './real-directory.ts'
import { RealFlush } from './real-flush.ts'
import { writerOn } from './real-io.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-flush-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

/** A folder with staged files, and a flush of it; `before` is called before each file. */
function flushing(before: () => Promise<void> = () => Promise.resolve()) {
  const root = fs.mkdtempSync(join(base, 'f-'))
  fs.mkdirSync(join(root, stagingDirectory), { recursive: true })
  const flushed: string[] = []
  const flush = new RealFlush(new RealDirectories(root), async (fd) => {
    const { ino } = fs.fstatSync(fd)
    await before()
    const names = fs.readdirSync(join(root, stagingDirectory))
    flushed.push(...names.filter((name) => fs.statSync(join(root, stagingDirectory, name)).ino === ino))
  })
  const staged = (name: string): void => {
    fs.writeFileSync(join(root, stagingDirectory, name), name)
    flush.staged(name)
  }
  return { root, flush, flushed, staged }
}

describe('a flush', () => {
  it('is of each file once', async () => {
    const { flush, flushed, staged } = flushing()
    for (const name of ['a', 'b']) staged(name)
    await flush.run([])
    await flush.run([])
    expect(flushed.sort()).toEqual(['a', 'b'])
  })

  it('is of what is finished once more', async () => {
    const { flush, flushed, staged } = flushing()
    staged('a')
    await flush.run([])
    flush.changed({ do: 'finish-staged', name: 'a', mode: 0o600, mtimeNs: 0n })
    await flush.run([])
    expect(flushed).toEqual(['a', 'a'])
  })

  it('that failed with a staged file is told to whoever flushes after it, until the file is written anew or goes', async () => {
    let fails = true
    const { flush, flushed, staged } = flushing(() =>
      fails ? Promise.reject(new Error('EIO')) : Promise.resolve(),
    )
    staged('a')
    staged('b')
    await expect(flush.run([])).rejects.toThrow('EIO')
    // The system has said it once.
    fails = false
    await expect(flush.run([])).rejects.toThrow('EIO')
    flush.changed({ do: 'drop-staged', name: 'a' })
    await expect(flush.run([])).rejects.toThrow('EIO')
    staged('b')
    flushed.splice(0)
    await flush.run([])
    expect(flushed).toEqual(['b'])
  })

  it('is told what another one that went on beside it was told of the same file', async () => {
    const gate = Promise.withResolvers<undefined>()
    const begun = Promise.withResolvers<undefined>()
    let count = 0
    const { flush, staged } = flushing(async () => {
      count += 1
      if (count === 1) {
        begun.resolve(undefined)
        await gate.promise
      } else if (count === 2) throw new Error('EIO')
    })
    staged('a')
    const slow = flush.run([])
    await begun.promise
    await expect(flush.run([])).rejects.toThrow('EIO')
    gate.resolve(undefined)
    await expect(slow).rejects.toThrow('EIO')
  })

  it('forgets one that failed when somebody took the file away', async () => {
    let fails = true
    const { root, flush, staged } = flushing(() =>
      fails ? Promise.reject(new Error('EIO')) : Promise.resolve(),
    )
    staged('a')
    await expect(flush.run([])).rejects.toThrow('EIO')
    fails = false
    fs.rmSync(join(root, stagingDirectory, 'a'))
    await flush.run([])
  })

  it('that goes on beside another knows of all that it is asked for, and forgets nothing that was written since', async () => {
    const gate = Promise.withResolvers<undefined>()
    const begun = Promise.withResolvers<undefined>()
    let first = true
    const { flush, flushed, staged } = flushing(async () => {
      if (!first) return
      first = false
      begun.resolve(undefined)
      await gate.promise
    })
    staged('a')
    const slow = flush.run([])
    await begun.promise
    // Nobody may take it for durable before it is.
    await flush.run([])
    expect(flushed).toEqual(['a'])
    staged('a')
    gate.resolve(undefined)
    await slow
    await flush.run([])
    expect(flushed).toEqual(['a', 'a', 'a'])
  })
})

it('a writer says when its file is closed, and not before', async () => {
  for (const end of ['close', 'finish'] as const) {
    let closed = 0
    const fd = fs.openSync(join(base, end), 'w')
    const writer = writerOn(fd, end, { closed: () => (closed += 1) })
    await writer.write(0, new Uint8Array(10))
    expect(closed).toBe(0)
    await (end === 'close' ? writer.close() : writer.finish({ mode: 0o600, mtimeNs: 0n }))
    expect(closed).toBe(1)
  }
})
