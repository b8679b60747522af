import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { openRealFileSystem } from './file-system-real.ts'
import { memoryGround } from './look.contract.ts'
import { checkMarker, readMarker, writeMarker, type Marker } from './marker.ts'

const base = fs.mkdtempSync(join(tmpdir(), 'grenier-marker-'))
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

const marker = (bytes: Partial<Record<keyof Marker, number>> = {}): Marker => ({
  vault: new Uint8Array(32).fill(bytes.vault ?? 1),
  folder: new Uint8Array(16).fill(bytes.folder ?? 2),
  generation: new Uint8Array(16).fill(bytes.generation ?? 3),
})
const expected = { vault: marker().vault, folder: marker().folder, generations: [marker().generation] }

describe('the marker', () => {
  it('is read as it was written, and written anew over the old one', async () => {
    const root = fs.mkdtempSync(join(base, 'f-'))
    const files = openRealFileSystem(root)
    expect(await readMarker(files)).toBeUndefined()
    await writeMarker(files, marker())
    await writeMarker(files, marker({ generation: 9 }))
    expect(await readMarker(openRealFileSystem(root))).toEqual(marker({ generation: 9 }))
    expect(fs.readdirSync(join(root, '.grenier/staging'))).toEqual([])
  })

  it('says what is wrong with a folder', async () => {
    const { files } = memoryGround()
    expect(await checkMarker(files, expected)).toBe('missing')
    await writeMarker(files, marker())
    expect(await checkMarker(files, expected)).toBe('ok')
    await writeMarker(files, marker({ vault: 7 }))
    expect(await checkMarker(files, expected)).toBe('foreign')
    await writeMarker(files, marker({ folder: 7 }))
    expect(await checkMarker(files, expected)).toBe('foreign')
    await writeMarker(files, marker({ generation: 7 }))
    expect(await checkMarker(files, expected)).toBe('restored')
    const renewing = { ...expected, generations: [marker().generation, marker({ generation: 7 }).generation] }
    expect(await checkMarker(files, renewing)).toBe('ok')
  })

  it('survives a loss of power once it is written, whole', async () => {
    const { files, folder } = memoryGround()
    await writeMarker(files, marker())
    folder.crash((below) => below - 1)
    expect(await readMarker(files)).toEqual(marker())
  })

  it('makes its name durable, and that of the directory that was made for it', async () => {
    const { files } = memoryGround()
    const flushed = vi.spyOn(files, 'flush')
    await writeMarker(files, marker())
    expect(flushed.mock.lastCall?.[0]).toEqual(['', '.grenier'])
  })

  it('is foreign when it is anything else: a link, a directory, other bytes', async () => {
    for (const make of ['link', 'directory', 'text'] as const) {
      const { files, user } = memoryGround()
      user.makeDirectory('.grenier')
      if (make === 'link') user.link('.grenier/marker', '/etc/passwd')
      else if (make === 'directory') user.makeDirectory('.grenier/marker')
      else user.write('.grenier/marker', '{"version":2}')
      expect(await checkMarker(files, expected)).toBe('foreign')
    }
  })

  it('is never taken for a marker when its bytes are arbitrary', async () => {
    const { files, user } = memoryGround()
    await writeMarker(files, marker())
    const good = user.read('.grenier/marker')
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.string({ maxLength: 3 }), async (cut, tail) => {
        user.write('.grenier/marker', good.slice(0, cut) + tail)
        const read = await readMarker(files)
        // Cutting the last line end leaves it whole.
        if (read !== 'foreign') expect(read).toEqual(marker())
      }),
    )
  })
})
