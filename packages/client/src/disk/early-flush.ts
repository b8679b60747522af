// Flushes a large file while it is still being written: a system may keep a gigabyte in memory for half a minute, and then whoever waits for
// the file waits for all of it to reach the disk at once.
import * as fs from 'node:fs'
import { promisify } from 'node:util'

const fdatasync = promisify(fs.fdatasync)

/** Bytes written before the next flush begins: few enough to be spread, so many that the journal is not written for little. */
export const earlyFlushBytes = 64 * 1024 * 1024

/**
 * The flushes of one open file; nobody waits for them but who closes it. One at a time in the whole process, whatever the file: they are done by the few
 * threads that large reads and writes are done by, too.
 */
export class EarlyFlush {
  static #isAnyUnderWay = false
  readonly #flush: () => Promise<void>
  #unflushedBytes = 0
  #underWay: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #isOver = false

  constructor(fd: number, flush: (fd: number) => Promise<void> = fdatasync) {
    this.#flush = () => flush(fd)
  }

  /** So many bytes more were written. @throws what a flush failed with: what comes after it would be written in vain */
  wrote(bytes: number): void {
    this.#throwFailure()
    this.#unflushedBytes += bytes
    if (this.#unflushedBytes < earlyFlushBytes || EarlyFlush.#isAnyUnderWay || this.#isOver) return
    this.#unflushedBytes = 0
    EarlyFlush.#isAnyUnderWay = true
    this.#underWay = this.#flush()
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        EarlyFlush.#isAnyUnderWay = false
        this.#underWay = undefined
      })
  }

  /**
   * Resolves when none is under way, and none will be: only then may the file be closed. Rejects with what a flush failed with: the system says it
   * once, and a later flush knows nothing of it.
   */
  async over(): Promise<void> {
    this.#isOver = true
    await this.#underWay
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
