// The applier's source of content: fetches from the relay and writes into staged files.
import type { ContentSource, FillFailure, WantedFile } from '../disk/content-source.ts'
import { DiskError, type FileSystem, type FileWriter } from '../disk/file-system.ts'
import type { Fetch, FetchResult } from './fetch.ts'

/** Fills staged files of `files` from the relay. */
export function stagedContent(fetch: Fetch, files: FileSystem): ContentSource {
  return {
    async fill(wanted: readonly WantedFile[]): Promise<readonly (FillFailure | undefined)[]> {
      const staged = wanted.map((file) => new StagedFile(files, file))
      const results = await fetch.fill(staged)
      return await Promise.all(staged.map((file, at) => file.finish(results[at] ?? 'missing')))
    },
  }
}

/**
 * One staged file: opened at its first write, or at the end when it is empty; closed with its last byte, so that a large batch holds
 * few open. A failed write is remembered, not thrown: others go on.
 */
class StagedFile {
  readonly content
  readonly sizeBytes
  readonly #files: FileSystem
  readonly #staged: string
  #writer: Promise<FileWriter> | undefined
  #writtenBytes = 0
  #closed = false
  #failure: FillFailure | undefined

  constructor(files: FileSystem, wanted: WantedFile) {
    this.#files = files
    this.#staged = wanted.staged
    this.content = wanted.content
    this.sizeBytes = wanted.sizeBytes
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return
    try {
      this.#writer ??= this.#files.openStaged(this.#staged)
      const writer = await this.#writer
      await writer.write(offset, bytes)
      this.#writtenBytes += bytes.length
      if (this.#writtenBytes === this.sizeBytes) await this.#close(writer)
    } catch (error) {
      this.#failure = failureOf(error)
    }
  }

  async finish(result: FetchResult): Promise<FillFailure | undefined> {
    try {
      if (this.sizeBytes === 0) this.#writer ??= this.#files.openStaged(this.#staged)
      const writer = await this.#writer
      if (writer !== undefined) await this.#close(writer)
    } catch (error) {
      this.#failure ??= failureOf(error)
    }
    if (result === 'missing') return { code: 'pack-unavailable' }
    if (result === 'wrong') return { code: 'entry-void' }
    return this.#failure
  }

  async #close(writer: FileWriter): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await writer.close()
  }
}

function failureOf(error: unknown): FillFailure {
  if (!(error instanceof DiskError)) throw error
  return {
    code: error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'disk-full' : 'unwritable',
    detail: error.code,
  }
}
