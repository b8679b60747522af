// Frozen vectors of containers: what is in vectors/containers.json. Large ones are told by a recipe and the SHA-256 of
// their bytes: `cells` are [number in the nonce, last flag, plaintext bytes], each sealed apart under the derived key.
import { createHash } from 'node:crypto'
import { sealOnce } from './aead.ts'
import { nodeAead } from './aead-node.ts'
import { u64Bytes } from './big-endian.ts'
import { concat, toHex } from './bytes.ts'
import { containerKey, encodePrefix, type ContainerType } from './container-front.ts'
import { sealContainer } from './container.ts'
import { seededRandom } from './seeded-random.vectors.ts'
import { packBytesAlone, packBytesMax, payloadBytes, plainCapacity } from './sizes.ts'
import { boxOfTwoKeys } from './two-keys.vectors.ts'

/** [number in the nonce, last flag, plaintext bytes] */
export type CellRecipe = readonly [cell: number, last: boolean, plainBytes: number]

/** `count` bytes that anybody can make: byte i is i·131 + ⌊i / 256⌋, modulo 256. */
export function pattern(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i * 131 + (i >> 8)) & 0xff)
}

const random = seededRandom('containers')
const key = random.bytes(32)
const binding = random.bytes(32)
const salt = random.bytes(32)
const epoch = 5
const [wrongBinding, wrongKey, secondKey] = [random.bytes(32), random.bytes(32), random.bytes(32)]

/** A container of cells sealed one by one, as no honest program would: front, then the cells of the recipe. */
export function cellsOf(type: ContainerType, recipe: readonly CellRecipe[]): Uint8Array {
  const prefix = encodePrefix(type, epoch, salt)
  const derived = containerKey({ type, key, binding }, prefix)
  const cells = recipe.map(([cell, last, plainBytes]) => {
    const nonce = concat([new Uint8Array(3), u64Bytes(cell), Uint8Array.of(last ? 1 : 0)])
    const sealed = new Uint8Array(plainBytes + 16)
    nodeAead.seal({ key: derived.key, nonce }, pattern(plainBytes), sealed)
    return sealed
  })
  return concat([prefix, derived.commitment, ...cells])
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const hexMax = 4096

/** Small ones in full, large ones by hash. */
function stored(bytes: Uint8Array) {
  return bytes.length <= hexMax
    ? { bytes: toHex(bytes) }
    : { sha256: sha256(bytes), front: toHex(bytes.subarray(0, 78)) }
}

function rightOnes() {
  const cases: [ContainerType, number, number][] = [
    ['payload', 1, payloadBytes(1, false)],
    ['payload', 930, payloadBytes(930, false)],
    ['payload', 931, payloadBytes(931, false)],
    ['payload', 1, payloadBytes(1, true)],
    ['pack', 1, packBytesAlone(1)],
    ['pack', 4003, packBytesAlone(4003)],
    ['pack', 65_536, 65_630],
    ['pack', 65_537, 65_647],
    ['pack', 131_072, packBytesAlone(131_072)],
    ['pack', plainCapacity(packBytesMax), packBytesMax],
  ]
  return cases.map(([type, patternBytes, storedBytes]) => {
    const plain = [pattern(patternBytes)]
    const sealed = sealContainer({ type, key, binding, epoch, salt, plain, storedBytes })
    return { type, patternBytes, storedBytes, ...stored(sealed) }
  })
}

function structural() {
  const recipes: [string, CellRecipe[]][] = [
    ['missing last flag', [[0, false, 1000]]],
    [
      'last flag on a cell that is not the last',
      [
        [0, true, 65_536],
        [1, true, 100],
      ],
    ],
    [
      'cell after the last',
      [
        [0, false, 65_536],
        [1, true, 65_536],
        [2, true, 100],
      ],
    ],
    [
      'short middle cell',
      [
        [0, false, 400],
        [1, true, 400],
      ],
    ],
    [
      'cells exchanged',
      [
        [1, false, 65_536],
        [0, true, 65_536],
      ],
    ],
    [
      'cell left out',
      [
        [0, false, 65_536],
        [2, true, 65_536],
      ],
    ],
    ['counter that does not begin at 0', [[1, true, 1000]]],
  ]
  return recipes.map(([name, cells]) => {
    const bytes = cellsOf('pack', cells)
    return { name, type: 'pack', cells, ...stored(bytes), error: 'seal-broken' }
  })
}

function altered(bytes: Uint8Array, offset: number, to?: number): Uint8Array {
  const copy = bytes.slice()
  copy[offset] = to ?? copy[offset]! ^ 1
  return copy
}

function single() {
  const right = cellsOf('pack', [[0, true, 1000]])
  const payload = cellsOf('payload', [[0, true, 1000]])
  const fail = (name: string, bytes: Uint8Array, error = 'seal-broken') => ({
    name,
    type: 'pack',
    bytes: toHex(bytes),
    error,
  })
  return [
    fail('wrong magic', altered(right, 0), 'malformed'),
    fail('wrong version', altered(right, 4, 2), 'version-unknown'),
    fail('version 0', altered(right, 4, 0), 'version-unknown'),
    fail('a payload where a pack is asked for', payload, 'malformed'),
    fail('a payload that says it is a pack', altered(payload, 5, 1)),
    fail('unknown type', altered(right, 5, 3), 'malformed'),
    fail('epoch above 2^53', altered(right, 6, 1), 'malformed'),
    fail('altered epoch', altered(right, 13)),
    fail('altered salt', altered(right, 14)),
    fail('wrong commitment', altered(right, 46)),
    fail('altered cell', altered(right, 78)),
    fail('altered tag', altered(right, right.length - 1)),
    fail('truncated by a byte', right.subarray(0, -1)),
    fail('a byte more', concat([right, new Uint8Array(1)])),
    fail('empty last cell', right.subarray(0, 78 + 16), 'malformed'),
    fail('front alone', right.subarray(0, 78), 'malformed'),
    fail('nothing', new Uint8Array(0), 'malformed'),
    { ...fail('wrong binding', right), binding: toHex(wrongBinding) },
    { ...fail('wrong key', right), key: toHex(wrongKey) },
  ]
}

/** Threat 10: one cell, sealed so that it opens under the keys of two parents; the container commits to the first. */
function twoKeys() {
  const prefix = encodePrefix('pack', epoch, salt)
  const [a, b] = [key, secondKey].map((parent) =>
    containerKey({ type: 'pack', key: parent, binding }, prefix),
  ) as [ReturnType<typeof containerKey>, ReturnType<typeof containerKey>]
  const cell = boxOfTwoKeys(
    [a.key, b.key],
    new Uint8Array([...new Uint8Array(11), 1]),
    seededRandom('two keys'),
  )
  return {
    secondKey: toHex(secondKey),
    firstDerivedKey: toHex(a.key),
    secondDerivedKey: toHex(b.key),
    cell: toHex(cell),
    bytes: toHex(concat([prefix, a.commitment, cell])),
    error: 'seal-broken',
  }
}

/** All of vectors/containers.json. */
export function containerVectors() {
  return {
    key: toHex(key),
    binding: toHex(binding),
    salt: toHex(salt),
    epoch,
    patternOf300: toHex(pattern(300)),
    containers: rightOnes(),
    mustFail: [...single(), ...structural()],
    twoKeys: twoKeys(),
    // A box of its own, for who writes a decoder from the bottom up: nonce 0, the derived key, the pattern of 64 bytes.
    box: toHex(sealOnce(nodeAead, key, pattern(64))),
  }
}
