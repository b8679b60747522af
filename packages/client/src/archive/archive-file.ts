// An archive as bytes, sealed or a tar on its way: where it is read at any place, and where it is written at its end. Knows nothing of what they mean.
import {
  closeSync,
  fchmodSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  read,
  readSync,
  write,
  writeSync,
  type BigIntStats,
} from 'node:fs'
import { promisify } from 'node:util'
import { systemClock } from '../clock.ts'
import { ClientError } from '../errors.ts'

const readSome = promisify(read)
const writeSome = promisify(write)
const flushData = promisify(fdatasync)

/** Bytes that can be read at any place. */
export interface ArchiveSource {
  readonly sizeBytes: number
  /** Up to `length` bytes from an offset, fewer only at the end; the caller's own. @throws ClientError `disk-failed` where the disk cannot give them */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** Where an archive is written, from its front to its end. */
export interface ArchiveSink {
  /** In order; the bytes may be used again when it resolves. @throws ClientError `disk-full`, `disk-failed`, `interrupted` when nobody reads any more */
  write(bytes: Uint8Array): Promise<void>
  /** What was written is durable. @throws ClientError as `write` */
  flush(): Promise<void>
}

/** Which file of this machine. A number is given anew as soon as its file is gone; `born`, in ns, is not, where the file system tells it. */
export interface FileIdentity {
  readonly dev: string
  readonly ino: string
  readonly born?: string | undefined
}

/** @see FileIdentity */
export function identityIn({
  dev,
  ino,
  birthtimeNs,
}: Pick<BigIntStats, 'dev' | 'ino' | 'birthtimeNs'>): FileIdentity {
  const born = birthtimeNs > 0n ? birthtimeNs.toString() : undefined
  return { dev: dev.toString(), ino: ino.toString(), born }
}

/** A file of the real disk. Closed by whoever opened it. */
export class ArchiveFile implements ArchiveSource, ArchiveSink {
  readonly #fd: number
  #sizeBytes: number
  /** Pieces that the pool writes. */
  #slowPieces = 0

  private constructor(fd: number) {
    this.#fd = fd
    this.#sizeBytes = fstatSync(fd).size
  }

  /** `write`: an existing file is written on, one that is not there is made, 0600. @throws the system's errors */
  static open(path: string, how: 'read' | 'write' | 'make'): ArchiveFile {
    const flags = { read: 'r', write: 'r+', make: 'wx+' } as const
    return new ArchiveFile(openSync(path, flags[how], 0o600))
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const room = new Uint8Array(Math.max(0, Math.min(length, this.#sizeBytes - offset)))
    let done = 0
    try {
      while (done < room.length) {
        const rest = room.length - done
        const count =
          rest <= readAtOnceBytes
            ? readSync(this.#fd, room, done, rest, offset + done)
            : (await readSome(this.#fd, room, done, rest, offset + done)).bytesRead
        if (count === 0) break
        done += count
      }
    } catch (cause) {
      throw new ClientError('disk-failed', 'the archive cannot be read', { cause })
    }
    return room.subarray(0, done)
  }

  /**
   * At once: to hand a piece to the thread pool takes more of this thread's time than to copy it to the system. A disk that makes it wait is written to by
   * the pool for a while, so that a stop is heard.
   */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;)
        done += this.#slowPieces > 0 ? await this.#written(bytes, done) : this.#writtenAtOnce(bytes, done)
    } catch (cause) {
      throw sinkFault(cause)
    }
    this.#sizeBytes += bytes.length
    if (this.#slowPieces > 0) this.#slowPieces -= 1
  }

  async #written(bytes: Uint8Array, from: number): Promise<number> {
    const place = this.#sizeBytes + from
    return (await writeSome(this.#fd, bytes, from, bytes.length - from, place)).bytesWritten
  }

  #writtenAtOnce(bytes: Uint8Array, from: number): number {
    const startMs = systemClock.monotonic()
    const count = writeSync(this.#fd, bytes, from, bytes.length - from, this.#sizeBytes + from)
    if (systemClock.monotonic() - startMs > slowMs) this.#slowPieces = slowPiecesMax
    return count
  }

  async flush(): Promise<void> {
    try {
      await flushData(this.#fd)
    } catch (cause) {
      throw sinkFault(cause)
    }
  }

  /** Which file of the disk it is, whatever name it has. */
  get identity(): FileIdentity {
    return identityIn(fstatSync(this.#fd, { bigint: true }))
  }

  /** Whether nobody else made it longer or shorter meanwhile. */
  get isAsWritten(): boolean {
    return fstatSync(this.#fd).size === this.#sizeBytes
  }

  /** Nobody else may read it, where the file system knows who that is. */
  keepToOwner(): void {
    try {
      fchmodSync(this.#fd, 0o600)
    } catch {
      // It was as open when it was made.
    }
  }

  /** Cuts the file. */
  cut(sizeBytes: number): void {
    ftruncateSync(this.#fd, sizeBytes)
    this.#sizeBytes = sizeBytes
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** A piece that takes longer waits for the disk, which is not done with the next ones, either. */
const slowMs = 50
const slowPiecesMax = 256

/** Less is read synchronously: the thread pool costs more than that. */
const readAtOnceBytes = 64 * 1024

/** What writing an archive failed with, as our error. */
export function sinkFault(cause: unknown): ClientError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new ClientError('disk-full', 'no room for the archive', { cause })
  if (code === 'EPIPE') return new ClientError('interrupted', 'nobody reads any more', { cause })
  return new ClientError('disk-failed', 'the archive cannot be written', { cause })
}
