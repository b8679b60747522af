// Writes a POSIX tar to whoever takes bytes: headers and small contents together in one buffer that is used again and again, large pieces as they
// are. What was given is the giver's again when it was taken, so that nothing waits for the collector.
import { blockBytes, paddingBytes } from './tar-header.ts'

/** Takes bytes, which are good until it resolves. Called when the last ones were taken, not before. */
export type TakeBytes = (bytes: Uint8Array) => Promise<void>

/** Bytes that are gathered before they are handed on: hundreds of small files, one call to the system. */
const roomBytes = 512 * 1024
/** Pieces from here on are not copied. */
const largeBytes = roomBytes / 2
const zeros = new Uint8Array(blockBytes)

/** One tar. `end` is its last call. */
export class TarWriter {
  readonly #take: TakeBytes
  readonly #room = new Uint8Array(roomBytes)
  #used = 0
  #addedBytes: number

  /** `fromBytes`: so much of the tar was taken by somebody before. */
  constructor(take: TakeBytes, fromBytes = 0) {
    this.#take = take
    this.#addedBytes = fromBytes
  }

  /** Where the next piece begins in the tar. */
  get addedBytes(): number {
    return this.#addedBytes
  }

  /** Headers, or a piece of a content; the giver's again when it resolves. @throws what the taker fails with */
  async add(bytes: Uint8Array): Promise<void> {
    this.#addedBytes += bytes.length
    if (this.#used + bytes.length > roomBytes || bytes.length >= largeBytes) await this.flush()
    if (bytes.length >= largeBytes) {
      await this.#take(bytes)
      return
    }
    this.#room.set(bytes, this.#used)
    this.#used += bytes.length
  }

  /** After a content: makes whole blocks of it. */
  async pad(sizeBytes: number): Promise<void> {
    const padding = paddingBytes(sizeBytes)
    if (padding > 0) await this.add(zeros.subarray(0, padding))
  }

  /** Two empty blocks, and everything is taken. */
  async end(): Promise<void> {
    await this.add(new Uint8Array(2 * blockBytes))
    await this.flush()
  }

  /** All that was added is taken. */
  async flush(): Promise<void> {
    const used = this.#used
    this.#used = 0
    if (used > 0) await this.#take(this.#room.subarray(0, used))
  }
}
