// A generator that a seed fixes, for the frozen vectors and nothing else.
import { u64Bytes } from './big-endian.ts'
import { concat } from './bytes.ts'
import { hash } from './hash.ts'
import type { Random } from './random.ts'

/** BLAKE2b-256(label ‖ NUL ‖ seed ‖ NUL ‖ counter), block after block; each call begins at a new block. */
export function seededRandom(seed: string): Random {
  let counter = 0
  const prefix = new TextEncoder().encode(`${seed}\0`)
  return {
    bytes(count) {
      const blocks: Uint8Array[] = []
      for (let made = 0; made < count; made += 32)
        blocks.push(hash('grenier/v1/test-random', prefix, u64Bytes(counter++)))
      return concat(blocks).slice(0, count)
    },
  }
}
