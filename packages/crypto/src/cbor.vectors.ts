// Frozen vectors of our CBOR and of the size rule: what is in vectors/cbor.json and vectors/sizes.json.
import { toHex } from './bytes.ts'
import { encodeCbor, type CborValue } from './cbor.ts'
import {
  packBytesAlone,
  packBytesMax,
  packBytesShort,
  packPlainBytesMax,
  padme,
  payloadBytes,
  storedBytesFor,
} from './sizes.ts'

/** Values and their names; the encoding is in the file. */
export const cborValues: readonly (readonly [name: string, value: CborValue])[] = [
  ['zero', 0],
  ['23', 23],
  ['24', 24],
  ['255', 255],
  ['256', 256],
  ['65535', 65_535],
  ['65536', 65_536],
  ['2^32 - 1', 2 ** 32 - 1],
  ['2^32', 2 ** 32],
  ['2^53 - 1', Number.MAX_SAFE_INTEGER],
  ['2^53', 2n ** 53n],
  ['2^64 - 1', 2n ** 64n - 1n],
  ['-1', -1],
  ['-(2^53 - 1)', Number.MIN_SAFE_INTEGER],
  ['-2^63', -(2n ** 63n)],
  ['false', false],
  ['true', true],
  ['null', null],
  ['empty text', ''],
  ['text beyond ASCII', 'Éléphant 🐘'],
  ['text with a byte order mark', '\ufeffa'],
  ['text with a replacement character', 'a\ufffdb'],
  ['bytes', Uint8Array.of(0, 255)],
  ['empty array', []],
  ['empty map', {}],
  ['nested', [1, [2, { a: [] }]]],
  ['keys in order of length, then bytes', { b: 1, aa: 2, a: 3, '': 4, é: 5, zz: 6 }],
  [
    'keys that objects inherit',
    Object.fromEntries([
      ['__proto__', 1],
      ['constructor', 2],
    ]),
  ],
]

const refused: readonly (readonly [name: string, hex: string, error?: string])[] = [
  ['nothing', ''],
  ['two values', '0000'],
  ['uint in more bytes than needed', '1817'],
  ['16-bit uint in more bytes than needed', '1900ff'],
  ['32-bit uint in more bytes than needed', '1a0000ffff'],
  ['64-bit uint in more bytes than needed', '1b00000000ffffffff'],
  ['negative in more bytes than needed', '3800'],
  ['text length in more bytes than needed', '780161'],
  ['bytes length in more bytes than needed', '580100'],
  ['array length in more bytes than needed', '980100'],
  ['map length in more bytes than needed', 'b801616100'],
  ['indefinite array', '9f00ff'],
  ['indefinite map', 'bf616100ff'],
  ['indefinite text', '7f6161ff'],
  ['indefinite bytes', '5f4100ff'],
  ['break', 'ff'],
  ['undefined', 'f7'],
  ['simple value', 'e0'],
  ['half float', 'f93c00'],
  ['single float', 'fa3f800000'],
  ['double float', 'fb3ff0000000000000'],
  ['NaN', 'f97e00'],
  ['tag', 'c100'],
  ['big number tag', 'c249010000000000000000'],
  ['reserved additional information', '1c'],
  ['key that is no text', 'a10000'],
  ['duplicate key', 'a2616100616101'],
  ['keys out of order', 'a2616200616100'],
  ['longer key first', 'a262616100616200'],
  ['text that is no UTF-8', '61ff'],
  ['text with an overlong form', '62c080'],
  ['text with a surrogate', '63eda080'],
  ['array that ends early', '8200'],
  ['map that ends early', 'a16161'],
  ['bytes that end early', '4200'],
  ['array of 2^32 - 1', '9affffffff'],
  ['bytes of 2^53', '5b0020000000000000'],
  ['33 levels', `${'81'.repeat(33)}00`, 'limit'],
]

/** All of vectors/cbor.json. */
export function cborVectors() {
  return {
    encodings: cborValues.map(([name, value]) => ({ name, bytes: toHex(encodeCbor(value)) })),
    mustFail: refused.map(([name, bytes, error = 'malformed']) => ({ name, bytes, error })),
  }
}

const plainSizes = [
  1,
  2,
  100,
  930,
  931,
  1000,
  4002,
  4003,
  10_000,
  60_000,
  65_536,
  65_537,
  70_000,
  131_072,
  131_073,
  500_000,
  1_000_000,
  2_097_152,
  3_000_000,
  4_000_000,
  packPlainBytesMax,
]

/** All of vectors/sizes.json. */
export function sizeVectors() {
  const MiB4 = packBytesMax
  return {
    padme: [0, 1, 7, 8, 9, 100, 1023, 1025, 5000, 65_537, 1_000_000, 4_194_305, 2 ** 40 + 1].map((bytes) => ({
      bytes,
      padme: padme(bytes),
    })),
    sizes: plainSizes.map((plainBytes) => ({
      plainBytes,
      needed: storedBytesFor(plainBytes),
      packAlone: packBytesAlone(plainBytes),
      packShortAfter: [0, 1, 10, 31, 100].map((fullPacks) => ({
        fullPacks,
        packShort: packBytesShort(plainBytes, fullPacks * MiB4 + storedBytesFor(plainBytes)),
      })),
      payload: payloadBytes(plainBytes, false),
      payloadBulk: payloadBytes(plainBytes, true),
    })),
  }
}
