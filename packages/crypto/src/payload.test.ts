import fc from 'fast-check'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { u32Bytes } from './big-endian.ts'
import { codeOf, flipped, truncations } from './bytes-mutations.vectors.ts'
import { concat, vaultId } from './bytes.ts'
import { encodeCbor } from './cbor.ts'
import { sealContainer } from './container.ts'
import { payloadPlainBytesMax } from './limits.ts'
import {
  fitsEntry,
  framePayload,
  framePointer,
  joinPayload,
  openPayload,
  sealFrame,
  sealPayload,
  splitPayload,
  type PayloadContent,
} from './payload.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { packPlainBytesMax, payloadBytes } from './sizes.ts'

const random = seededRandom('payload')
const place = { payloadKey: random.bytes(32), binding: vaultId(random.bytes(32)), epoch: 3, random }
const rule = { payloadVersionMax: 1 }
const open = (payload: Uint8Array, versions = rule) => openPayload(payload, { ...place, ...versions })

/** Seals plaintext that no encoder makes. */
function sealRaw(...parts: readonly Uint8Array[]): Uint8Array {
  const plain = concat(parts)
  const storedBytes = payloadBytes(plain.length, false)
  return sealContainer({
    type: 'payload',
    key: place.payloadKey,
    ...place,
    salt: random.bytes(32),
    plain: [plain],
    storedBytes,
  })
}

function bodyOf(content: PayloadContent): Uint8Array {
  if (content.kind !== 'body') throw new TypeError('a pointer where a body was expected')
  return content.body
}

const frameOf = (version: number, codec: number, [plainBytes, storedBytes]: readonly [number, number]) =>
  concat([Uint8Array.of(version, codec), u32Bytes(plainBytes), u32Bytes(storedBytes)])

describe('a payload', () => {
  test('opens to the body that was sealed, whatever its length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), (body, bulk) => {
        expect(bodyOf(open(sealPayload(body, { ...place, bulk })))).toEqual(body)
      }),
    )
  })

  test('is compressed where that helps', () => {
    const body = new Uint8Array(200_000).fill(65)
    const sealed = sealPayload(body, { ...place, bulk: false })
    expect(sealed.length).toBe(1024)
    expect(bodyOf(open(sealed))).toEqual(body)
  })

  test('has dull sizes', () => {
    expect(sealPayload(new Uint8Array(1), { ...place, bulk: false }).length).toBe(1024)
    expect(sealPayload(random.bytes(20_000), { ...place, bulk: true }).length).toBe(32_768)
  })

  test('of a version that the vault does not allow is malformed, of one that is allowed and not known asks for an update', () => {
    const sealed = sealRaw(frameOf(2, 0, [1, 1]), Uint8Array.of(0xf6))
    expect(codeOf(() => open(sealed))).toBe('malformed')
    expect(codeOf(() => open(sealed, { payloadVersionMax: 2 }))).toBe('version-unknown')
    expect(codeOf(() => open(sealRaw(frameOf(0, 0, [1, 1]), Uint8Array.of(0xf6))))).toBe('malformed')
  })

  // Magic, a descriptor without lengths, the window (2^(10 + exponent)), one last raw block of one byte. RFC 8878 §3.1.1.
  const windowed = (exponent: number) =>
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3, 9, 0, 0, 0xf6)

  test('is decompressed with a window of 32 MiB at most', () => {
    const sealed = (exponent: number) => sealRaw(frameOf(1, 1, [1, 10]), windowed(exponent))
    expect(bodyOf(open(sealed(15)))).toEqual(Uint8Array.of(0xf6))
    expect(codeOf(() => open(sealed(16)))).toBe('malformed')
  })

  const zipped = new Uint8Array(zstdCompressSync(new Uint8Array(1000)))
  test.each([
    ['another codec', [frameOf(1, 9, [1, 1]), Uint8Array.of(0)], 'malformed'],
    ['two lengths', [frameOf(1, 0, [2, 1]), Uint8Array.of(0)], 'malformed'],
    ['a length beyond its end', [frameOf(1, 0, [9999, 9999]), Uint8Array.of(0)], 'malformed'],
    ['padding that is not zeros', [frameOf(1, 0, [1, 1]), Uint8Array.of(0, 1)], 'malformed'],
    ['no zstd', [frameOf(1, 1, [100, 4]), Uint8Array.of(1, 2, 3, 4)], 'malformed'],
    ['zstd that is longer than it says', [frameOf(1, 1, [999, zipped.length]), zipped], 'malformed'],
    ['zstd that is shorter than it says', [frameOf(1, 1, [1001, zipped.length]), zipped], 'malformed'],
    ['two frames of zstd', [frameOf(1, 1, [2000, zipped.length * 2]), zipped, zipped], 'malformed'],
    [
      'a frame that is to be skipped before the zstd',
      [
        frameOf(1, 1, [1000, zipped.length + 9]),
        Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7),
        zipped,
      ],
      'malformed',
    ],
    ['a bomb', [frameOf(1, 1, [payloadPlainBytesMax + 1, zipped.length]), zipped], 'limit'],
    ['a pointer that is no map', [frameOf(1, 2, [1, 1]), Uint8Array.of(0)], 'malformed'],
  ] as const)('with %s is refused', (_, parts, code) => {
    expect(codeOf(() => open(sealRaw(...parts)))).toBe(code)
  })

  test('that is cut or altered never opens', () => {
    const sealed = sealPayload(random.bytes(100), { ...place, bulk: false })
    for (const cut of truncations(sealed))
      expect(['malformed', 'seal-broken']).toContain(codeOf(() => open(cut)))
    fc.assert(
      fc.property(flipped(sealed), (bytes) => {
        expect(['malformed', 'seal-broken', 'version-unknown']).toContain(codeOf(() => open(bytes)))
      }),
    )
  })
})

describe('a payload that does not fit its entry', () => {
  const body = random.bytes(packPlainBytesMax + 500)
  const framed = framePayload(body)

  test('lies in packs, which its pointer names', () => {
    expect(fitsEntry(framed, true)).toBe(false)
    expect(codeOf(() => sealFrame(framed, { ...place, bulk: true }))).toBe('limit')
    const pieces = splitPayload(framed)
    expect(pieces.map(({ length }) => length)).toEqual([packPlainBytesMax, framed.length - packPlainBytesMax])
    const content = open(sealFrame(framePointer(framed, [4, 2]), { ...place, bulk: true }))
    if (content.kind !== 'pointer') throw new TypeError('a body where a pointer was expected')
    expect(content.pointer.packs).toEqual([4, 2])
    const padded = [pieces[0]!, concat([pieces[1]!, new Uint8Array(77)])]
    expect(joinPayload(content.pointer, padded, rule)).toEqual(body)
    expect(codeOf(() => joinPayload(content.pointer, [padded[1]!, padded[0]!], rule))).toBe('malformed')
    expect(codeOf(() => joinPayload(content.pointer, [padded[0]!], rule))).toBe('malformed')
    expect(codeOf(() => joinPayload(content.pointer, [...padded, new Uint8Array(1)], rule))).toBe('malformed')
  })

  test('lies in them exactly as its length says', () => {
    const pointTo = (plain: Uint8Array, packs: readonly number[]) => {
      const content = open(sealFrame(framePointer(plain, packs), { ...place, bulk: true }))
      if (content.kind !== 'pointer') throw new TypeError('a body where a pointer was expected')
      return content.pointer
    }
    const [first, last] = splitPayload(framed)
    const two = pointTo(framed, [0, 1])
    const dirty = concat([last!, Uint8Array.of(0, 1)])
    expect(codeOf(() => joinPayload(two, [first!, dirty], rule))).toBe('malformed')
    const early = [first!.subarray(0, 1000), concat([first!.subarray(1000), last!])]
    expect(codeOf(() => joinPayload(two, early, rule))).toBe('malformed')
    const short = concat([frameOf(1, 0, [1, 1]), Uint8Array.of(0xf6, 0)])
    expect(codeOf(() => joinPayload(pointTo(short, [0]), [short], rule))).toBe('malformed')
    expect(joinPayload(pointTo(short.subarray(0, 11), [0]), [short], rule)).toEqual(Uint8Array.of(0xf6))
  })

  test('does not point from packs to more packs', () => {
    const inner = framePointer(framed, [0, 1])
    const content = open(sealFrame(framePointer(inner, [0]), { ...place, bulk: true }))
    if (content.kind !== 'pointer') throw new TypeError('a body where a pointer was expected')
    expect(codeOf(() => joinPayload(content.pointer, [inner], rule))).toBe('malformed')
  })

  test.each([
    ['names a pack twice', { packs: [1, 1], plainBytes: packPlainBytesMax + 1 }],
    ['names too few packs', { packs: [1], plainBytes: packPlainBytesMax + 1 }],
    ['names too many packs', { packs: [1, 2], plainBytes: 10 }],
    ['names none', { packs: [], plainBytes: 10 }],
  ])('is refused when its pointer %s', (_, pointer) => {
    const cbor = encodeCbor({ ...pointer, hash: new Uint8Array(32) })
    expect(codeOf(() => open(sealRaw(frameOf(1, 2, [cbor.length, cbor.length]), cbor)))).toBe('malformed')
  })

  test('above 32 MiB is not made', () => {
    expect(codeOf(() => framePayload(new Uint8Array(payloadPlainBytesMax + 1)))).toBe('limit')
  })
})
