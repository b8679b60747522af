// The applier's source of content: fetches from the relay and writes into staged files.
import type { ContentSource, FillFailure, WantedFile } from '../disk/content-source.ts'
import { DiskError, type FileSystem, type FileWriter } from '../disk/file-system.ts'
import type { Fetch, FetchResult } from './fetch.ts'

/** Fills staged files of `files` from the relay. */
export function stagedContent(fetch: Fetch, files: FileSystem): ContentSource {
  return {
    async fill(wanted: readonly WantedFile[]): Promise<readonly (FillFailure | undefined)[]> {
      const staged = wanted.map((file) => new StagedFile(files, file))
      try {
        const results = await fetch.fill(staged)
        return await Promise.all(staged.map((file, at) => file.finish(results[at] ?? 'missing')))
      } finally {
        await Promise.all(staged.map((file) => file.close()))
      }
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
  #failure: FillFailure | undefined

  constructor(files: FileSystem, wanted: WantedFile) {
    this.#files = files
    this.#staged = wanted.staged
    this.content = wanted.content
    this.sizeBytes = wanted.sizeBytes
  }

  async write(offset: number, bytes: Uint8Array): Promise<boolean> {
    await this.#noting(async () => {
      const writer = await this.#open()
      await writer.write(offset, bytes)
      this.#writtenBytes += bytes.length
      if (this.#writtenBytes === this.sizeBytes) await this.#close()
    })
    return this.#failure === undefined
  }

  async finish(result: FetchResult): Promise<FillFailure | undefined> {
    if (result === 'missing') return { code: 'pack-unavailable' }
    if (result === 'wrong') return { code: 'entry-void' }
    if (this.sizeBytes === 0) await this.#noting(() => this.#open())
    await this.#noting(() => this.#close())
    return this.#failure
  }

  /** Whatever happened: leaves nothing open. */
  async close(): Promise<void> {
    await this.#noting(() => this.#close())
  }

  #open(): Promise<FileWriter> {
    this.#writer ??= this.#files.openStaged(this.#staged)
    return this.#writer
  }

  async #close(): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    if (writer !== undefined) await (await writer).close()
  }

  async #noting(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failure ??= failureOf(error)
    }
  }
}

/** What a refusal of the file system means for one file. Anything else is not about this file, and is thrown on. */
function failureOf(error: unknown): FillFailure {
  if (!(error instanceof DiskError)) throw error
  return {
    code: error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'disk-full' : 'unwritable',
    detail: error.code,
  }
}
