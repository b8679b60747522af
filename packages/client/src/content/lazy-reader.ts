// A file of this disk that chunks may be had from: opened when it is first read. What it cannot give is had elsewhere.
import { DiskError, type FileReader, type FileSystem } from '../disk/file-system.ts'
import type { RelativePath } from '../sync/name.ts'

/** Closed by who has it; read again, it is opened again. */
export class LazyReader {
  readonly #files: FileSystem
  readonly #path: RelativePath
  #reader: Promise<FileReader> | undefined

  constructor(files: FileSystem, path: RelativePath) {
    this.#files = files
    this.#path = path
  }

  /** Bytes of it, fewer where it ends; undefined when the disk does not give them. */
  async read(offset: number, length: number): Promise<Uint8Array | undefined> {
    try {
      this.#reader ??= this.#files.openForReading(this.#path)
      return await (await this.#reader).read(offset, length)
    } catch (error) {
      if (error instanceof DiskError) return undefined
      throw error
    }
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    const opened = await reader?.catch(() => undefined)
    await opened?.close()
  }
}
