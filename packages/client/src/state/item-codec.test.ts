import { decodeCbor } from '@grenier/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ItemReader, ItemWriter, ShortItem } from './item-codec.ts'

const any64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -300n, max: 70000n }),
)

describe('items', () => {
  it('read back as they were written, whatever their size', () => {
    const uint = fc.oneof(
      fc.maxSafeNat(),
      fc.nat(300),
      fc.constantFrom(23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(uint, any64, fc.bigInt(), fc.uint8Array({ maxLength: 300 }))), (all) => {
        const writer = new ItemWriter(1)
        for (const [number, int, wide, bytes] of all) {
          writer.uint(number)
          writer.int(int)
          writer.wide(wide)
          writer.bytes(bytes)
          writer.array(number)
        }
        const reader = new ItemReader(writer.take())
        for (const [number, int, wide, bytes] of all) {
          expect(reader.uint()).toBe(number)
          expect(reader.int()).toBe(int)
          expect(reader.wide()).toBe(wide)
          expect(reader.bytes()).toEqual(bytes)
          expect(reader.nextIsArray).toBe(true)
          expect(reader.array()).toBe(number)
        }
        expect(reader.atEnd).toBe(true)
        expect(writer.length).toBe(0)
      }),
    )
  })

  it('are the CBOR that every library reads', () => {
    fc.assert(
      fc.property(any64, fc.uint8Array({ maxLength: 70 }), (int, bytes) => {
        const writer = new ItemWriter()
        writer.array(3)
        writer.int(int)
        writer.bytes(bytes)
        writer.array(0)
        const [first, second, third] = decodeCbor(writer.take(), { maxBytes: 1000 }) as [
          number | bigint,
          Uint8Array,
          [],
        ]
        expect(BigInt(first)).toBe(int)
        expect(new Uint8Array(second)).toEqual(bytes)
        expect(third).toEqual([])
      }),
    )
  })

  it.each([
    ['an integer in two bytes that fits one', [0x18, 23]],
    ['an integer in three bytes that fits two', [0x19, 0, 255]],
    ['an integer in five bytes that fits three', [0x1a, 0, 0, 255, 255]],
    ['an integer in nine bytes that fits five', [0x1b, 0, 0, 0, 0, 255, 255, 255, 255]],
    ['an integer beyond what is safe', [0x1b, 255, 255, 255, 255, 255, 255, 255, 255]],
    ['an indefinite length', [0x1f]],
    ['a text', [0x61, 0x61]],
  ])('are refused: %s', (_, bytes) => {
    expect(() => new ItemReader(Uint8Array.from(bytes)).uint()).toThrow(
      expect.objectContaining({ code: 'state-broken' }),
    )
  })

  it.each([[[]], [[0x19, 1]], [[0x1b, 1, 2]]])('ask for more bytes when they end early: %j', (bytes) => {
    expect(() => new ItemReader(Uint8Array.from(bytes)).uint()).toThrow(ShortItem)
    expect(() => new ItemReader(Uint8Array.from([0x42, 1])).bytes()).toThrow(ShortItem)
  })

  it('take no integer beyond 64 bits', () => {
    expect(() => new ItemWriter().int(2n ** 64n)).toThrow(expect.objectContaining({ code: 'state-broken' }))
  })
})
