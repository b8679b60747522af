// The source of a backup: a folder that is read and never written to. What is not to be backed up is not there, for all who look through this:
// what rules and flags leave out, other file systems, what is in a cache, sockets and the like, and what lies there of a synced folder's own.
import { joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import {
  DiskError,
  ownDirectory,
  type DiskTraits,
  type ExpectedFile,
  type FileReader,
  type FileSystem,
  type Look,
} from './file-system.ts'
import { ancestorsOf, ignoreFile, IgnoreRules, parentOf } from './ignore.ts'

/** What is left out. */
export interface SourceOptions {
  /** Patterns in gitignore syntax, from the source on: they win over all rules in it. */
  readonly exclude: readonly string[]
  /** What is mounted below the source is an empty directory. */
  readonly oneFileSystem: boolean
  /** What is in a directory with a `CACHEDIR.TAG` is kept, too. */
  readonly caches: boolean
}

/** Of a cache, this alone is kept: https://bford.info/cachedir/ */
const cacheTag = 'CACHEDIR.TAG' as Name
const cacheSignature = 'Signature: 8a477f597d28d172789f06886806bc55'
/** So many of what is left out for what it is are counted. */
const othersMax = 1_000_000

/** A source keeps every name apart; times are taken as they are. */
const traits: DiskTraits = {
  caseInsensitive: false,
  normalizesUnicode: false,
  nameBytesMax: 255,
  timeStepNs: 1n,
}

/** Nothing can be changed through it: every such call fails with EROFS. Rules are read again when a directory is listed. */
export class SourceFiles implements FileSystem {
  readonly #files: FileSystem
  readonly #options: SourceOptions
  readonly #rules: IgnoreRules
  /** Directories of which next to nothing is taken. */
  readonly #closed = new Set<RelativePath>()
  readonly #others = new Set<RelativePath>()
  /** The directory that was listed last, and what was said to be in it. */
  #listed: { readonly path: RelativePath; readonly names: ReadonlySet<Name> } | undefined

  constructor(files: FileSystem, options: SourceOptions) {
    this.#files = files
    this.#options = options
    this.#rules = new IgnoreRules(files, { always: options.exclude, strict: true })
  }

  /** Sockets, pipes, devices, and directories of Grenier's own, that were seen. */
  get others(): number {
    return this.#others.size
  }

  /** What is to be found at the top, whatever the rules say; undefined when the folder is not there. @throws DiskError */
  async topNames(): Promise<ReadonlySet<Name> | undefined> {
    const names = await this.#files.list(rootPath)
    return names && new Set(names.filter((name) => name !== (ownDirectory as string)))
  }

  /** @throws DiskError as the disk refuses; also where the rules of the directory cannot be read: without them, nobody knows what is in it */
  async list(path: RelativePath): Promise<readonly Name[] | undefined> {
    if (await this.#isHidden(path)) return undefined
    const names = await this.#files.list(path)
    if (names === undefined) return undefined
    this.#closed.delete(path)
    const kept = await this.#kept(path, names)
    this.#listed = { path, names: new Set(kept) }
    return kept
  }

  async look(paths: readonly RelativePath[]): Promise<readonly (Look | undefined)[]> {
    const wanted: RelativePath[] = []
    for (const path of paths) if (this.#wasListed(path) || !(await this.#isHidden(path))) wanted.push(path)
    const looks = await this.#files.look(wanted)
    if (wanted.length === paths.length) return looks.map((look, at) => this.#seen(wanted[at], look))
    const found = new Map(wanted.map((path, at) => [path, this.#seen(path, looks[at])]))
    return paths.map((path) => found.get(path))
  }

  async readLink(path: RelativePath): Promise<Uint8Array> {
    return await this.#files.readLink(path)
  }

  async openForReading(path: RelativePath): Promise<FileReader> {
    if (isOwn(path)) throw new DiskError('ENOENT', `not of the source: ${path}`)
    return await this.#files.openForReading(path)
  }

  async readWhole(wanted: readonly ExpectedFile[]): Promise<readonly (Uint8Array | undefined)[]> {
    return await this.#files.readWhole(wanted)
  }

  openStaged(): Promise<never> {
    return refuse()
  }

  resumeStaged(): Promise<never> {
    return refuse()
  }

  stageWhole(): Promise<never> {
    return refuse()
  }

  change(): Promise<never> {
    return refuse()
  }

  placeNew(): Promise<never> {
    return refuse()
  }

  flush(): Promise<never> {
    return refuse()
  }

  traits(): Promise<DiskTraits> {
    return Promise.resolve(traits)
  }

  #seen(path: RelativePath | undefined, look: Look | undefined): Look | undefined {
    if (path === undefined || look === undefined) return look
    // Whether its inodes keep their numbers cannot be tried here: what was renamed is read.
    if (look.kind !== 'other') return { kind: look.kind, stamp: look.stamp }
    if (this.#others.size < othersMax) this.#others.add(path)
    return undefined
  }

  async #kept(path: RelativePath, names: readonly Name[]): Promise<readonly Name[]> {
    if (this.#options.oneFileSystem && !(await this.#isAtHome(path))) {
      this.#closed.add(path)
      return []
    }
    if (!this.#options.caches && names.includes(cacheTag) && (await this.#isCache(path))) {
      this.#closed.add(path)
      return [cacheTag]
    }
    await this.#rules.enter(path, names.includes(ignoreFile))
    const kept: Name[] = []
    for (const name of names) if (!(await this.#isLeftOut(joinPath(path, name), name))) kept.push(name)
    return kept
  }

  async #isLeftOut(path: RelativePath, name: string): Promise<boolean> {
    if (name === (ownDirectory as string) && (await this.#isOurs(path))) return true
    if (this.#rules.ignores(path, false)) return true
    // A rule that is about directories alone.
    if (!this.#rules.ignores(path, true)) return false
    const [look] = await this.#files.look([path]).catch(() => [])
    return look?.kind === 'directory'
  }

  /** A directory of this name is Grenier's own, and at the top whatever has it; it is counted. A file further down is one like any other. */
  async #isOurs(path: RelativePath): Promise<boolean> {
    const [look] = await this.#files.look([path])
    const isOurs = path === (ownDirectory as string) || look === undefined || look.kind === 'directory'
    if (isOurs && look !== undefined && this.#others.size < othersMax) this.#others.add(path)
    return isOurs
  }

  async #isAtHome(path: RelativePath): Promise<boolean> {
    const [root, here] = await this.#files.look([rootPath, path])
    return here === undefined || root?.stamp.dev === here.stamp.dev
  }

  async #isCache(path: RelativePath): Promise<boolean> {
    try {
      const reader = await this.#files.openForReading(joinPath(path, cacheTag))
      try {
        const head = await reader.read(0, cacheSignature.length)
        return Buffer.from(head).toString('latin1') === cacheSignature
      } finally {
        await reader.close()
      }
    } catch (error) {
      if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
      return false
    }
  }

  #wasListed(path: RelativePath): boolean {
    if (this.#listed === undefined) return false
    const { path: parent, names } = this.#listed
    const cut = path.lastIndexOf('/')
    if (parent.length !== Math.max(0, cut) || !path.startsWith(parent)) return false
    return names.has(path.slice(cut + 1) as Name)
  }

  /** What a listing of the directories above would not have led to. */
  async #isHidden(path: RelativePath): Promise<boolean> {
    if (path === rootPath) return false
    if (isOwn(path)) return true
    for (const above of ancestorsOf(path)) {
      if (!this.#closed.has(above)) continue
      if (path !== joinPath(above, cacheTag) || parentOf(path) !== above) return true
    }
    return await this.#isLeftOut(path, path.slice(path.lastIndexOf('/') + 1))
  }
}

/** Of a backup whose source nobody asks for: nothing is there. */
export const absentFiles: FileSystem = {
  list: () => Promise.resolve(undefined),
  look: (paths) => Promise.resolve(paths.map(() => undefined)),
  readLink: () => Promise.reject(new DiskError('ENOENT', 'no source')),
  openForReading: () => Promise.reject(new DiskError('ENOENT', 'no source')),
  readWhole: (wanted) => Promise.resolve(wanted.map(() => undefined)),
  openStaged: refuse,
  resumeStaged: refuse,
  stageWhole: refuse,
  change: refuse,
  placeNew: refuse,
  flush: refuse,
  traits: () => Promise.resolve(traits),
}

/** Whether it lies in a directory of Grenier's own, or is the one at the top. */
function isOwn(path: RelativePath): boolean {
  return path === (ownDirectory as string) || path.split('/').slice(0, -1).includes(ownDirectory)
}

function refuse(): Promise<never> {
  return Promise.reject(new DiskError('EROFS', 'the source of a backup is never written to'))
}
