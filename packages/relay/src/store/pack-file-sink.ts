// A pack on its way to be a file: written to a temporary file as it comes, then put in its place by whoever owns the places.
import { open, rm, type FileHandle } from 'node:fs/promises'
import { RelayError } from '../errors.ts'
import { diskError } from './disk-error.ts'
import type { WrittenFile } from './flush-group.ts'
import { withoutFirst } from './pack-pieces.ts'
import type { PackSink } from './pack-upload.ts'

/** A new file at `temporary`; `place` makes it durable where it belongs, and closes it. */
export interface FileSinkOptions {
  readonly temporary: string
  place(file: Omit<WrittenFile, 'place'>): Promise<void>
  /** Called once, when it is placed or discarded. */
  over(sink: FileSink): void
}

/** @see PackSink */
export class FileSink implements PackSink {
  readonly #handle: FileHandle
  readonly #options: FileSinkOptions
  #writtenBytes = 0
  #publishing: Promise<void> | undefined
  #discarded: Promise<void> | undefined

  private constructor(handle: FileHandle, options: FileSinkOptions) {
    this.#handle = handle
    this.#options = options
  }

  /** @throws RelayError `disk-full`, `data-broken` */
  static async open(options: FileSinkOptions): Promise<FileSink> {
    try {
      return new FileSink(await open(options.temporary, 'wx', 0o600), options)
    } catch (error) {
      throw diskError(error)
    }
  }

  async write(...pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#discarded !== undefined) throw new RelayError('store-closed', 'the upload is over')
    try {
      // A disk that fills up takes a part of it, and says why not more when it is asked again.
      for (let left = pieces.filter(({ length }) => length > 0); left.length > 0;) {
        const { bytesWritten } = await this.#handle.writev(left, this.#writtenBytes)
        this.#writtenBytes += bytesWritten
        left = withoutFirst(left, bytesWritten)
      }
    } catch (error) {
      throw diskError(error)
    }
  }

  publish(): Promise<void> {
    this.#publishing = this.#publish()
    return this.#publishing
  }

  discard(): Promise<void> {
    this.#discarded ??= this.#discard()
    return this.#discarded
  }

  /** Lets what is being published come to its end, and discards the rest. Never throws. */
  async end(): Promise<void> {
    await (this.#publishing ?? this.discard()).catch(() => undefined)
  }

  async #publish(): Promise<void> {
    try {
      if (this.#discarded !== undefined) throw new RelayError('store-closed', 'the upload is over')
      await this.#options.place({ handle: this.#handle, temporary: this.#options.temporary })
      this.#options.over(this)
    } catch (error) {
      await this.discard()
      throw error instanceof RelayError ? error : diskError(error)
    }
  }

  async #discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined) // closed already when publishing it failed
    await rm(this.#options.temporary, { force: true })
    this.#options.over(this)
  }
}
