// What every upload checks, wherever it writes to: the announced size while bytes come, the name when they are all there.
import { createHash } from 'node:crypto'
import { toHex } from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import type { PackArrival, PackUpload } from './pack-store.ts'

/** Where an upload's bytes go. Calls come one after the other; after `publish` or `discard` none comes any more. */
export interface PackSink {
  write(...pieces: readonly Uint8Array[]): Promise<void>
  /** Makes the pack readable and durable. */
  publish(): Promise<void>
  discard(): Promise<void>
}

/** @see PackUpload */
export class CheckedUpload implements PackUpload {
  readonly #arrival: PackArrival
  readonly #sink: PackSink
  readonly #hash = createHash('sha256')
  #over = false
  receivedBytes = 0

  constructor(arrival: PackArrival, sink: PackSink) {
    this.#arrival = arrival
    this.#sink = sink
  }

  async write(...pieces: readonly Uint8Array[]): Promise<void> {
    this.#check()
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    if (this.receivedBytes + bytes > this.#arrival.sizeBytes) throw this.#wrong('pack-size')
    this.receivedBytes += bytes
    for (const piece of pieces) this.#hash.update(piece)
    await this.#sink.write(...pieces)
  }

  async finish(): Promise<void> {
    this.#check()
    this.#over = true
    const name = this.#hash.digest()
    if (this.receivedBytes !== this.#arrival.sizeBytes || !name.equals(this.#arrival.pack)) {
      await this.#sink.discard()
      throw this.#wrong(this.receivedBytes === this.#arrival.sizeBytes ? 'pack-wrong' : 'pack-size')
    }
    await this.#sink.publish()
  }

  async abort(): Promise<void> {
    if (this.#over) return
    this.#over = true
    await this.#sink.discard()
  }

  #check(): void {
    if (this.#over) throw new RelayError('store-closed', 'the upload is over')
  }

  #wrong(code: 'pack-size' | 'pack-wrong'): RelayError {
    const { pack, sizeBytes } = this.#arrival
    return new RelayError(code, 'the bytes of a pack are not those announced', {
      data: { pack: toHex(pack), sizeBytes, receivedBytes: this.receivedBytes },
    })
  }
}
