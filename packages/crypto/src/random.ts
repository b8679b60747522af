// Where random bytes come from. An interface, so that the simulation can own it; the real one is the operating system's.
import { randomBytes } from 'node:crypto'

/** A source of random bytes. */
export interface Random {
  /** `count` bytes that nobody can guess (in the simulation: that the seed fixes). */
  bytes(count: number): Uint8Array
}

/** The operating system's generator. */
export const systemRandom: Random = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
}
