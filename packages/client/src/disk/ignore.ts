// `.grenierignore` in any folder, in gitignore syntax, by the `ignore` package, which only this file knows. Rules come with the synced
// folder, so other members write them: they are bounded.
import ignore from 'ignore'
import type { Stamp } from '../sync/tree.ts'
import { joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import { DiskError, ownDirectory, type FileSystem, type Look } from './file-system.ts'
import { sameStamp } from './stamp.ts'

/** The rules file of a folder. */
export const ignoreFile = '.grenierignore' as Name

/** A larger rules file is not read: everything untracked in its folder is then ignored, rather than sent against its owner's wish. */
const ruleBytesMax = 256 * 1024
/** A longer pattern, or one with more stars, is left out: matching takes polynomial time of that degree. */
const patternLengthMax = 1024
const patternStarsMax = 8

interface Rules {
  readonly stamp: Stamp | undefined
  readonly matcher: ignore.Ignore
}

/** The rules of one folder, as far as its directories have been entered. */
export class IgnoreRules {
  readonly #files: FileSystem
  readonly #rules = new Map<RelativePath, Rules>()

  constructor(files: FileSystem) {
    this.#files = files
  }

  /**
   * To be called before `ignores` is asked about what is in this directory: reads its rules again if they changed, and says whether
   * they did. Ancestors must have been entered. `listed`: whether the rules file was in the listing.
   */
  async enter(directory: RelativePath, listed: boolean): Promise<boolean> {
    const known = this.#rules.get(directory)
    const path = joinPath(directory, ignoreFile)
    const look = listed ? await this.#look(path) : undefined
    if (look?.kind !== 'file') return this.#rules.delete(directory)
    if (known?.stamp !== undefined && sameStamp(known.stamp, look.stamp)) return false
    this.#rules.set(directory, await this.#read(path))
    return true
  }

  /** Enters a directory and all above it. Says whether any rules changed. */
  async enterFrom(directory: RelativePath): Promise<boolean> {
    let changed = false
    for (const path of [...ancestorsOf(directory), directory])
      changed = (await this.enter(path, true)) || changed
    return changed
  }

  /** Whether a path is ignored. Our own directory always is. */
  ignores(path: RelativePath, isDirectory: boolean): boolean {
    if (path === ownDirectory || path.startsWith(`${ownDirectory}/`)) return true
    for (const directory of ancestorsOf(path).reverse()) {
      const matcher = this.#rules.get(directory)?.matcher
      if (matcher === undefined) continue
      const below = directory === rootPath ? path : path.slice(directory.length + 1)
      const { ignored, unignored } = matcher.test(isDirectory ? `${below}/` : below)
      if (ignored || unignored) return ignored
    }
    return false
  }

  /** Where it may not be looked at, the directory will have a problem of its own. */
  async #look(path: RelativePath): Promise<Look | undefined> {
    try {
      return (await this.#files.look([path]))[0]
    } catch (error) {
      if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
      return undefined
    }
  }

  async #read(path: RelativePath): Promise<Rules> {
    try {
      const reader = await this.#files.openForReading(path)
      try {
        const bytes = await reader.read(0, ruleBytesMax + 1)
        if (bytes.length > ruleBytesMax) return { stamp: reader.stamp, matcher: matcherOf('*') }
        return { stamp: reader.stamp, matcher: matcherOf(new TextDecoder().decode(bytes)) }
      } finally {
        await reader.close()
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return { stamp: undefined, matcher: matcherOf('*') }
    }
  }
}

/** The directories above a path, from the root down; of the root, none. */
export function ancestorsOf(path: RelativePath): RelativePath[] {
  const out: RelativePath[] = path === rootPath ? [] : [rootPath]
  for (let cut = path.indexOf('/'); cut >= 0; cut = path.indexOf('/', cut + 1))
    out.push(path.slice(0, cut) as RelativePath)
  return out
}

/** The directory that a path is in; of the root, the root. */
export function parentOf(path: RelativePath): RelativePath {
  return ancestorsOf(path).at(-1) ?? rootPath
}

function matcherOf(text: string): ignore.Ignore {
  const patterns = text.split(/\r?\n/).filter((line) => {
    const stars = line.split('*').length - 1
    return line.length <= patternLengthMax && stars <= patternStarsMax
  })
  return ignore({ ignorecase: false }).add(patterns)
}
