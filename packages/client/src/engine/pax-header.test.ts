import { describe, expect, test } from 'vitest'
import { extract, pack } from 'tar-stream'
import { paxHeader, type PaxRecord } from './pax-header.ts'

/** The header that a reader sees for a file with these records. */
async function read(records: readonly PaxRecord[]): Promise<{ name: string; mtime: number }> {
  const tar = pack()
  tar.push(paxHeader(records))
  tar.entry({ name: 'plain', size: 3 }, 'abc')
  tar.finalize()
  const seen: { name: string; mtime: number }[] = []
  const reader = extract()
  reader.on('entry', ({ name, mtime }, stream, next) => {
    seen.push({ name, mtime: mtime.getTime() })
    stream.resume()
    next()
  })
  await new Promise((resolve, reject) => {
    reader.on('finish', () => resolve(undefined))
    reader.on('error', reject)
    tar.pipe(reader)
  })
  return seen[0] ?? { name: 'nothing', mtime: 0 }
}

describe('a pax header', () => {
  test('gives the entry behind it its name', async () => {
    for (const length of [1, 80, 93, 94, 95, 96, 99, 100, 101, 254, 990, 995, 1000]) {
      const name = 'é'.repeat(length)
      expect((await read([['path', name]])).name).toBe(name)
    }
  })

  test('keeps bytes that are no text', () => {
    const bytes = Buffer.from(paxHeader([['path', Uint8Array.of(0x61, 0xff, 0xfe)]]))
    expect(bytes.length).toBe(1024)
    expect(bytes.includes(Buffer.from([0x61, 0xff, 0xfe, 0x0a]))).toBe(true)
    expect(bytes.subarray(512, 524).toString('latin1')).toBe('12 path=a\u00ff\u00fe\n')
  })

  test('is whole blocks, however long its records are', () => {
    for (let length = 480; length < 530; length += 1)
      expect(paxHeader([['path', 'x'.repeat(length)]]).length % 512).toBe(0)
  })
})
