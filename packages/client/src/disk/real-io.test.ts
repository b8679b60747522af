import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { earlyFlushBytes } from './early-flush.ts'
import { writerOn } from './real-io.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-io-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

const piece = Buffer.alloc(earlyFlushBytes, 'grenier')

describe('a large file that is written', () => {
  it('is whole, and closed, when its flushes were under way at its end', async () => {
    const path = join(base, 'large')
    const fd = fs.openSync(path, 'wx')
    const writer = writerOn(fd, 'large')
    await writer.write(0, piece)
    await writer.write(piece.length, piece)
    const stamp = await writer.finish({ mode: 0o640, mtimeNs: 1_700_000_000_000_000_000n })
    expect(stamp).toMatchObject({ sizeBytes: 2 * piece.length, mode: 0o640 })
    expect(() => fs.fstatSync(fd)).toThrow('EBADF')
    const written = fs.readFileSync(path)
    expect(written.subarray(0, piece.length).equals(piece)).toBe(true)
    expect(written.subarray(piece.length).equals(piece)).toBe(true)
  })

  it.runIf(process.platform === 'linux')('is refused when a flush of it failed, and closed', async () => {
    // A device that takes everything, and cannot be flushed.
    const fd = fs.openSync('/dev/null', 'w')
    const writer = writerOn(fd, 'large')
    await writer.write(0, piece)
    await expect(writer.close()).rejects.toMatchObject({ name: 'DiskError', code: 'EINVAL' })
    expect(() => fs.fstatSync(fd)).toThrow('EBADF')
  })
})
