// What an export that can be gone on with asks of the disk: few calls, so that a test can have the power fail at each.
import {
  closeSync,
  fdatasyncSync,
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
import { writeDurably } from '../home/write-durably.ts'

/** A file that is written at its end. */
export interface PartFile extends ArchiveSource, ArchiveSink {
  readonly identity: FileIdentity
  cut(sizeBytes: number): void
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
  writeWhole(path: string, text: string): Promise<void>
  /** Durable when it resolves. @throws ClientError `disk-full`, `disk-failed` */
  append(path: string, text: string): Promise<void>
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
    return asFaults(() => writeDurably(dirname(path), basename(path), Buffer.from(text)))
  },
  append(path, text) {
    return asFaults(() => {
      const file = openSync(path, 'a')
      try {
        writeFileSync(file, text)
        fdatasyncSync(file)
      } finally {
        closeSync(file)
      }
    })
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

function asFaults(work: () => void): Promise<void> {
  try {
    work()
    return Promise.resolve()
  } catch (cause) {
    return Promise.reject(sinkFault(cause))
  }
}
