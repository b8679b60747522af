// The writer at the borders where a head grows, each against `cborg` and against the head that RFC 8949 §3 gives.
import { encode, rfc8949EncodeOptions } from 'cborg'
import { describe, expect, test } from 'vitest'
import { codeOf } from './bytes-mutations.vectors.ts'
import { toHex } from './bytes.ts'
import { CborText, encodeCounted, type CborValue } from './cbor-writer.ts'

const bytesOf = (value: CborValue): Uint8Array => encodeCounted(value).bytes
const hexOf = (value: CborValue): string => toHex(bytesOf(value))
const measured = (value: unknown): string => toHex(encode(value, rfc8949EncodeOptions))

/** Arguments around each border of a head, with the head of an unsigned integer. */
const heads: readonly [argument: bigint, head: string][] = [
  [0n, '00'],
  [1n, '01'],
  [22n, '16'],
  [23n, '17'],
  [24n, '1818'],
  [25n, '1819'],
  [254n, '18fe'],
  [255n, '18ff'],
  [256n, '190100'],
  [257n, '190101'],
  [65_534n, '19fffe'],
  [65_535n, '19ffff'],
  [65_536n, '1a00010000'],
  [65_537n, '1a00010001'],
  [2n ** 31n - 1n, '1a7fffffff'],
  [2n ** 31n, '1a80000000'],
  [2n ** 32n - 2n, '1afffffffe'],
  [2n ** 32n - 1n, '1affffffff'],
  [2n ** 32n, '1b0000000100000000'],
  [2n ** 32n + 1n, '1b0000000100000001'],
  [2n ** 53n - 2n, '1b001ffffffffffffe'],
  [2n ** 53n - 1n, '1b001fffffffffffff'],
  [2n ** 53n, '1b0020000000000000'],
  [2n ** 53n + 1n, '1b0020000000000001'],
  [2n ** 63n - 1n, '1b7fffffffffffffff'],
  [2n ** 63n, '1b8000000000000000'],
  [2n ** 64n - 2n, '1bfffffffffffffffe'],
  [2n ** 64n - 1n, '1bffffffffffffffff'],
]

/** The same head, of another major type. */
function headAs(major: number, head: string): string {
  const first = (Number.parseInt(head.slice(0, 2), 16) | (major << 5)).toString(16)
  return first.padStart(2, '0') + head.slice(2)
}

/** Lengths that something in memory can have, with their heads. */
const lengths = heads.flatMap(([argument, head]) =>
  argument <= 65_537n ? [[Number(argument), head] as const] : [],
)

describe('the head of', () => {
  test.each(heads)('the integer %d', (argument, head) => {
    expect(hexOf(argument)).toBe(head)
    expect(measured(argument)).toBe(head)
    const number = Number(argument)
    if (Number.isSafeInteger(number)) expect(hexOf(number)).toBe(head)
    else expect(codeOf(() => bytesOf(number))).toBe('malformed')
  })

  test.each(heads)('the integer -1 - %d', (argument, head) => {
    const value = -1n - argument
    expect(hexOf(value)).toBe(headAs(1, head))
    expect(measured(value)).toBe(headAs(1, head))
    const number = Number(value)
    if (Number.isSafeInteger(number)) expect(hexOf(number)).toBe(headAs(1, head))
    else expect(codeOf(() => bytesOf(number))).toBe('malformed')
  })

  test('the integers beyond 64 bits is none', () => {
    for (const value of [2n ** 64n, 2n ** 64n + 1n, -(2n ** 64n) - 1n, 2n ** 70n])
      expect(codeOf(() => bytesOf(value))).toBe('malformed')
    expect(hexOf(-0)).toBe('00')
  })

  test.each(lengths)('%d bytes', (length, head) => {
    const value = new Uint8Array(length).fill(0xa5)
    expect(hexOf(value)).toBe(headAs(2, head) + 'a5'.repeat(length))
    expect(hexOf(value)).toBe(measured(value))
    // A view into something larger is what it shows.
    expect(hexOf(new Uint8Array(length + 9).fill(0xa5, 4, 4 + length).subarray(4, 4 + length))).toBe(
      hexOf(value),
    )
  })

  test.each(lengths)('a text of %d bytes', (length, head) => {
    const plain = 'a'.repeat(length)
    expect(hexOf(plain)).toBe(headAs(3, head) + '61'.repeat(length))
    expect(hexOf(new CborText(Buffer.from(plain)))).toBe(hexOf(plain))
    // As many bytes of fewer characters: of two, three and four bytes each, the last of which is half of a pair in memory.
    for (const [character, width] of [
      ['é', 2],
      ['한', 3],
      ['🌾', 4],
    ] as const) {
      const text = character.repeat(Math.floor(length / width)) + 'a'.repeat(length % width)
      expect(hexOf(text).slice(0, head.length)).toBe(headAs(3, head))
      expect(hexOf(text)).toBe(measured(text))
    }
  })

  test.each(lengths)('an array of %d items', (length, head) => {
    const value = new Array<number>(length).fill(7)
    expect(encodeCounted(value).items).toBe(length + 1)
    expect(hexOf(value)).toBe(headAs(4, head) + '07'.repeat(length))
    expect(hexOf(value)).toBe(measured(value))
  })

  const ofMaps = lengths.filter(([length]) => length !== 65_534 && length !== 65_537)

  test.each(ofMaps)('a map of %d pairs, whatever the order they come in', (length, head) => {
    const keys = Array.from({ length }, (_, at) => at.toString(36))
    const value = Object.fromEntries(keys.map((key) => [key, 7]))
    expect(encodeCounted(value).items).toBe(2 * length + 1)
    expect(hexOf(value).slice(0, head.length)).toBe(headAs(5, head))
    expect(hexOf(value)).toBe(measured(value))
    const turned = Object.fromEntries(keys.toReversed().map((key) => [key, 7]))
    expect(hexOf(turned)).toBe(hexOf(value))
  })
})

describe('keys of maps', () => {
  test.each(lengths)('of %d bytes stand behind all shorter ones', (length, head) => {
    const long = 'a'.repeat(length)
    const value = { [long]: 1, ['z'.repeat(length + 1)]: 2, ['y'.repeat(Math.max(length - 1, 0))]: 3 }
    expect(hexOf(value)).toBe(measured(value))
    expect(hexOf({ [long]: 1 })).toBe(`a1${headAs(3, head)}${'61'.repeat(length)}01`)
  })

  test('go by the bytes of their encodings: not by characters, and not by half pairs', () => {
    const keys = [
      '',
      'z',
      'é',
      'zz',
      '한',
      'zzz',
      '🌾',
      '\uffff',
      'a🌾',
      'zzzz',
      'z'.repeat(23),
      'a'.repeat(24),
      '0',
      '10',
      '9',
    ]
    const value = Object.fromEntries(keys.map((key, at) => [key, at]))
    expect(hexOf(value)).toBe(measured(value))
    expect(hexOf(Object.fromEntries(Object.entries(value).toReversed()))).toBe(hexOf(value))
  })

  test('are the same whether they are known or new, however many there were', () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`key ${at}`, at]))
    expect(hexOf(many)).toBe(measured(many))
    for (const key of ['key 3', 'key 1999', 'k'.repeat(32), 'k'.repeat(33)])
      for (let times = 0; times < 2; times += 1) expect(hexOf({ [key]: 1 })).toBe(measured({ [key]: 1 }))
  })
})

describe('the room that is written in', () => {
  const kept = 64 << 10

  test.each([
    kept - 10,
    kept - 9,
    kept - 4,
    kept - 3,
    kept - 2,
    kept - 1,
    kept,
    kept + 1,
    2 * kept,
    (1 << 20) + 1,
  ])('grows where %d bytes are in front', (front) => {
    const filling = new Uint8Array(front).fill(1)
    for (const next of [
      2 ** 53 - 1,
      true,
      null,
      'text',
      Uint8Array.of(9),
      { key: [1] },
      2n ** 64n - 1n,
      'é'.repeat(kept),
    ]) {
      const value = [filling, next, 5]
      expect(Buffer.compare(bytesOf(value), encode(value, rfc8949EncodeOptions))).toBe(0)
    }
  })

  test('has nothing left of what was refused, or of what was written before', () => {
    const first = bytesOf([1, 'first', Uint8Array.of(1, 2, 3)])
    const copy = first.slice()
    expect(codeOf(() => bytesOf([new Uint8Array(100_000).fill(3), 0.5]))).toBe('malformed')
    expect(codeOf(() => bytesOf({ a: 1, b: '\ud800' }))).toBe('malformed')
    expect(encodeCounted([]).items).toBe(1)
    expect(hexOf([2, { b: 1, a: 2 }])).toBe(measured([2, { b: 1, a: 2 }]))
    expect(first).toEqual(copy)
  })
})
