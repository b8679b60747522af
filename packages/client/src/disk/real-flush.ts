// Makes a group durable: the whole file system at once for many files (66 ms for 5,000 of them, where one fsync each takes 1.6 s), fsync for few.
import * as fs from 'node:fs'
import { promisify } from 'node:util'
import { stagingDirectory, type DiskChange } from './file-system.ts'
import { movedPath } from './moved-path.ts'
import type { RealDirectories, SystemPath } from './real-directory.ts'
import { splitPath } from './real-directory.ts'
import { isCode } from './real-change.ts'
import { SyncProcess } from './sync-process.ts'

const fsync = promisify(fs.fsync)

/** From this many files and directories on, flushing the whole file system at once is quicker. */
const oneByOneMax = 48
/** fsyncs under way at once: a journal commits them together. */
const concurrency = 4

/** Remembers which files were written since the last flush, and flushes. */
export class RealFlush {
  readonly #directories: RealDirectories
  readonly #flushFile: (fd: number) => Promise<void>
  /** Paths of files written and not yet flushed. */
  readonly #files = new Set<string>()
  /**
   * Staged files that a flush failed with, and what it said: a system says it once, to whoever asks first, and that one may not be who put the file
   * there. Until it is written anew or dropped, each flush fails with it.
   */
  readonly #spoilt = new Map<string, unknown>()
  /** Of each flush under way: what was written anew since it began. */
  readonly #underWay = new Set<Set<string>>()
  /** Whether this system has a `sync -f`; found out by trying. */
  #whole = process.platform === 'linux'
  #syncs: SyncProcess | undefined

  /** `flushFile`: that of an open file. */
  constructor(directories: RealDirectories, flushFile: (fd: number) => Promise<void> = fsync) {
    this.#directories = directories
    this.#flushFile = flushFile
  }

  /** A staged file is written, and closed: one that is still written to would be flushed in vain, and would keep others waiting. */
  staged(name: string): void {
    this.#spoilt.delete(`${stagingDirectory}/${name}`)
    this.#wrote(`${stagingDirectory}/${name}`)
  }

  /** Follows unflushed files to where they are put, forgets dropped ones, and remembers new bits, those of a new directory too: they are its own, not its parent's. */
  changed(change: DiskChange): void {
    const { do: what } = change
    if (change.do === 'finish-staged') this.staged(change.name)
    if (what === 'set-bits' || what === 'set-mode' || what === 'make-directory') this.#wrote(change.path)
    if (change.do === 'move') this.#moved(change)
    if (change.do !== 'place' && change.do !== 'drop-staged') return
    this.#spoilt.delete(`${stagingDirectory}/${change.name}`)
    const unflushed = this.#files.delete(`${stagingDirectory}/${change.name}`)
    if (unflushed && change.do === 'place') this.#wrote(change.path)
  }

  #moved(change: Extract<DiskChange, { do: 'move' }>): void {
    for (const path of [...this.#files]) {
      const moved = movedPath<string>(path, change)
      if (moved === undefined) continue
      this.#files.delete(path)
      this.#wrote(moved)
    }
  }

  #wrote(path: string): void {
    this.#files.add(path)
    for (const anew of this.#underWay) anew.add(path)
  }

  /** Resolves when everything written before, and the entries of these directories, would survive a power cut. Calls may overlap. */
  async run(directories: readonly string[]): Promise<void> {
    const paths = [...this.#files]
    const anew = new Set<string>()
    this.#underWay.add(anew)
    try {
      await this.#flush([...paths, ...directories])
      for (const path of paths) if (!anew.has(path)) this.#files.delete(path)
    } finally {
      this.#underWay.delete(anew)
    }
  }

  async #flush(paths: readonly string[]): Promise<void> {
    this.#throwIfSpoilt(paths)
    const whole = paths.length > oneByOneMax && (await this.#flushWhole())
    if (!whole) await this.#flushEach(paths)
    // Another flush, which went on beside this one, may have been told.
    this.#throwIfSpoilt(paths)
  }

  #throwIfSpoilt(paths: readonly string[]): void {
    for (const path of paths) {
      if (!this.#spoilt.has(path)) continue
      const fd = this.#open(path)
      if (fd !== undefined) {
        fs.closeSync(fd)
        throw this.#spoilt.get(path)
      }
      // Whoever took it away, there is nothing to lose.
      this.#spoilt.delete(path)
      this.#files.delete(path)
    }
  }

  async #flushWhole(): Promise<boolean> {
    if (!this.#whole) return false
    this.#syncs ??= new SyncProcess(this.#directories.root.toString())
    this.#whole = await this.#syncs.run()
    return this.#whole
  }

  async #flushEach(paths: readonly string[]): Promise<void> {
    const queue = paths[Symbol.iterator]()
    const denied: unknown[] = []
    const work = async (): Promise<void> => {
      for (const path of queue) {
        try {
          await this.#flushOne(path)
        } catch (error) {
          // Its bits let nobody open it: then the whole file system is flushed.
          if (!isCode(error, 'EACCES')) throw error
          denied.push(error)
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, paths.length) }, work))
    if (denied.length > 0 && !(await this.#flushWhole())) throw denied[0]
  }

  async #flushOne(path: string): Promise<void> {
    const fd = this.#open(path)
    if (fd === undefined) return
    try {
      await this.#flushFile(fd)
    } catch (error) {
      if (path.startsWith(`${stagingDirectory}/`)) this.#spoilt.set(path, error)
      throw error
    } finally {
      fs.closeSync(fd)
    }
  }

  /** undefined when it is gone: then there is nothing to lose. */
  #open(path: string): number | undefined {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
    try {
      const { parent, name } = splitPath(path)
      const at = path === '' ? this.#directories.open('').self : this.#directories.open(parent).at(name)
      const follow = path === '' ? 0 : O_NOFOLLOW
      try {
        return fs.openSync(at, O_RDONLY | follow | O_NONBLOCK)
      } catch (error) {
        // Bits that forbid reading were set before the flush; writing may still be allowed.
        if (!isCode(error, 'EACCES')) throw error
        return this.#openForWriting(at, error)
      }
    } catch (error) {
      if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR') || isCode(error, 'ELOOP')) return undefined
      throw error
    }
  }

  /** `refused`: what reading came to. */
  #openForWriting(at: SystemPath, refused: unknown): number {
    const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
    try {
      return fs.openSync(at, O_WRONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch (error) {
      // No directory is opened for writing: it is only one that may not be read.
      throw isCode(error, 'EISDIR') ? refused : error
    }
  }
}
