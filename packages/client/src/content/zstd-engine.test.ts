import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compressInto, decompressInto } from './zstd-engine.ts'

const level = 3

function text(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => 97 + ((at * at) % 23))
}

function frame(plain: Uint8Array, roomBytes = plain.length + 200): Uint8Array | undefined {
  const out = new Uint8Array(roomBytes + 5)
  const length = compressInto(plain, { out, start: 5, level })
  return length === undefined ? undefined : out.slice(5, 5 + length)
}

describe('a kept zstd context', () => {
  it('gives the very frames of a call that keeps nothing, one after the other', () => {
    for (const bytes of [1, 40, 1024, 300_000, 1 << 20, 17, 4096]) {
      const params = { [constants.ZSTD_c_compressionLevel]: level }
      expect(frame(text(bytes))).toEqual(new Uint8Array(zstdCompressSync(text(bytes), { params })))
    }
  })

  it('gives nothing where a frame does not fit, and whole frames again after that', () => {
    const noise = Uint8Array.from({ length: 5000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24)
    expect(frame(noise, 60)).toBeUndefined()
    expect(frame(noise, 0)).toBeUndefined()
    const packed = frame(noise)
    expect(packed && new Uint8Array(zstdDecompressSync(packed))).toEqual(noise)
  })
})

describe('a kept zstd context that decompresses', () => {
  const windowLogMax = 23
  const plain = (stored: Uint8Array, plainBytes: number): Uint8Array | undefined => {
    const out = new Uint8Array(plainBytes + 1)
    return decompressInto(stored, { out, plainBytes, windowLogMax }) ? out.slice(0, plainBytes) : undefined
  }

  it('gives what was compressed, one after the other', () => {
    for (const bytes of [1, 40, 1024, 300_000, 17, 4096])
      expect(plain(new Uint8Array(zstdCompressSync(text(bytes))), bytes)).toEqual(text(bytes))
  })

  it('gives nothing where it is not one frame of this length, and whole chunks again after that', () => {
    const good = new Uint8Array(zstdCompressSync(text(1000)))
    const bad = [
      good.slice(0, -1),
      good.slice(0, 20),
      new Uint8Array([...good, 0]),
      new Uint8Array([...good, ...good]),
      new Uint8Array(30),
      new Uint8Array(0),
    ]
    for (const stored of bad) {
      expect(plain(stored, 1000)).toBeUndefined()
      expect(plain(good, 1000)).toEqual(text(1000))
    }
    for (const bytes of [999, 1001, 500, 2000]) {
      expect(plain(good, bytes)).toBeUndefined()
      expect(plain(good, 1000)).toEqual(text(1000))
    }
  })
})
