// A file system in memory for tests and the simulation: the contract of the real one, deterministic. The folder it works on is a
// `MemoryFolder`, which crashes and fails on demand; a `MemoryUser` edits there.
import { concat } from '@grenier/crypto'
import type { Name, RelativePath } from '../sync/name.ts'
import { asName } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'
import {
  DiskError,
  stagingDirectory,
  type DiskChange,
  type DiskTraits,
  type ExpectedFile,
  type FileBits,
  type FileReader,
  type FileSystem,
  type FileWriter,
  type Look,
  type NewPlace,
  type StagedPart,
  type WholeFile,
} from './file-system.ts'
import { changeInMemory } from './memory-change.ts'
import type { Inode } from './memory-disk.ts'
import { stampOf, type MemoryFolder } from './memory-folder.ts'
import { placeOneByOne, stageOneByOne } from './one-by-one.ts'
import { readOneByOne } from './read-whole.ts'

/** The file system of a folder in memory, for one run of the engine. */
export function openMemoryFileSystem(folder: MemoryFolder): FileSystem {
  return new MemoryFileSystem(folder)
}

class MemoryFileSystem implements FileSystem {
  readonly #folder: MemoryFolder
  readonly #unflushed = new Set<number>()

  constructor(folder: MemoryFolder) {
    this.#folder = folder
  }

  async list(path: RelativePath): Promise<readonly Name[] | undefined> {
    await Promise.resolve()
    this.#folder.mayFail('list', path)
    const directory = absentAsUndefined(() => this.#folder.directory(path))
    if (directory === undefined) return undefined
    if ((directory.mode & 0o400) === 0) throw new DiskError('EACCES', `permission denied: ${path}`)
    return [...directory.entries.keys()].map(asName).filter((name) => name !== undefined)
  }

  async look(paths: readonly RelativePath[]): Promise<readonly (Look | undefined)[]> {
    await Promise.resolve()
    return paths.map((path) => {
      this.#folder.mayFail('look', path)
      const inode = absentAsUndefined(() => this.#folder.at(path))
      return inode === undefined
        ? undefined
        : { kind: inode.kind, stamp: stampOf(inode), bornNs: inode.bornNs }
    })
  }

  async readLink(path: RelativePath): Promise<Uint8Array> {
    await Promise.resolve()
    this.#folder.mayFail('read-link', path)
    const inode = this.#folder.at(path)
    if (inode.kind !== 'link') throw new DiskError('EINVAL', `not a link: ${path}`)
    return inode.bytes.slice()
  }

  async openForReading(path: RelativePath): Promise<FileReader> {
    await Promise.resolve()
    this.#folder.mayFail('open', path)
    const inode = this.#folder.at(path)
    if (inode.kind === 'link') throw new DiskError('ELOOP', `a link: ${path}`)
    if (inode.kind !== 'file') throw new DiskError('EINVAL', `not a regular file: ${path}`)
    if ((inode.mode & 0o400) === 0) throw new DiskError('EACCES', `permission denied: ${path}`)
    return readerOf(this.#folder, path, inode)
  }

  readWhole(wanted: readonly ExpectedFile[]): Promise<readonly (Uint8Array | undefined)[]> {
    return readOneByOne(this, wanted)
  }

  async openStaged(name: string): Promise<FileWriter> {
    await Promise.resolve()
    this.#folder.mayFail('stage', name)
    const staging = this.#folder.staging()
    const inode = this.#folder.disk.make('file', 0o600)
    this.#folder.disk.rename([{ directory: staging.ino, name, ino: inode.ino }], { sure: true })
    return this.#writer(name, inode)
  }

  async resumeStaged(name: string, from: StagedPart): Promise<FileWriter> {
    await Promise.resolve()
    this.#folder.mayFail('resume', name)
    const { disk } = this.#folder
    const staging = this.#folder.staging()
    const ino = staging.entries.get(from.name)
    if (ino === undefined) throw new DiskError('ENOENT', `not staged: ${from.name}`)
    const inode = disk.inode(ino)
    disk.rename(
      [
        { directory: staging.ino, name: from.name, ino: undefined },
        { directory: staging.ino, name, ino },
      ],
      { sure: true },
    )
    disk.write(inode, inode.bytes.slice(0, from.lengthMax))
    return this.#writer(name, inode)
  }

  #writer(name: string, inode: Inode): FileWriter {
    const finish = async (bits: FileBits): Promise<Stamp> => {
      await this.change({ do: 'finish-staged', name, ...bits })
      return stampOf(inode)
    }
    const close = (): Promise<void> => {
      this.#unflushed.add(inode.ino)
      return Promise.resolve()
    }
    return { write: writeTo(this.#folder, name, inode), close, finish }
  }

  stageWhole(wanted: readonly WholeFile[]): Promise<readonly (Stamp | DiskError)[]> {
    return stageOneByOne(this, wanted)
  }

  placeNew(places: readonly NewPlace[]): Promise<readonly (DiskError | undefined)[]> {
    return placeOneByOne(this, places)
  }

  async change(change: DiskChange): Promise<Stamp | undefined> {
    await Promise.resolve()
    const changed = changeInMemory(this.#folder, change)
    if (changed === undefined) return undefined
    this.#unflushed.add(changed)
    return change.do === 'make-directory' ? stampOf(this.#folder.disk.inode(changed)) : undefined
  }

  async flush(directories: readonly RelativePath[]): Promise<void> {
    await Promise.resolve()
    this.#folder.mayFail('flush', directories.join(','))
    const { disk } = this.#folder
    for (const ino of this.#unflushed) {
      const inode = disk.inodes.get(ino)
      if (inode !== undefined) disk.flushBody(inode)
    }
    this.#unflushed.clear()
    const staging = absentAsUndefined(() => this.#folder.directory(stagingDirectory))
    if (staging !== undefined) disk.neverWaitFor(staging.ino)
    for (const path of directories) {
      const directory = absentAsUndefined(() => this.#folder.directory(path))
      if (directory !== undefined) disk.flushNames(directory.ino)
    }
  }

  traits(): Promise<DiskTraits> {
    return Promise.resolve({
      ...this.#folder.traits,
      timeStepNs: this.#folder.options.timeStepNs ?? 1_000n,
    })
  }
}

function readerOf(folder: MemoryFolder, path: string, inode: Inode): FileReader {
  return {
    stamp: stampOf(inode),
    async read(offset, lengthMax) {
      await Promise.resolve()
      folder.mayFail('read', path)
      // No read is atomic: who writes in place meanwhile may be seen in the second half alone.
      const first = inode.bytes.slice(offset, offset + (lengthMax >> 1))
      await Promise.resolve()
      folder.mayFail('read-on', path)
      const second = inode.bytes.slice(offset + first.length, offset + lengthMax)
      return first.length < lengthMax >> 1 ? first : concat([first, second])
    },
    stampNow: () => Promise.resolve(stampOf(inode)),
    close: () => Promise.resolve(),
  }
}

function writeTo(folder: MemoryFolder, name: string, inode: Inode): FileWriter['write'] {
  return async (offset, bytes) => {
    await Promise.resolve()
    folder.mayFail('write', name)
    const next = new Uint8Array(Math.max(inode.bytes.length, offset + bytes.length))
    next.set(inode.bytes)
    next.set(bytes, offset)
    folder.disk.write(inode, next)
  }
}

function absentAsUndefined<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof DiskError && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw error
  }
}
