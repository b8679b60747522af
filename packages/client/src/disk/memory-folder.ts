// A folder in memory, over which file systems (of the engine) and a `MemoryUser` come and go: paths, permissions, faults, power loss.
import type { Clock } from '../clock.ts'
import type { Traits } from '../sync/action.ts'
import { heldAs } from '../sync/fold-case.ts'
import type { Stamp } from '../sync/tree.ts'
import { DiskError, ownDirectory, stagingDirectory } from './file-system.ts'
import { MemoryDisk, type Choose, type Inode } from './memory-disk.ts'

export interface MemoryOptions {
  readonly clock: Clock
  /** Times are cut to multiples of this: 4 ms, as the clock of a usual kernel ticks. */
  readonly tickMs?: number | undefined
  /** What `set-time` and `finish-staged` cut times to. */
  readonly timeStepNs?: bigint | undefined
  /** Names that it takes for one, and keeps as they were first written. */
  readonly folds?: Pick<Traits, 'caseInsensitive' | 'normalizesUnicode'> | undefined
  /** The error code with which a call fails, asked before each effect and each read of content. */
  readonly fault?: ((call: string, path: string) => string | undefined) | undefined
}

/** What a process has open; handles come and go over one disk, as processes do. */
export class MemoryFolder {
  readonly disk: MemoryDisk
  readonly options: MemoryOptions

  constructor(options: MemoryOptions) {
    const tickMs = options.tickMs ?? 4
    this.options = options
    this.disk = new MemoryDisk(() => BigInt(Math.floor(options.clock.now() / tickMs) * tickMs) * 1_000_000n)
  }

  /** Loses power. File systems opened before must not be used any more. */
  crash(choose: Choose): void {
    this.disk.crash(choose)
  }

  /** The directory at a path. @throws DiskError ENOENT, ENOTDIR (also for a link in the middle), EACCES */
  directory(path: string): Inode {
    let at = this.disk.inode(this.disk.rootIno)
    for (const name of path === '' ? [] : path.split('/')) {
      if ((at.mode & 0o100) === 0) throw new DiskError('EACCES', `permission denied: ${path}`)
      at = this.disk.inode(at.entries.get(this.spelt(at, name)))
      if (at.kind !== 'directory') throw new DiskError('ENOTDIR', `not a directory: ${path}`)
    }
    return at
  }

  /** Directory and name of a path. */
  place(path: string): { readonly directory: Inode; readonly name: string } {
    const cut = path.lastIndexOf('/')
    const directory = this.directory(cut < 0 ? '' : path.slice(0, cut))
    return { directory, name: this.spelt(directory, path.slice(cut + 1)) }
  }

  /** What the file system cannot tell apart or hold. */
  get traits(): Traits {
    const { folds } = this.options
    return {
      caseInsensitive: folds?.caseInsensitive ?? false,
      normalizesUnicode: folds?.normalizesUnicode ?? false,
      nameBytesMax: 255,
    }
  }

  /** The name that a directory has for this one, as it was first written; else the name itself. */
  spelt(directory: Inode, name: string): string {
    if (this.options.folds === undefined || directory.entries.has(name)) return name
    const held = heldAs(name, this.traits)
    for (const other of directory.entries.keys()) if (heldAs(other, this.traits) === held) return other
    return name
  }

  /** What is at a path, without following it. @throws DiskError */
  at(path: string): Inode {
    if (path === '') return this.disk.inode(this.disk.rootIno)
    const { directory, name } = this.place(path)
    if ((directory.mode & 0o100) === 0) throw new DiskError('EACCES', `permission denied: ${path}`)
    return this.disk.inode(directory.entries.get(name))
  }

  /** The staging area, made on demand. */
  staging(): Inode {
    for (const path of [ownDirectory, stagingDirectory]) {
      const { directory, name } = this.place(path)
      if (directory.entries.has(name)) continue
      const made = this.disk.make('directory', 0o700)
      this.disk.flushBody(made)
      this.disk.rename([{ directory: directory.ino, name, ino: made.ino }], { sure: true })
    }
    return this.directory(stagingDirectory)
  }

  /** @throws DiskError as the fault says */
  mayFail(call: string, path: string): void {
    const code = this.options.fault?.(call, path)
    if (code !== undefined) throw new DiskError(code, `${call} ${path}: ${code}`)
  }
}

/** What a look sees of an inode. */
export function stampOf(inode: Inode): Stamp {
  return {
    dev: 1n,
    ino: BigInt(inode.ino),
    ctimeNs: inode.ctimeNs,
    mtimeNs: inode.mtimeNs,
    sizeBytes: inode.kind === 'directory' ? 0 : inode.bytes.length,
    mode: inode.kind === 'link' ? 0o777 : inode.mode,
  }
}
