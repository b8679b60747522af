// `.grenierignore` in any folder, in gitignore syntax, by the `ignore` package, which only this file knows. Rules come with the synced
// folder, so other members write them: they are bounded.
import ignore from 'ignore'
import type { Stamp } from '../sync/tree.ts'
import { joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import { DiskError, ownDirectory, type FileSystem, type Look } from './file-system.ts'
import { sameStamp } from './stamp.ts'

/** The rules file of a folder. */
export const ignoreFile = '.grenierignore' as Name

/**
 * A larger rules file is not read: everything untracked in its folder is then ignored, rather than sent against its owner's wish; where
 * rules are strict, that fails.
 */
const ruleBytesMax = 256 * 1024
/** A longer pattern, or one with more stars, is left out: matching takes polynomial time of that degree. */
const patternLengthMax = 1024
const patternStarsMax = 8
/** Of these, such as pass over any number of directories: each one more is tried at every level below the one before. Ten seconds a path at four. */
const patternDeepStarsMax = 2
/** Patterns of a file with as many; of more, the later ones are left out. */
const deepestPatternsMax = 32
/** A matcher remembers each path that it was asked about: after so many it is made anew. */
const askedMax = 20_000

/** What one rules file says, in words of the whole folder. */
interface Rules {
  readonly stamp: Stamp | undefined
  readonly patterns: ignore.Ignore
}

/** The rules of one folder, as far as its directories have been entered. */
export class IgnoreRules {
  readonly #files: FileSystem
  readonly #isStrict: boolean
  readonly #rules = new Map<RelativePath, Rules>()
  /** All rules that hold in a directory with rules, those of the root first: the last one that matches decides. */
  readonly #matchers = new Map<RelativePath, ignore.Ignore>()
  /** These hold everywhere, and win. */
  readonly #always: readonly string[]
  #winning: ignore.Ignore | undefined
  #asked = 0

  /**
   * `always`: patterns of the whole folder that win over all rules in it. `strict`: rules that cannot be read are an error, not rules
   * that leave everything out; so where what is left out counts as removed.
   */
  constructor(
    files: FileSystem,
    { always = [], strict = false }: { readonly always?: readonly string[]; readonly strict?: boolean } = {},
  ) {
    this.#files = files
    this.#always = always
    this.#isStrict = strict
  }

  /**
   * To be called before `ignores` is asked about what is in this directory: reads its rules again if they changed, and says whether
   * they did. Ancestors must have been entered. `listed`: whether the rules file was in the listing. @throws DiskError when strict
   */
  async enter(directory: RelativePath, listed: boolean): Promise<boolean> {
    const known = this.#rules.get(directory)
    const path = joinPath(directory, ignoreFile)
    const look = listed ? await this.#look(path) : undefined
    if (look?.kind === 'file' && known?.stamp !== undefined && sameStamp(known.stamp, look.stamp))
      return false
    const rules = look?.kind === 'file' ? await this.#read(directory) : undefined
    this.#matchers.clear()
    if (rules === undefined) return this.#rules.delete(directory)
    this.#rules.set(directory, rules)
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
    const asked = isDirectory ? `${path}/` : path
    if (this.#always.length > 0 && this.#matcherOfAlways().ignores(asked)) return true
    const directory = ancestorsOf(path).findLast((above) => this.#rules.has(above))
    return directory !== undefined && this.#matcherOf(directory).ignores(asked)
  }

  #matcherOfAlways(): ignore.Ignore {
    this.#countAsked()
    this.#winning ??= ignore({ ignorecase: false }).add([...this.#always])
    return this.#winning
  }

  /** A matcher grows by what it is asked. */
  #countAsked(): void {
    this.#asked += 1
    if (this.#asked <= askedMax) return
    this.#matchers.clear()
    this.#winning = undefined
    this.#asked = 0
  }

  #matcherOf(directory: RelativePath): ignore.Ignore {
    this.#countAsked()
    const known = this.#matchers.get(directory)
    if (known !== undefined) return known
    const matcher = ignore({ ignorecase: false })
    for (const above of [...ancestorsOf(directory), directory]) {
      const rules = this.#rules.get(above)
      if (rules !== undefined) matcher.add(rules.patterns)
    }
    this.#matchers.set(directory, matcher)
    return matcher
  }

  /** Where it may not be looked at, the directory will have a problem of its own. */
  async #look(path: RelativePath): Promise<Look | undefined> {
    try {
      return (await this.#files.look([path]))[0]
    } catch (error) {
      if (!(error instanceof DiskError) || error.code === 'ESTALE' || this.#isStrict) throw error
      return undefined
    }
  }

  async #read(directory: RelativePath): Promise<Rules> {
    try {
      const reader = await this.#files.openForReading(joinPath(directory, ignoreFile))
      try {
        const bytes = await reader.read(0, ruleBytesMax + 1)
        const isTooLarge = bytes.length > ruleBytesMax
        if (isTooLarge && this.#isStrict) throw new DiskError('EFBIG', `rules without bounds: ${directory}`)
        const text = isTooLarge ? '*' : new TextDecoder().decode(bytes)
        return { stamp: reader.stamp, patterns: patternsOf(text, directory) }
      } finally {
        await reader.close()
      }
    } catch (error) {
      if (!(error instanceof DiskError) || this.#isStrict) throw error
      return { stamp: undefined, patterns: patternsOf('*', directory) }
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

function patternsOf(text: string, directory: RelativePath): ignore.Ignore {
  let deepest = 0
  const patterns = text.split(/\r?\n/).filter((line) => {
    const stars = line.split('*').length - 1
    const deepStars = line.split('**').length - 1
    if (line.length > patternLengthMax || stars > patternStarsMax) return false
    if (deepStars >= patternDeepStarsMax) deepest += 1
    return (
      deepStars < patternDeepStarsMax || (deepStars === patternDeepStarsMax && deepest <= deepestPatternsMax)
    )
  })
  const own = directory === rootPath ? patterns : patterns.flatMap((pattern) => belowOf(directory, pattern))
  return ignore({ ignorecase: false }).add(own)
}

/** What a pattern of this directory's rules is from the root on; nothing for a remark. */
function belowOf(directory: RelativePath, pattern: string): string[] {
  if (pattern.startsWith('#') || pattern.trim() === '') return []
  const isNegative = pattern.startsWith('!')
  // What a backslash protects at the beginning of a line alone needs none further on.
  const body = (isNegative ? pattern.slice(1) : pattern).replace(/^\\(?=[!#])/, '').replace(/(?<!\\) +$/, '')
  if (body.trim() === '') return []
  // A slash at the beginning or in the middle ties a pattern to its directory; without one it holds at any depth.
  const slash = body.indexOf('/')
  const isTied = slash >= 0 && slash < body.length - 1
  const front = `${isNegative ? '!' : ''}/${directory.replace(/[\\*?[\]{}!# ]/g, '\\$&')}/`
  return [isTied ? `${front}${body.replace(/^\//, '')}` : `${front}**/${body}`]
}
