// What an export that can be gone on with asks of the disk: few calls, so that a test can have the power fail at each.
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import {
  ArchiveFile,
  identityIn,
  sinkFault,
  type ArchiveSink,
  type ArchiveSource,
  type FileIdentity,
} from '../archive/archive-file.ts'
import { writtenDurably } from '../home/write-durably.ts'

/** A file that is written at its end. */
export interface PartFile extends ArchiveSource, ArchiveSink {
  readonly identity: FileIdentity
  /** Nobody else may read it. */
  keepToOwner(): void
  cut(sizeBytes: number): void
  close(): void
}

/** What is written down of one, kept open, so that no other file can come to be taken for it. */
export interface NoteFile {
  readonly identity: FileIdentity
  /** Durable when it resolves. @throws ClientError `disk-full`, `disk-failed` */
  append(text: string): Promise<void>
  close(): void
}

/** What has a name. `isOwn`: a file of this user, with no other name. */
export interface PartThere extends FileIdentity {
  readonly sizeBytes: number
  readonly isOwn: boolean
  /** When it was last written to. */
  readonly changedMs: number
}

/** Paths are absolute or the user's own. */
export interface PartDisk {
  look(path: string): PartThere | undefined
  /** One that was not there, for this user alone to read. @throws the system's errors */
  make(path: string): PartFile
  /** What `look` saw. @throws the system's errors */
  open(path: string): PartFile
  readText(path: string): string
  /** In place of what is there; durable when it resolves, with all names of its directory. @throws ClientError `disk-full`, `disk-failed` */
  writeWhole(path: string, text: string): Promise<NoteFile>
  /** In place of what is there, durable as far as the file system does that. @throws ClientError `disk-full`, `disk-failed` */
  move(from: string, to: string): void
  /** Nothing happens where there is nothing. */
  remove(path: string): void
}

/** The real one. */
export const realPartDisk: PartDisk = {
  look(path) {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (found === undefined) return undefined
    const isMine = process.getuid === undefined || found.uid === BigInt(process.getuid())
    const isOwn = found.isFile() && found.nlink === 1n && isMine
    return { ...identityIn(found), sizeBytes: Number(found.size), isOwn, changedMs: Number(found.mtimeMs) }
  },
  make: (path) => ArchiveFile.open(path, 'make'),
  open: (path) => ArchiveFile.open(path, 'write'),
  readText: (path) => readFileSync(path, 'utf8'),
  writeWhole(path, text) {
    return asFaults(() => new RealNote(writtenDurably(dirname(path), basename(path), Buffer.from(text))))
  },
  move(from, to) {
    try {
      renameSync(from, to)
    } catch (cause) {
      throw sinkFault(cause)
    }
    flushNames(dirname(to))
  },
  remove: (path) => rmSync(path, { force: true }),
}

/** Not every file system flushes a directory. */
function flushNames(directory: string): void {
  try {
    const file = openSync(directory, 'r')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch {
    // It has its name, and keeps it unless the power fails in this very moment.
  }
}

class RealNote implements NoteFile {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  get identity(): FileIdentity {
    return identityIn(fstatSync(this.#fd, { bigint: true }))
  }

  append(text: string): Promise<void> {
    return asFaults(() => {
      // All of it, behind what was written before.
      writeFileSync(this.#fd, text)
      fdatasyncSync(this.#fd)
    })
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function asFaults<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work())
  } catch (cause) {
    return Promise.reject(sinkFault(cause))
  }
}
