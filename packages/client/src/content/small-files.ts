// Small files on their way to the disk: each is one chunk, and those that were brought together are made together, with no message, promise or
// call of its own for each.
import type { FillFailure, Finish, WantedFile as StagedWanted } from '../disk/content-source.ts'
import { DiskError, type FileSystem } from '../disk/file-system.ts'
import type { FetchResult, WantedFile, WholeFiles } from './fetch.ts'

/** Depth and one id. */
const oneChunkContentBytes = 33
/** A file up to this has one chunk: no chunker of ours cuts shorter. */
const smallBytesMax = 64 << 10

/** Whether a wanted file can be one of these: small, of one chunk, and finished by whoever writes it. */
export function isSmall({ content, sizeBytes, finish }: StagedWanted): boolean {
  return (
    content.length === oneChunkContentBytes &&
    content[0] === 0 &&
    sizeBytes <= smallBytesMax &&
    finish !== undefined
  )
}

/** One small file. */
export class SmallFile implements WantedFile {
  readonly content
  readonly sizeBytes
  readonly whole: SmallFiles
  readonly staged: string
  readonly finishing: Finish | undefined
  failure: FillFailure | undefined

  constructor({ content, sizeBytes, staged, finish }: StagedWanted, whole: SmallFiles) {
    this.content = content
    this.sizeBytes = sizeBytes
    this.staged = staged
    this.finishing = finish
    this.whole = whole
  }

  write(): Promise<boolean> {
    throw new TypeError('a small file is written whole')
  }

  /** What came of it, once all was brought. */
  outcome(result: FetchResult): FillFailure | undefined {
    return outcomeOf(result) ?? this.failure
  }
}

/** Makes small files of a file system. A refusal is remembered, not thrown: others go on. */
export class SmallFiles implements WholeFiles {
  readonly #files: FileSystem
  readonly #told: (bytes: number) => void

  /** `told`: of bytes that stand in a staged file. */
  constructor(files: FileSystem, told: (bytes: number) => void) {
    this.#files = files
    this.#told = told
  }

  async write(wanted: readonly WantedFile[], bytes: readonly Uint8Array[]): Promise<void> {
    const small: SmallFile[] = []
    const whole = []
    for (const [at, file] of wanted.entries()) {
      const plain = bytes[at]
      if (!(file instanceof SmallFile) || file.finishing === undefined || plain === undefined)
        throw new TypeError('not a small file')
      small.push(file)
      whole.push({ name: file.staged, bytes: plain, bits: file.finishing.bits })
    }
    const made = await this.#files.stageWhole(whole)
    let written = 0
    for (const [at, file] of small.entries()) {
      const stamp = made[at]
      if (stamp instanceof DiskError) file.failure ??= failureOf(stamp)
      if (stamp === undefined || stamp instanceof DiskError) continue
      file.finishing?.done(stamp)
      written += file.sizeBytes
    }
    this.#told(written)
  }
}

/** What a file failed with before it came to the disk. */
export function outcomeOf(result: FetchResult): FillFailure | undefined {
  if (result === 'missing') return { code: 'pack-unavailable' }
  if (result === 'corrupt') return { code: 'relay-corrupt' }
  return result === 'wrong' ? { code: 'entry-void' } : undefined
}

/** What a refusal of the file system means for one file. Anything else is not about this file, and is thrown on. */
export function failureOf(error: unknown): FillFailure {
  if (!(error instanceof DiskError)) throw error
  return {
    code: error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'disk-full' : 'unwritable',
    detail: error.code,
  }
}
