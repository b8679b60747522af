// How a sample becomes hostile: changes to its bytes, and, where it is CBOR, changes to the value that keep it one. A seed fixes all of it.
import { decodeCbor, encodeCbor, type CborValue } from '@grenier/crypto'
import type { Seeded } from '../simulation/seeded.ts'

/** Where else values may come from: numbers at limits, lengths of keys, things of another type. */
const scalars: readonly ((random: Seeded) => CborValue)[] = [
  () => 0,
  () => -1,
  () => Number.MAX_SAFE_INTEGER,
  () => 2n ** 64n - 1n,
  () => -(2n ** 63n),
  (random) => random.below(300),
  (random) => 2 ** random.below(53),
  () => '',
  () => '../..',
  () => 'x'.repeat(300),
  () => null,
  () => true,
  () => [],
  () => ({}),
  () => new Uint8Array(0),
  (random) => random.bytes(random.pick([1, 31, 32, 33, 64, 1200, 1216, 5000])),
  (random) => deep(random.below(60)),
]

function deep(levels: number): CborValue {
  let value: CborValue = 0
  for (let level = 0; level < levels; level += 1) value = [value]
  return value
}

/** One to four changes to the bytes of a sample; others of the same kind may lend it parts. Never the sample itself. */
export function mutated(random: Seeded, sample: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  for (;;) {
    let bytes = random.chance(0.4) ? (structured(random, sample) ?? sample) : sample
    if (bytes === sample || random.chance(0.2))
      for (let times = 1 + random.below(3); times > 0; times -= 1) bytes = edited(random, bytes, others)
    if (Buffer.compare(bytes, sample) !== 0) return bytes
  }
}

/** The sample with one to three places of its value changed; undefined where it is no CBOR, or what comes of it has no encoding. */
export function structured(random: Seeded, sample: Uint8Array): Uint8Array | undefined {
  try {
    let value = decodeCbor(sample, { maxBytes: sample.length })
    for (let times = 1 + random.below(3); times > 0; times -= 1) value = changed(random, value)
    return encodeCbor(value as CborValue)
  } catch {
    return undefined
  }
}

function changed(random: Seeded, value: unknown): unknown {
  if (value instanceof Uint8Array) return inside(random, value)
  if (Array.isArray(value)) return random.chance(0.75) ? inList(random, value) : inner(random, value)
  if (typeof value === 'object' && value !== null) return inMap(random, value as Record<string, unknown>)
  return random.pick(scalars)(random)
}

/** Bytes often hold CBOR, or a key. */
function inside(random: Seeded, bytes: Uint8Array): unknown {
  if (random.chance(0.5)) {
    const deeper = structured(random, bytes)
    if (deeper !== undefined) return deeper
  }
  return random.chance(0.7) && bytes.length > 0 ? edited(random, bytes, []) : random.pick(scalars)(random)
}

function inner(random: Seeded, list: readonly unknown[]): unknown {
  return list.length === 0 ? random.pick(scalars)(random) : random.pick(list)
}

function inList(random: Seeded, list: readonly unknown[]): unknown[] {
  const copy = [...list]
  const at = random.below(copy.length + 1)
  const other = random.below(copy.length + 1)
  switch (random.below(6)) {
    case 0:
      copy.splice(at, 1)
      break
    case 1:
      copy.splice(at, 0, random.pick(scalars)(random))
      break
    case 2:
      if (at < copy.length) copy.splice(other, 0, copy[at])
      break
    case 3:
      if (at < copy.length && other < copy.length) [copy[at], copy[other]] = [copy[other], copy[at]]
      break
    default:
      if (at < copy.length) copy[at] = changed(random, copy[at])
  }
  return copy
}

function inMap(random: Seeded, map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy = { ...map }
  const keys = Object.keys(copy)
  const key = keys.length === 0 ? 'x' : random.pick(keys)
  switch (random.below(7)) {
    case 0:
      Reflect.deleteProperty(copy, key)
      break
    case 1:
      copy[random.pick(['x', '__proto__x', 'constructor', 'toString', 'kind'])] = random.pick(scalars)(random)
      break
    case 2:
      copy[key] = copy[random.pick(keys.length === 0 ? ['x'] : keys)] ?? 0
      break
    default:
      copy[key] = changed(random, copy[key])
  }
  return copy
}

/** Bytes with one change: a bit, a byte, a piece taken out, put in, doubled, cut off, or of somebody else's. */
export function edited(random: Seeded, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  const count = 1 + random.below(random.chance(0.8) ? 9 : 400)
  switch (random.below(8)) {
    case 0:
      return before
    case 1:
      return Buffer.concat([before, after.subarray(count)])
    case 2:
      return Buffer.concat([before, random.bytes(count), after])
    case 3:
      return Buffer.concat([before, after.subarray(0, count), after])
    case 4: {
      const other = others.length === 0 ? bytes : random.pick(others)
      return Buffer.concat([before, other.subarray(random.below(other.length + 1))])
    }
    case 5:
      return Buffer.concat([before, random.bytes(1), after.subarray(1)])
    default:
      return Buffer.concat([
        before,
        Uint8Array.of((after[0] ?? 0) ^ (1 << random.below(8))),
        after.subarray(1),
      ])
  }
}

/** Text with characters changed. */
export function editedText(random: Seeded, text: string): string {
  const at = random.below(text.length + 1)
  const piece = random.pick([
    '#',
    '&',
    '=',
    ' ',
    '\u0000',
    'é',
    '%',
    '/',
    '..',
    'invite=',
    'wss://',
    'x'.repeat(600),
  ])
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random.below(5))
    case 2:
      return text.slice(0, at) + piece + text.slice(at)
    default:
      return text.slice(0, at) + String.fromCharCode(random.below(128)) + text.slice(at + 1)
  }
}
