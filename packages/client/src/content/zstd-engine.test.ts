import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compressInto } from './zstd-engine.ts'

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
