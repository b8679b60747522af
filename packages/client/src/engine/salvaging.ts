// Makes what is left of a file of which a part is lost: beside its place, under a name that says that it is not whole, with zeros where it is lost.
import { salvage, type ByteRange } from '../content/salvage.ts'
import type { WalkOptions } from '../content/content-walk.ts'
import { parentOf } from '../disk/ignore.ts'
import type { FileSystem, Look } from '../disk/file-system.ts'
import type { TreesReader } from '../state/trees.ts'
import { damagedNames } from '../sync/damaged-name.ts'
import { asName, joinPath, type RelativePath } from '../sync/name.ts'
import type { FileValue } from '../sync/tree.ts'
import type { MissingFile, Salvage } from './tree-writer.ts'

/** So many names are tried: somebody has kept as many damaged copies. */
const namesMax = 20

export interface SalvagingOptions {
  readonly content: WalkOptions
  readonly files: FileSystem
  /** The tree that is written. */
  readonly trees: Pick<TreesReader, 'find'>
  /** What its staged files begin with. */
  readonly run: string
}

/** For `TreeWriter`. */
export class Salvaging {
  readonly #options: SalvagingOptions
  #staged = 0

  constructor(options: SalvagingOptions) {
    this.#options = options
  }

  /** undefined where nothing is left of it. @throws DiskError, and what reading the archive throws */
  async salvage({ path, value }: MissingFile): Promise<Salvage | undefined> {
    const { files } = this.#options
    const place = await this.#placeFor(path, value)
    if (place === undefined) return undefined
    if (place.there) {
      const lost = await this.#fill(value, () => Promise.resolve())
      return lost && { keptAs: place.path, lost }
    }
    this.#staged += 1
    const name = `${this.#options.run}-damaged-${this.#staged}`
    try {
      const lost = await this.#stage(name, value)
      if (lost === undefined) return undefined
      // A name whose bytes a power cut took would count as done the next time.
      await files.flush([])
      await files.change({ do: 'place', name, path: place.path, replace: false })
      await files.flush([parentOf(place.path)])
      return { keptAs: place.path, lost }
    } finally {
      await files.change({ do: 'drop-staged', name })
    }
  }

  async #stage(name: string, value: FileValue): Promise<readonly ByteRange[] | undefined> {
    const { mode, mtimeNs, sizeBytes } = value
    const writer = await this.#options.files.openStaged(name)
    let isOpen = true
    try {
      // As long as it was, whatever of it comes.
      if (sizeBytes > 0) await writer.write(sizeBytes - 1, new Uint8Array(1))
      const lost = await this.#fill(value, (offset, bytes) => writer.write(offset, bytes))
      if (lost === undefined) return undefined
      isOpen = false
      await writer.finish({ mode, mtimeNs })
      return lost
    } finally {
      if (isOpen) await writer.close()
    }
  }

  /** undefined where nothing came. */
  async #fill(
    { content, sizeBytes }: FileValue,
    write: (offset: number, bytes: Uint8Array) => Promise<void>,
  ): Promise<readonly ByteRange[] | undefined> {
    if (content === undefined) return undefined
    const lost = await salvage(this.#options.content, { content, sizeBytes, write })
    const lostBytes = lost?.reduce((sum, { length }) => sum + length, 0)
    return lostBytes === sizeBytes ? undefined : lost
  }

  /** `there`: it was made by an earlier run. */
  async #placeFor(
    path: RelativePath,
    value: FileValue,
  ): Promise<{ readonly path: RelativePath; readonly there: boolean } | undefined> {
    const { files, trees } = this.#options
    const name = asName(path.slice(path.lastIndexOf('/') + 1))
    if (name === undefined) return undefined
    const { timeStepNs } = await files.traits()
    let count = 0
    for (const candidate of damagedNames(name)) {
      const beside = joinPath(parentOf(path), candidate)
      if ((count += 1) > namesMax) break
      if (trees.find('remote', beside) !== undefined) continue
      const [there] = await files.look([beside])
      if (there === undefined) return { path: beside, there: false }
      if (isCopy(there, value, timeStepNs)) return { path: beside, there: true }
    }
    return undefined
  }
}

function isCopy({ kind, stamp }: Look, value: FileValue, timeStepNs: bigint): boolean {
  const apart = stamp.mtimeNs - value.mtimeNs
  return kind === 'file' && stamp.sizeBytes === value.sizeBytes && apart < timeStepNs && apart > -timeStepNs
}
