// The attack of threat 10, in full: one ChaCha20-Poly1305 box that opens under two keys ("invisible salamanders",
// Dodis et al. 2018; partitioning oracles, Len et al. 2021). The vectors show that a commitment in front shuts it out.
import { createCipheriv } from 'node:crypto'
import { concat } from './bytes.ts'
import type { Random } from './random.ts'

const p = 2n ** 130n - 5n
const block = 2n ** 128n

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
}

function toBlock(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}

function modulo(value: bigint): bigint {
  return ((value % p) + p) % p
}

function inverse(value: bigint): bigint {
  let [result, base] = [1n, modulo(value)]
  for (let exponent = p - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % p
    base = (base * base) % p
  }
  return result
}

/** r and s of Poly1305 for a key and nonce (RFC 8439 §2.6). */
function oneTimeKey(key: Uint8Array, nonce: Uint8Array): { r: bigint; s: bigint } {
  const stream = createCipheriv('chacha20', key, concat([new Uint8Array(4), nonce])).update(
    new Uint8Array(32),
  )
  const clamp = 0x0ffffffc0ffffffc0ffffffc0fffffffn
  return { r: littleEndian(stream.subarray(0, 16)) & clamp, s: littleEndian(stream.subarray(16)) }
}

/** A box of three blocks and a tag that opens under both keys: two blocks solve the two equations of the tag. */
export function boxOfTwoKeys(
  keys: readonly [Uint8Array, Uint8Array],
  nonce: Uint8Array,
  random: Random,
): Uint8Array {
  const [a, b] = [oneTimeKey(keys[0], nonce), oneTimeKey(keys[1], nonce)]
  const lengths = block + (48n << 64n)
  for (;;) {
    const [first, tag] = [littleEndian(random.bytes(16)), littleEndian(random.bytes(16))]
    // ((first·r + x)·r + y)·r² + lengths·r = tag − s + carry·2^128, for both keys, with x and y as blocks.
    const rest = ({ r, s }: { r: bigint; s: bigint }, carry: bigint) =>
      modulo(
        (modulo(tag - s + (tag < s ? block : 0n)) + carry * block - lengths * r) * inverse(r * r) -
          (first + block) * r * r,
      )
    for (const carries of [0n, 1n, 2n, 5n, 6n, 8n, 10n].map((n) => [n & 3n, n >> 2n] as const)) {
      const [restA, restB] = [rest(a, carries[0]), rest(b, carries[1])]
      const x = modulo((restA - restB) * inverse(a.r - b.r))
      const y = modulo(restA - x * a.r)
      if (x >= block && x < 2n * block && y >= block && y < 2n * block)
        return concat([toBlock(first), toBlock(x - block), toBlock(y - block), toBlock(tag)])
    }
  }
}
