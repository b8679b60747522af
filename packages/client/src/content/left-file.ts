// A large file that was being fetched when a run was cut off, as a source of chunks. It is only read, and each chunk is checked by its id: such a
// file may have holes, and be a second name of what a user has in the folder by now.
import type { ChunkId } from '@grenier/crypto'
import type { CutOffFile, CutOffFiles } from '../disk/cut-off-files.ts'
import type { FileSystem } from '../disk/file-system.ts'
import { leftOf, stagedPath } from '../disk/staging-names.ts'
import type { Content } from '../sync/tree.ts'
import type { ChunkSpan } from './fetch.ts'
import { LazyReader } from './lazy-reader.ts'
import type { NearbyChunk } from './nearby.ts'

/** One of them. */
export class LeftFile extends LazyReader {
  readonly #all: CutOffFiles
  readonly #one: CutOffFile

  private constructor(files: FileSystem, all: CutOffFiles, one: CutOffFile) {
    super(files, stagedPath(one.name))
    this.#all = all
    this.#one = one
  }

  /** What is left of this content, if it is to be staged under a name of which something may be left. */
  static async of(
    on: { readonly files: FileSystem; readonly cutOff: CutOffFiles | undefined },
    { content, staged }: { readonly content: Content; readonly staged: string },
  ): Promise<LeftFile | undefined> {
    const { files, cutOff } = on
    if (cutOff === undefined || leftOf(staged) === undefined) return undefined
    const one = await cutOff.longestOf(content)
    return one && new LeftFile(files, cutOff, one)
  }

  /** Where a chunk may be had that belongs at this offset. */
  find(id: ChunkId, { offset, plainBytes }: ChunkSpan): NearbyChunk | undefined {
    const isThere = offset + plainBytes <= this.#one.sizeBytes
    return isThere ? { id, offset, plainBytes, from: this, isFirst: true } : undefined
  }

  /** It is of no use any more. */
  async drop(): Promise<void> {
    await this.close()
    await this.#all.drop(this.#one.name)
  }
}
