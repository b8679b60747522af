// Sums of what was written between two marks of an export, against accidents: Poly1305, which node:crypto has as the AEAD of our format over nothing but
// additional data. It is four times as fast as a CRC-32, and who could make another file with the same sums has their key, and the file.
import { createCipheriv, randomBytes, type CipherChaCha20Poly1305 } from 'node:crypto'
import type { ArchiveSource } from '../archive/archive-file.ts'
import { ClientError } from '../errors.ts'

/** The bytes from the sum before, or from the beginning, up to `tarBytes`. */
export interface MarkSum {
  readonly tarBytes: number
  /** 16 bytes, hex. */
  readonly sum: string
}

const algorithm = 'chacha20-poly1305'

/** A key for the sums of one note, 32 bytes, hex. */
export function newSumKey(): string {
  return randomBytes(32).toString('hex')
}

/** One after the other, from the number of the first one on. */
export class PartSums {
  readonly #key: Buffer
  #number: number
  #running: CipherChaCha20Poly1305 | undefined

  /** @throws TypeError or RangeError for what is no key */
  constructor(key: string, number = 0) {
    this.#key = Buffer.from(key, 'hex')
    this.#number = number
    this.#running = this.#begun()
  }

  add(bytes: Uint8Array): void {
    this.#running ??= this.#begun()
    this.#running.setAAD(bytes, { plaintextLength: 0 })
  }

  /** Of all that was added since the last one. */
  end(): string {
    const running = this.#running ?? this.#begun()
    running.final()
    this.#number += 1
    this.#running = undefined
    return running.getAuthTag().toString('hex')
  }

  #begun(): CipherChaCha20Poly1305 {
    const nonce = Buffer.alloc(12)
    nonce.writeUIntBE(this.#number, 6, 6)
    return createCipheriv(algorithm, this.#key, nonce, { authTagLength: 16 })
  }
}

const readBytes = 1 << 20

interface Noted {
  readonly sums: readonly MarkSum[]
  readonly key: string
  readonly newKey: string
  readonly signal: AbortSignal
}

/** One sum by the new key, number 0, of all that the sums are of; undefined where it is not what they say. @throws ClientError `interrupted`, `disk-failed` */
export async function summedAnew(
  file: ArchiveSource,
  { sums, key, newKey, signal }: Noted,
): Promise<string | undefined> {
  const [noted, anew] = [new PartSums(key), new PartSums(newKey)]
  let at = 0
  for (const { tarBytes, sum } of sums) {
    while (at < tarBytes) {
      if (signal.aborted) throw new ClientError('interrupted', 'stopped')
      const bytes = await file.read(at, Math.min(readBytes, tarBytes - at))
      if (bytes.length === 0) return undefined
      for (const summing of [noted, anew]) summing.add(bytes)
      at += bytes.length
    }
    if (at !== tarBytes || noted.end() !== sum) return undefined
  }
  return anew.end()
}
