// Large files that were being fetched when a run was cut off, and lie in the staging area still: what of them is there need not come again. Each is
// known by name: nothing else of that kind is one of them, as long as it is on its way.
import type { Content } from '../sync/tree.ts'
import { DiskError, type FileSystem } from './file-system.ts'
import { contentKey, leftOf, stagedPath } from './staging-names.ts'

/** One of them. */
export interface CutOffFile {
  readonly name: string
  readonly sizeBytes: number
}

/** Those of one folder. */
export class CutOffFiles {
  readonly #files: FileSystem
  readonly #names = new Set<string>()

  constructor(files: FileSystem) {
    this.#files = files
  }

  /** This one was left, by a run of before or by a group that failed. */
  note(name: string): void {
    if (leftOf(name) !== undefined) this.#names.add(name)
  }

  /** The longest that holds of this content what it holds: it has the most of it. The others go. */
  async longestOf(content: Content): Promise<CutOffFile | undefined> {
    if (this.#names.size === 0) return undefined
    const key = contentKey(content)
    const names = [...this.#names].filter((name) => leftOf(name)?.key === key)
    const looks = await this.#files.look(names.map(stagedPath))
    const found = names.map((name, at) => ({ name, sizeBytes: looks[at]?.stamp.sizeBytes ?? -1 }))
    const [longest, ...others] = found.sort((a, b) => b.sizeBytes - a.sizeBytes)
    for (const { name } of others) await this.drop(name)
    return longest
  }

  /** It is of no use any more. What cannot be dropped now is found by the next run. */
  async drop(name: string): Promise<void> {
    this.#names.delete(name)
    try {
      await this.#files.change({ do: 'drop-staged', name })
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }

  /** Gives back the disk; says whether there was any. */
  async dropAll(): Promise<boolean> {
    const names = [...this.#names]
    for (const name of names) await this.drop(name)
    return names.length > 0
  }
}
