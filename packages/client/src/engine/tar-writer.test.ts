import { randomBytes } from 'node:crypto'
import { finished } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { expect, test } from 'vitest'
import { tarHeader } from './tar-header.ts'
import { TarWriter } from './tar-writer.ts'

interface Read {
  readonly name: string
  readonly size: number | undefined
  readonly mode: number | undefined
  readonly type: string | null | undefined
  readonly linkname: string | null | undefined
  readonly bytes: Buffer
}

/** What a reader that is not ours finds. */
async function readBack(tar: Buffer): Promise<Read[]> {
  const found: Read[] = []
  const reader = extract()
  reader.on('entry', ({ name, size, mode, type, linkname }, stream, next) => {
    const parts: Buffer[] = []
    stream.on('data', (part) => parts.push(part as Buffer))
    stream.on('end', () => {
      found.push({ name, size, mode, type, linkname, bytes: Buffer.concat(parts) })
      next()
    })
  })
  reader.end(tar)
  await finished(reader)
  return found
}

test('contents of any length come back from a reader that is not ours, and what was given may be used again', async () => {
  const parts: Buffer[] = []
  const tar = new TarWriter((bytes) => {
    parts.push(Buffer.from(bytes))
    return Promise.resolve()
  })
  await tar.add(tarHeader({ type: 'directory', name: 'd/', mode: 0o750 }))
  await tar.add(tarHeader({ type: 'link', name: 'l', mode: 0o777, mtimeSeconds: 5, target: 'd/e' }))
  const contents = [0, 1, 511, 512, 513, 262_143, 262_144, 524_288, 700_001].map((length) =>
    randomBytes(length),
  )
  for (const [at, content] of contents.entries()) {
    await tar.add(tarHeader({ type: 'file', name: `f${at}`, mode: 0o4644, sizeBytes: content.length }))
    const half = Uint8Array.from(content.subarray(0, content.length >> 1))
    await tar.add(half)
    half.fill(0)
    await tar.add(content.subarray(content.length >> 1))
    await tar.pad(content.length)
  }
  await tar.end()
  const whole = Buffer.concat(parts)
  expect(whole.length % 512).toBe(0)
  const [directory, link, ...files] = await readBack(whole)
  expect(directory).toMatchObject({ name: 'd/', type: 'directory', mode: 0o750 })
  expect(link).toMatchObject({ name: 'l', type: 'symlink', linkname: 'd/e' })
  expect(files.map(({ name, mode }) => [name, mode])).toEqual(contents.map((_, at) => [`f${at}`, 0o4644]))
  expect(files.every(({ bytes }, at) => bytes.equals(contents[at] ?? Buffer.alloc(0)))).toBe(true)
})

test('a size beyond eight gibibytes is told', async () => {
  const sizes: (number | undefined)[] = []
  for (const sizeBytes of [0o77777777777, 0o77777777777 + 1, 2 ** 45 + 3]) {
    const reader = extract()
    reader.on('entry', ({ size }) => {
      sizes.push(size)
      reader.destroy()
    })
    reader.on('error', () => undefined)
    const closed = new Promise<void>((resolve) => reader.on('close', () => resolve()))
    reader.write(Buffer.from(tarHeader({ type: 'file', name: 'large', mode: 0o600, sizeBytes })))
    await closed
  }
  expect(sizes).toEqual([0o77777777777, 0o77777777777 + 1, 2 ** 45 + 3])
})

test('a taker that fails ends it', async () => {
  const tar = new TarWriter(() => Promise.reject(new Error('no room')))
  await tar.add(new Uint8Array(512))
  await expect(tar.end()).rejects.toThrow('no room')
})
