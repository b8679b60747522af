// Readers and writers of single real files: small calls synchronous, because the thread pool costs a hundred times as much; large ones
// in the thread pool, because they would hold up the loop.
import * as fs from 'node:fs'
import { promisify } from 'node:util'
import { freshBytes } from '../fresh-bytes.ts'
import type { Stamp } from '../sync/tree.ts'
import { EarlyFlush } from './early-flush.ts'
import { DiskError, type FileBits, type FileReader, type FileWriter } from './file-system.ts'
import { isExpected } from './read-whole.ts'
import type { SystemPath } from './real-directory.ts'

const readAsync = promisify(fs.read)
const writeAsync = promisify(fs.write)

/** Up to this many bytes a call is synchronous: about 0.1 ms from the page cache. */
const syncBytesMax = 256 * 1024

/** What a look keeps of a stat. */
export function stampOf(stat: fs.BigIntStats): Stamp {
  return {
    dev: stat.dev,
    ino: stat.ino,
    ctimeNs: stat.ctimeNs,
    mtimeNs: stat.mtimeNs,
    sizeBytes: Number(stat.size),
    mode: Number(stat.mode & 0o777n),
  }
}

/**
 * A time as Node takes it: seconds as a double, near today the nearest one that is not later is less than a microsecond away. As text,
 * because Node takes negative numbers for `now`.
 */
export function secondsOf(timeNs: bigint): string {
  const negative = timeNs < 0n
  const digits = String(negative ? -timeNs : timeNs).padStart(10, '0')
  return `${negative ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`
}

/** The error as a `DiskError` with the system's code; anything else is a bug and goes on as it is. */
export function diskError(error: unknown, what: string): unknown {
  if (error instanceof DiskError || !(error instanceof Error) || !('code' in error)) return error
  return new DiskError(String(error.code), `${what}: ${String(error.code)}`, error)
}

/** Opens a regular file, following no link and never waiting for the other end of a fifo. */
export function openReader(path: SystemPath, what: string): FileReader {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  const stat = fs.fstatSync(fd, { bigint: true })
  if (!stat.isFile()) {
    fs.closeSync(fd)
    throw new DiskError('EINVAL', `not a regular file: ${what}`)
  }
  return new RealReader(fd, stat, what)
}

/** Reads a regular file whole if it is what was expected, before and after. `room` has its length. */
export function readExpected(path: SystemPath, expected: Stamp, room: Uint8Array): boolean {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    let done = 0
    while (done < room.length) {
      const count = fs.readSync(fd, room, done, room.length - done, done)
      if (count === 0) return false
      done += count
    }
    // What changed on the way shows in the stamp; what changed before it was opened, too.
    const stat = fs.fstatSync(fd, { bigint: true })
    return stat.isFile() && isExpected(expected, stampOf(stat))
  } finally {
    fs.closeSync(fd)
  }
}

export interface WriterOptions {
  /** How far something may stand in it: there zeros are written, and no hole is left for them. */
  readonly solidEnd?: number | undefined
  /** Called when it is closed, in any case. */
  readonly closed?: (() => void) | undefined
}

/** A writer on an open file. */
export function writerOn(fd: number, what: string, options: WriterOptions = {}): FileWriter {
  return new RealWriter(fd, what, options)
}

class RealReader implements FileReader {
  readonly stamp: Stamp
  readonly #fd: number
  readonly #what: string
  /** Whether this file system counts names. */
  readonly #counts: boolean
  #open = true

  constructor(fd: number, stat: fs.BigIntStats, what: string) {
    this.#fd = fd
    this.stamp = stampOf(stat)
    this.#counts = stat.nlink > 0n
    this.#what = what
  }

  async read(offset: number, lengthMax: number, headBytes = 0): Promise<Uint8Array> {
    try {
      // One byte more than the file seemed to have tells whether it grew; a small file then needs only a small buffer.
      const likely = Math.min(lengthMax, Math.max(0, this.stamp.sizeBytes - offset) + 1)
      const first = await readFully(this.#fd, { offset, length: likely, headBytes })
      if (first.length < likely || likely === lengthMax) return first
      const more = await readFully(this.#fd, {
        offset: offset + likely,
        length: lengthMax - likely,
        headBytes: 0,
      })
      const both = new Uint8Array(first.length + more.length)
      both.set(first)
      both.set(more, first.length)
      return both
    } catch (error) {
      throw diskError(error, `cannot read ${this.#what}`)
    }
  }

  async stampNow(): Promise<Stamp> {
    const stat = fs.fstatSync(this.#fd, { bigint: true })
    if (this.#counts && stat.nlink === 0n)
      throw new DiskError('ENOENT', `removed or replaced while it was open: ${this.#what}`)
    return await Promise.resolve(stampOf(stat))
  }

  close(): Promise<void> {
    if (this.#open) fs.closeSync(this.#fd)
    this.#open = false
    return Promise.resolve()
  }
}

class RealWriter implements FileWriter {
  readonly #fd: number
  readonly #what: string
  readonly #solidEnd: number
  readonly #flush: EarlyFlush
  readonly #closed: (() => void) | undefined
  /** Where the file ends, as far as holes were left instead of writing zeros. */
  #holesEnd = 0
  #open = true

  constructor(fd: number, what: string, { solidEnd = 0, closed }: WriterOptions) {
    this.#fd = fd
    this.#what = what
    this.#solidEnd = solidEnd
    this.#closed = closed
    this.#flush = new EarlyFlush(fd)
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    try {
      for (const { start, end, isHole } of runsOf(bytes)) {
        if (isHole && offset + start >= this.#solidEnd)
          this.#holesEnd = Math.max(this.#holesEnd, offset + end)
        else await this.#writeAll(offset + start, bytes.subarray(start, end))
      }
    } catch (error) {
      throw diskError(error, `cannot write ${this.#what}`)
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#closing(() => undefined)
  }

  async finish({ mode, mtimeNs }: FileBits): Promise<Stamp> {
    this.#open = false
    const seconds = secondsOf(mtimeNs)
    return await this.#closing(() => {
      fs.fchmodSync(this.#fd, mode)
      fs.futimesSync(this.#fd, seconds, seconds)
      return stampOf(fs.fstatSync(this.#fd, { bigint: true }))
    })
  }

  async #closing<T>(last: () => T): Promise<T> {
    try {
      await this.#flush.over()
      const isShort = this.#holesEnd > 0 && fs.fstatSync(this.#fd).size < this.#holesEnd
      if (isShort) fs.ftruncateSync(this.#fd, this.#holesEnd)
      return last()
    } catch (error) {
      throw diskError(error, `cannot write ${this.#what}`)
    } finally {
      fs.closeSync(this.#fd)
      this.#closed?.()
    }
  }

  async #writeAll(offset: number, bytes: Uint8Array): Promise<void> {
    let done = 0
    while (done < bytes.length) {
      const rest = bytes.subarray(done)
      done +=
        rest.length <= syncBytesMax
          ? fs.writeSync(this.#fd, rest, 0, rest.length, offset + done)
          : (await writeAsync(this.#fd, rest, 0, rest.length, offset + done)).bytesWritten
    }
    this.#flush.wrote(bytes.length)
  }
}

/** Zeros in a block of this size are left out: a new file has a hole there, which reads the same. */
const holeBytes = 64 * 1024
const zeros = new Uint8Array(holeBytes)

/** What is to be written and what is only zeros, in order. */
function* runsOf(bytes: Uint8Array): Iterable<{ start: number; end: number; isHole: boolean }> {
  let start = 0
  for (let at = 0; at + holeBytes <= bytes.length; at += holeBytes) {
    if (bytes[at] !== 0 || Buffer.compare(bytes.subarray(at, at + holeBytes), zeros) !== 0) continue
    if (start < at) yield { start, end: at, isHole: false }
    yield { start: at, end: at + holeBytes, isHole: true }
    start = at + holeBytes
  }
  if (start < bytes.length) yield { start, end: bytes.length, isHole: false }
}

/**
 * Bytes from `offset` up to `length`, fewer only at the end; in a buffer of its own, so that it may be transferred, with `headBytes` in front
 * of them.
 */
async function readFully(
  fd: number,
  {
    offset,
    length,
    headBytes,
  }: { readonly offset: number; readonly length: number; readonly headBytes: number },
): Promise<Uint8Array> {
  // Not zeroed: what was not read is given to nobody, and the head is for who asked for it.
  const buffer = freshBytes(headBytes + length).subarray(headBytes)
  let done = 0
  while (done < length) {
    const rest = length - done
    const count =
      rest <= syncBytesMax
        ? fs.readSync(fd, buffer, done, rest, offset + done)
        : (await readAsync(fd, buffer, done, rest, offset + done)).bytesRead
    if (count === 0) break
    done += count
  }
  return done === length ? buffer : buffer.subarray(0, done)
}
