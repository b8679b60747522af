// The applier's source of content: fetches from the relay what is not on this disk already, and writes into staged files.
import type { ChunkId } from '@grenier/crypto'
import type { ContentSource, FillFailure, Finish, WantedFile } from '../disk/content-source.ts'
import type { CutOffFiles } from '../disk/cut-off-files.ts'
import { DiskError, type FileSystem, type FileWriter } from '../disk/file-system.ts'
import type { TreesReader } from '../state/trees.ts'
import type { RelativePath } from '../sync/name.ts'
import type { Content } from '../sync/tree.ts'
import type { Ahead, TakenOver } from './ahead.ts'
import type { ChunkSpan, Fetch, FetchResult } from './fetch.ts'
import { LazyReader } from './lazy-reader.ts'
import { LeftFile } from './left-file.ts'
import type { Nearby, NearbyChunk } from './nearby.ts'
import { failureOf, isSmall, outcomeOf, SmallFile, SmallFiles } from './small-files.ts'

/** What this device last read or wrote at a path, if that was a file. */
export type OlderVersion = (path: RelativePath) => { content: Content; sizeBytes: number } | undefined

/** Older versions as the local tree has them. */
export function olderVersions(trees: Pick<TreesReader, 'find' | 'get'>): OlderVersion {
  return (path) => {
    const id = trees.find('local', path)
    const value = id === undefined ? undefined : trees.get(id)?.local?.value
    if (value?.kind !== 'file' || value.content === undefined) return undefined
    return { content: value.content, sizeBytes: value.sizeBytes }
  }
}

/** Content of one chunk or none: nothing of an older version could be used. */
const singleChunkContentBytes = 33

/** What this disk has already. */
export interface DiskSources {
  readonly older?: OlderVersion | undefined
  readonly ahead?: Ahead | undefined
  readonly cutOff?: CutOffFiles | undefined
  /** Told of bytes that stand in a staged file. */
  readonly wrote?: ((bytes: number) => void) | undefined
}

/** Fills staged files of `files` from the relay, and from the older versions that they will replace. */
export function stagedContent(
  fetch: Fetch,
  files: FileSystem,
  { older = () => undefined, ahead, cutOff, wrote = () => undefined }: DiskSources = {},
): ContentSource {
  return {
    async fill(wanted) {
      const failures = await fillAll(wanted)
      const crowded = wanted.filter((_, at) => failures[at]?.code === 'disk-full')
      // What came ahead, or before, is worth less than what is wanted now.
      if (crowded.length === 0 || !(await makeRoom())) return failures
      const again = (await fillAll(crowded)).values()
      return failures.map((failure) => (failure?.code === 'disk-full' ? again.next().value : failure))
    },
  }

  async function makeRoom(): Promise<boolean> {
    const wasLeft = await cutOff?.dropAll()
    return (await ahead?.drop()) === true || wasLeft === true
  }

  async function fillAll(wanted: readonly WantedFile[]): Promise<readonly (FillFailure | undefined)[]> {
    const together = new SmallFiles(files, wrote)
    // What came ahead may be there already, or be a part of it.
    const isBulk = ahead?.isEmpty ?? true
    const left = new Map<WantedFile, LeftFile | undefined>()
    for (const file of wanted) left.set(file, await LeftFile.of({ files, cutOff }, file))
    const staged = wanted.map((file) =>
      isBulk && isSmall(file)
        ? new SmallFile(file, together)
        : new StagedFile(files, file, { nearby: nearbyOf(file), left: left.get(file), ahead, wrote }),
    )
    try {
      const failures: (FillFailure | undefined)[] = []
      for (const [at, result] of (await fetch.fill(staged)).entries()) {
        const file = staged[at]
        failures.push(file instanceof StagedFile ? await file.finish(result) : file?.outcome(result))
      }
      return failures
    } finally {
      await Promise.all(staged.flatMap((file) => (file instanceof StagedFile ? [file.close()] : [])))
    }
  }

  function nearbyOf({ content, path }: WantedFile): OlderFile | undefined {
    const version = content.length > singleChunkContentBytes ? older(path) : undefined
    return version && new OlderFile(files, path, version)
  }
}

/** A file that is to be replaced; closed with the staged one. */
class OlderFile extends LazyReader implements Nearby {
  readonly content
  readonly sizeBytes

  constructor(files: FileSystem, path: RelativePath, version: { content: Content; sizeBytes: number }) {
    super(files, path)
    this.content = version.content
    this.sizeBytes = version.sizeBytes
  }
}

/**
 * One staged file: opened at its first write, or at the end when it is empty; closed with its last byte, so that a large batch holds
 * few open. A failed write is remembered, not thrown: others go on.
 */
class StagedFile {
  readonly takesRuns = true
  readonly content
  readonly sizeBytes
  readonly nearby: OlderFile | undefined
  readonly #files: FileSystem
  readonly #staged: string
  readonly #finish: Finish | undefined
  readonly #ahead: Ahead | undefined
  readonly #left: LeftFile | undefined
  readonly #told: (bytes: number) => void
  #taken: TakenOver | undefined
  #writer: Promise<FileWriter> | undefined
  #writtenBytes = 0
  #failure: FillFailure | undefined

  constructor(
    files: FileSystem,
    wanted: WantedFile,
    from: Pick<DiskSources, 'ahead'> & {
      readonly nearby: OlderFile | undefined
      readonly left: LeftFile | undefined
      readonly wrote: (bytes: number) => void
    },
  ) {
    this.#told = from.wrote
    this.#files = files
    this.nearby = from.nearby
    this.#ahead = from.ahead
    this.#left = from.left
    this.#staged = wanted.staged
    this.#finish = wanted.finish
    this.content = wanted.content
    this.sizeBytes = wanted.sizeBytes
  }

  async has(id: ChunkId, { offset, plainBytes }: ChunkSpan): Promise<boolean> {
    if (this.#ahead === undefined) return false
    if (offset === 0) await this.#noting(() => this.#takeOver(id))
    if (this.#taken?.has(id, offset) !== true) return false
    await this.#noting(() => this.#wrote(plainBytes))
    return true
  }

  find(id: ChunkId, at: ChunkSpan): NearbyChunk | undefined {
    return this.#ahead?.find(id, at.plainBytes) ?? this.#left?.find(id, at)
  }

  async write(offset: number, bytes: Uint8Array): Promise<boolean> {
    await this.#noting(async () => {
      const writer = await this.#open()
      await writer.write(offset, bytes)
      await this.#wrote(bytes.length)
    })
    return this.#failure === undefined
  }

  async finish(result: FetchResult): Promise<FillFailure | undefined> {
    const failure = outcomeOf(result)
    if (failure !== undefined) return failure
    if (this.sizeBytes === 0)
      await this.#noting(async () => {
        await this.#open()
        await this.#end()
      })
    await this.#noting(() => this.#close())
    if (this.#failure === undefined) await this.#left?.drop()
    return this.#failure
  }

  /** Whatever happened: leaves nothing open. */
  async close(): Promise<void> {
    await this.nearby?.close()
    await this.#left?.close()
    await this.#noting(() => this.#close())
  }

  async #takeOver(first: ChunkId): Promise<void> {
    this.#taken = await this.#ahead?.takeOver(this.#staged, first, this.sizeBytes)
    if (this.#taken !== undefined) this.#writer = Promise.resolve(this.#taken.writer)
  }

  async #wrote(bytes: number): Promise<void> {
    this.#writtenBytes += bytes
    this.#told(bytes)
    if (this.#writtenBytes === this.sizeBytes) await this.#end()
  }

  #open(): Promise<FileWriter> {
    this.#writer ??= this.#files.openStaged(this.#staged)
    return this.#writer
  }

  /** It is whole. */
  async #end(): Promise<void> {
    const writer = this.#writer
    if (writer === undefined || this.#finish === undefined) {
      await this.#close()
      return
    }
    this.#writer = undefined
    const { bits, done } = this.#finish
    const stamp = await (await writer).finish(bits)
    if (stamp.sizeBytes !== this.sizeBytes) throw new DiskError('EIO', 'the disk has not all of a file')
    done(stamp)
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
