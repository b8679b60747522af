// A synced folder on a real file system, over node:fs. Synchronous calls in slices of some milliseconds: ten times faster than the
// thread pool for small files. What Node cannot do is said where it matters: no renameat2, no times to the nanosecond.
import * as fs from 'node:fs'
import type { Name, RelativePath } from '../sync/name.ts'
import { nameFromLatin1 } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'
import {
  DiskError,
  type DiskChange,
  type DiskTraits,
  type EntryKind,
  type ExpectedFile,
  type FileReader,
  type FileSystem,
  type FileWriter,
  type Look,
  type NewPlace,
  type StagedPart,
  type WholeFile,
} from './file-system.ts'
import { carryOut, ensureStaging, isCode } from './real-change.ts'
import { RealDirectories, splitPath, type OpenDirectory } from './real-directory.ts'
import { RealFlush } from './real-flush.ts'
import { diskError, openReader, readExpected, stampOf, writerOn } from './real-io.ts'
import { createFile, stageFile } from './real-stage.ts'
import { probeTraits } from './real-traits.ts'
import { isAhead } from './staging-names.ts'

/** How long synchronous calls may go on before the loop gets a turn. */
const sliceMs = 8
/** A directory whose own size is above this is listed in the thread pool: some ten thousand entries. */
const listSyncBytesMax = 1024 * 1024

/**
 * Opens the folder at `root` (which may itself be a link). `byHandle`: see `RealDirectories`; where it is false, each directory of a path
 * is checked and then named again. @throws DiskError when it is no directory
 */
export function openRealFileSystem(root: string, options: { byHandle?: boolean } = {}): FileSystem {
  try {
    return new RealFileSystem(new RealDirectories(root, options.byHandle))
  } catch (error) {
    throw diskError(error, 'cannot open the folder')
  }
}

class RealFileSystem implements FileSystem {
  readonly #directories: RealDirectories
  readonly #flush: RealFlush
  #sliceStart = 0
  #sliceEnds = false
  #traits: Promise<DiskTraits> | undefined

  constructor(directories: RealDirectories) {
    this.#directories = directories
    this.#flush = new RealFlush(directories)
  }

  async list(path: RelativePath): Promise<readonly Name[] | undefined> {
    await this.#pace()
    this.#directories.forget()
    return attempt(`cannot list ${path}`, async () => {
      const at = absentAsUndefined(() => this.#directories.open(path).self)
      if (at === undefined) return undefined
      const large = fs.statSync(at).size > listSyncBytesMax
      const entries = large ? await this.#listLarge(path) : fs.readdirSync(at, { encoding: 'latin1' })
      return entries.map((entry) => nameFromLatin1(entry)).filter((name) => name !== undefined)
    })
  }

  async look(paths: readonly RelativePath[]): Promise<readonly (Look | undefined)[]> {
    const out: (Look | undefined)[] = []
    let absent: string | undefined
    for (const path of paths) {
      if (out.length % 32 === 0) {
        absent = undefined
        await this.#pace()
      }
      if (out.length === 0) this.#directories.forget()
      const { parent } = splitPath(path)
      // Where a whole directory is not there yet, one failed call tells for all that is to be in it.
      if (path !== '' && parent === absent) {
        out.push(undefined)
        continue
      }
      absent = undefined
      out.push(
        attemptNow(`cannot look at ${path}`, () => {
          const directory = absentAsUndefined(() => this.#directories.open(parent))
          if (directory !== undefined) return lookIn(directory, path)
          absent = parent
          return undefined
        }),
      )
    }
    return out
  }

  async readLink(path: RelativePath): Promise<Uint8Array> {
    await this.#pace()
    this.#directories.forget()
    return attempt(`cannot read link ${path}`, () => {
      const { parent, name } = splitPath(path)
      return new Uint8Array(fs.readlinkSync(this.#directories.open(parent).at(name), { encoding: 'buffer' }))
    })
  }

  async openForReading(path: RelativePath): Promise<FileReader> {
    await this.#pace()
    this.#directories.forget()
    return attempt(`cannot open ${path}`, () => {
      const { parent, name } = splitPath(path)
      return openReader(this.#directories.open(parent).at(name), path)
    })
  }

  async readWhole(wanted: readonly ExpectedFile[]): Promise<readonly (Uint8Array | undefined)[]> {
    const all = new Uint8Array(wanted.reduce((sum, { stamp }) => sum + stamp.sizeBytes, 0))
    const out: (Uint8Array | undefined)[] = []
    let start = 0
    for (const each of wanted) {
      if (out.length % 16 === 0) await this.#pace()
      if (out.length === 0) this.#directories.forget()
      const room = all.subarray(start, start + each.stamp.sizeBytes)
      const isThere = this.#readInto(room, each)
      out.push(isThere ? room : undefined)
      if (isThere) start += room.length
    }
    return out
  }

  async openStaged(name: string): Promise<FileWriter> {
    await this.#pace()
    return attempt(`cannot stage ${name}`, () => {
      const path = ensureStaging(this.#directories).at(name)
      const fd = createFile(path)
      return writerOn(fd, name, { closed: () => this.#stage(name) })
    })
  }

  async resumeStaged(name: string, from: StagedPart): Promise<FileWriter> {
    await this.#pace()
    return attempt(`cannot stage ${name}`, () => {
      const staging = ensureStaging(this.#directories)
      const before = staging.at(from.name)
      const fd = fs.openSync(before, fs.constants.O_WRONLY | fs.constants.O_NOFOLLOW)
      try {
        const solidEnd = Math.min(fs.fstatSync(fd).size, from.lengthMax)
        fs.ftruncateSync(fd, solidEnd)
        // Last: what fails before leaves it where whoever drops it looks.
        fs.renameSync(before, staging.at(name))
        return writerOn(fd, name, { solidEnd, closed: () => this.#stage(name) })
      } catch (error) {
        fs.closeSync(fd)
        throw error
      }
    })
  }

  stageWhole(wanted: readonly WholeFile[]): Promise<readonly (Stamp | DiskError)[]> {
    return this.#each(wanted, ({ name, bytes, bits }) => {
      const stamp = stageFile(ensureStaging(this.#directories).at(name), { bytes, bits })
      this.#stage(name)
      return stamp
    })
  }

  async change(change: DiskChange): Promise<Stamp | undefined> {
    await this.#pace()
    return attempt(
      `cannot ${change.do} ${'path' in change ? change.path : 'name' in change ? change.name : change.from}`,
      () => {
        const made = carryOut(this.#directories, change)
        this.#flush.changed(change)
        return made
      },
    )
  }

  placeNew(places: readonly NewPlace[]): Promise<readonly (DiskError | undefined)[]> {
    return this.#each(places, ({ name, path }) => {
      const change = { do: 'place', name, path, replace: false } as const
      carryOut(this.#directories, change)
      this.#flush.changed(change)
      return undefined
    })
  }

  async flush(directories: readonly RelativePath[]): Promise<void> {
    await attempt('cannot flush', () => this.#flush.run(directories))
  }

  traits(): Promise<DiskTraits> {
    this.#traits ??= attempt('cannot probe', () => probeTraits(this.#directories))
    return this.#traits
  }

  /** Runs what is done to each of many files, with refusals as they come. */
  async #each<T extends { readonly name: string }, R>(
    all: readonly T[],
    run: (one: T) => R,
  ): Promise<(R | DiskError)[]> {
    const out: (R | DiskError)[] = []
    for (const one of all) {
      if (out.length % 16 === 0) await this.#pace()
      try {
        out.push(run(one))
      } catch (error) {
        const refused = diskError(error, `cannot make ${one.name}`)
        if (!(refused instanceof DiskError)) throw refused
        out.push(refused)
      }
    }
    return out
  }

  /** Whether the file is what was expected, and in the room now. */
  #readInto(room: Uint8Array, { path, stamp }: ExpectedFile): boolean {
    const { parent, name } = splitPath(path)
    try {
      return readExpected(this.#directories.open(parent).at(name), stamp, room)
    } catch (error) {
      if (diskError(error, '') instanceof DiskError) return false
      throw error
    }
  }

  async #listLarge(path: RelativePath): Promise<string[]> {
    const held = this.#directories.hold(path)
    try {
      return await fs.promises.readdir(held.self, { encoding: 'latin1' })
    } finally {
      held.close()
    }
  }

  /** What comes ahead is not flushed before it is known what it is for. */
  #stage(name: string): void {
    if (!isAhead(name)) this.#flush.staged(name)
  }

  /** Gives the loop a turn when this slice of synchronous calls has lasted long enough. */
  async #pace(): Promise<void> {
    this.#directories.trim()
    if (!this.#sliceEnds) {
      this.#sliceEnds = true
      this.#sliceStart = performance.now()
      setImmediate(() => (this.#sliceEnds = false))
      return
    }
    if (performance.now() - this.#sliceStart < sliceMs) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function lookIn(directory: OpenDirectory, path: RelativePath): Look | undefined {
  const { name } = splitPath(path)
  // The root is reached through a handle, which itself is a link of /proc: there, and only there, the link is meant.
  const stat =
    path === ''
      ? fs.statSync(directory.self, { bigint: true })
      : fs.lstatSync(directory.at(name), { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return undefined
  const bornNs = stat.birthtimeNs > 0n ? stat.birthtimeNs : undefined
  return { kind: kindOf(stat), stamp: stampOf(stat), bornNs }
}

function kindOf(stat: fs.BigIntStats): EntryKind {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  return stat.isSymbolicLink() ? 'link' : 'other'
}

/** Runs, and turns the system's errors into `DiskError`s. */
async function attempt<T>(what: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw diskError(error, what)
  }
}

/** The same, for what needs no promise. */
function attemptNow<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw diskError(error, what)
  }
}

/** Nothing there, or something else than a directory (a link, say) where one was asked for. */
function absentAsUndefined<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].some((code) => isCode(error, code))) return undefined
    throw error
  }
}
