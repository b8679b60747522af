import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeAead } from './aead-node.ts'
import { sodiumAead } from './aead-sodium.ts'
import { codeOf, flipped, overlong, truncations } from './bytes-mutations.vectors.ts'
import { concat, equal } from './bytes.ts'
import { containerEpoch, containerSalt } from './container-front.ts'
import { openCells, openContainer, sealContainer, sealInPlace } from './container.ts'
import { systemRandom } from './random.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import {
  cellBytes,
  cellPlainBytes,
  cellRange,
  containerFrontBytes,
  isReachableSize,
  packBytesAlone,
  plainCapacity,
  storedBytesFor,
} from './sizes.ts'

const random = seededRandom('container test')
const place = { type: 'pack' as const, key: random.bytes(32), binding: random.bytes(32) }
const epoch = 12

function seal(plain: Uint8Array[], storedBytes: number) {
  return sealContainer({ ...place, epoch, salt: systemRandom.bytes(32), plain, storedBytes })
}

function codeOfOpening(bytes: Uint8Array): string {
  return codeOf(() => openContainer({ ...place, bytes }))
}

// Around the ends of cells, where mistakes live, and anywhere else.
const aroundCells = fc
  .constantFrom(1, 2, 3)
  .chain((cells) => fc.integer({ min: cells * cellPlainBytes - 20, max: cells * cellPlainBytes + 20 }))
const plainSizes = fc.oneof(fc.integer({ min: 1, max: 3000 }), aroundCells)

describe('a container', () => {
  test('gives back what was sealed, then zeros, whatever pieces it came in and whichever back end', () => {
    const backEnds = fc.constantFrom(nodeAead, sodiumAead)
    fc.assert(
      fc.property(
        plainSizes,
        fc.nat(200_000),
        fc.tuple(backEnds, backEnds),
        (plainBytes, cut, [sealer, opener]) => {
          const plain = systemRandom.bytes(plainBytes)
          const storedBytes = packBytesAlone(plainBytes)
          const salt = systemRandom.bytes(32)
          const pieces = [plain.subarray(0, cut), plain.subarray(cut)]
          const bytes = sealContainer({ ...place, epoch, salt, plain: pieces, storedBytes, aead: sealer })
          expect(bytes.length).toBe(storedBytes)
          const opened = openContainer({ ...place, bytes, aead: opener })
          expect(opened.epoch).toBe(epoch)
          expect(opened.plain.length).toBe(plainCapacity(storedBytes))
          expect(equal(opened.plain.subarray(0, plainBytes), plain)).toBe(true)
          expect(opened.plain.subarray(plainBytes).every((byte) => byte === 0)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('has exactly the size that its plaintext needs, where no padding is asked for', () => {
    fc.assert(
      fc.property(plainSizes, (plainBytes) => {
        const plain = new Uint8Array(plainBytes).fill(7)
        const bytes = seal([plain], storedBytesFor(plainBytes))
        expect(equal(openContainer({ ...place, bytes }).plain, plain)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  test('names its epoch and salt in front', () => {
    const salt = random.bytes(32)
    const bytes = sealContainer({ ...place, epoch, salt, plain: [new Uint8Array(1)], storedBytes: 4096 })
    expect(containerEpoch(bytes, 'pack')).toBe(epoch)
    expect(containerSalt(bytes)).toEqual(salt)
    expect(codeOf(() => containerEpoch(bytes, 'payload'))).toBe('malformed')
  })

  test('does not open at any truncation, with any bit flipped, or with bytes behind', () => {
    const small = seal([random.bytes(100)], storedBytesFor(100))
    for (const cut of truncations(small)) expect(['malformed', 'seal-broken']).toContain(codeOfOpening(cut))
    fc.assert(
      fc.property(fc.oneof(flipped(small), overlong(small), fc.uint8Array({ maxLength: 300 })), (bytes) => {
        expect(['malformed', 'seal-broken', 'version-unknown']).toContain(codeOfOpening(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  test('of several cells does not open at any truncation around their ends, or any size that it could have', () => {
    const large = seal([random.bytes(2 * cellPlainBytes + 50)], storedBytesFor(2 * cellPlainBytes + 50))
    const ends = [0, 1, 2].map((cells) => containerFrontBytes + cells * cellBytes)
    for (const end of [...ends, large.length - 1])
      for (let length = Math.max(0, end - 18); length <= end + 18 && length < large.length; length++) {
        const code = codeOfOpening(large.subarray(0, length))
        expect(code).toBe(isReachableSize(length) ? 'seal-broken' : 'malformed')
      }
  })

  test('does not open with cells exchanged with those of another container of the same key', () => {
    const size = storedBytesFor(3 * cellPlainBytes)
    const [a, b] = [seal([new Uint8Array(10)], size), seal([new Uint8Array(10)], size)]
    for (const cell of [0, 1, 2]) {
      const spliced = a.slice()
      const start = containerFrontBytes + cell * cellBytes
      spliced.set(b.subarray(start, start + cellBytes), start)
      expect(codeOfOpening(spliced)).toBe('seal-broken')
    }
    const otherFront = concat([b.subarray(0, containerFrontBytes), a.subarray(containerFrontBytes)])
    expect(codeOfOpening(otherFront)).toBe('seal-broken')
  })

  test('is refused where it cannot be sealed', () => {
    const sealing = (change: object) =>
      codeOf(() =>
        sealContainer({
          ...place,
          epoch,
          salt: new Uint8Array(32),
          plain: [new Uint8Array(1)],
          storedBytes: 4096,
          ...change,
        }),
      )
    expect(sealing({ plain: [] })).toBe('limit')
    expect(sealing({ plain: [new Uint8Array(4003)] })).toBe('limit')
    expect(sealing({ storedBytes: containerFrontBytes + 16 })).toBe('limit')
    expect(sealing({ storedBytes: containerFrontBytes + cellBytes + 16 })).toBe('limit')
    expect(sealing({ salt: new Uint8Array(31) })).toBe('malformed')
    expect(sealing({ key: new Uint8Array(31) })).toBe('malformed')
    expect(sealing({ binding: new Uint8Array(33) })).toBe('malformed')
    expect(sealing({ epoch: 2 ** 53 })).toBe('limit')
    expect(sealing({})).toBe('none')
  })
})

describe('sealing in place', () => {
  test('gives the same container, however much of it is content', () => {
    const salt = random.bytes(32)
    for (const storedBytes of [
      packBytesAlone(1),
      packBytesAlone(70_000),
      storedBytesFor(3 * cellPlainBytes + 1000),
    ])
      for (const plainBytes of [1, 5, plainCapacity(storedBytes) - 1, plainCapacity(storedBytes)])
        for (const aead of [nodeAead, sodiumAead]) {
          const plain = random.bytes(plainBytes)
          const options = { ...place, epoch, salt, aead }
          const room = random.bytes(storedBytes)
          room.set(plain)
          const sealed = sealInPlace({ ...options, room, plainBytes })
          expect(sealed.buffer).toBe(room.buffer)
          expect(equal(sealed, sealContainer({ ...options, plain: [plain], storedBytes }))).toBe(true)
        }
  })

  test('refuses what does not fit, and touches nothing then', () => {
    const room = random.bytes(packBytesAlone(1000))
    const before = room.slice()
    for (const plainBytes of [0, plainCapacity(room.length) + 1])
      expect(codeOf(() => sealInPlace({ ...place, epoch, salt: random.bytes(32), room, plainBytes }))).toBe(
        'limit',
      )
    expect(equal(room, before)).toBe(true)
  })
})

describe('a partial read', () => {
  const plain = random.bytes(3 * cellPlainBytes + 1000)
  const bytes = seal([plain], storedBytesFor(plain.length))
  const front = bytes.subarray(0, containerFrontBytes)
  const asked = { ...place, epoch, front, packBytes: bytes.length }

  test('gives the bytes that were asked for, from any aligned run of cells', () => {
    const ranges = fc
      .nat(plain.length - 1)
      .chain((offset) => fc.tuple(fc.constant(offset), fc.integer({ min: 1, max: plain.length - offset })))
    fc.assert(
      fc.property(ranges, ([offset, length]) => {
        const range = cellRange({ packBytes: bytes.length, offset, length })
        const cells = bytes.subarray(range.offset, range.offset + range.length)
        const opened = openCells({ ...asked, cells, firstCell: range.firstCell })
        const wanted = plain.subarray(offset, offset + length)
        expect(equal(opened.subarray(range.skip, range.skip + length), wanted)).toBe(true)
        const own = concat([Uint8Array.of(1, 2, 3), cells])
        const there = own.subarray(3)
        for (const aead of [nodeAead, sodiumAead]) {
          there.set(cells)
          const inPlace = openCells({
            ...asked,
            cells: there,
            firstCell: range.firstCell,
            aead,
            inPlace: true,
          })
          expect([inPlace.buffer, inPlace.byteOffset]).toEqual([own.buffer, 3])
          expect(equal(inPlace, opened)).toBe(true)
        }
        expect([...own.subarray(0, 3)]).toEqual([1, 2, 3])
      }),
      { numRuns: 60 },
    )
  })

  test('does not open other cells than those asked for, nor cut or altered ones', () => {
    const cell = (n: number) =>
      bytes.subarray(containerFrontBytes + n * cellBytes, containerFrontBytes + (n + 1) * cellBytes)
    const code = (change: object) =>
      codeOf(() => openCells({ ...asked, cells: cell(1), firstCell: 1, ...change }))
    expect(code({})).toBe('none')
    expect(code({ firstCell: 0 })).toBe('seal-broken')
    expect(code({ firstCell: 2 })).toBe('seal-broken')
    expect(code({ cells: cell(3), firstCell: 3 })).toBe('none')
    expect(code({ cells: cell(3), firstCell: 2 })).toBe('malformed')
    expect(code({ cells: cell(1), firstCell: 3 })).toBe('malformed')
    expect(code({ cells: cell(1).subarray(1) })).toBe('malformed')
    expect(code({ cells: new Uint8Array(0) })).toBe('malformed')
    expect(code({ firstCell: -1 })).toBe('malformed')
    expect(code({ firstCell: 0.5 })).toBe('malformed')
    expect(code({ epoch: epoch + 1 })).toBe('seal-broken')
    expect(code({ packBytes: containerFrontBytes + 2 * cellBytes })).toBe('seal-broken')
    expect(code({ packBytes: containerFrontBytes + 5 })).toBe('malformed')
    expect(code({ front: front.subarray(1) })).toBe('malformed')
    const altered = cell(1).slice()
    altered[cellBytes - 1]! ^= 1
    expect(code({ cells: altered })).toBe('seal-broken')
    // Nothing of it can be read then.
    expect(code({ cells: altered, inPlace: true })).toBe('seal-broken')
    expect(altered.subarray(0, cellPlainBytes).every((byte) => byte === 0)).toBe(true)
  })
})

test('a fresh salt for each sealing leaves no two containers under one key', () => {
  const salts = new Set<string>()
  for (let i = 0; i < 20_000; i++) salts.add(Buffer.from(systemRandom.bytes(32)).toString('hex'))
  expect(salts.size).toBe(20_000)
  const [a, b] = [seal([new Uint8Array(8)], 4096), seal([new Uint8Array(8)], 4096)]
  expect(equal(a.subarray(14), b.subarray(14))).toBe(false)
})
