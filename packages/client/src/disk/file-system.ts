// The file system as the engine sees it: small, so that the simulation can be one. Paths are relative to the folder's root.
import type { Traits } from '../sync/action.ts'
import type { Name, RelativePath } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'

/** Our own directory at the root of a synced folder: never synced. */
export const ownDirectory = '.grenier' as RelativePath
/** Where files are made before they are renamed into place: on the same file system as the folder. */
export const stagingDirectory = '.grenier/staging' as RelativePath

/** What a directory entry is. `other`: socket, fifo, device. */
export type EntryKind = 'file' | 'directory' | 'link' | 'other'

/** lstat, never following a link. */
export interface Look {
  readonly kind: EntryKind
  readonly stamp: Stamp
  /** When the inode was made, ns; undefined where the file system does not say. Kept nowhere: a number that was used again is younger than what had it. */
  readonly bornNs?: bigint | undefined
}

/** What a file system cannot tell apart, hold, or keep. */
export interface DiskTraits extends Traits {
  /** A modification time read back differs from the one that was set by less than this. */
  readonly timeStepNs: bigint
}

/**
 * One synced folder on one file system. Nothing here follows a symbolic link below the root: a path with a link in the middle is
 * refused (ELOOP or ENOTDIR). Errors are `DiskError`s with the system's code.
 */
export interface FileSystem {
  /** Entries of a directory, unordered; undefined when it is not there. Names that are not valid never occur. */
  list(path: RelativePath): Promise<readonly Name[] | undefined>
  /** undefined when nothing is there. Several at once, because calls in bulk are ten times faster. */
  look(paths: readonly RelativePath[]): Promise<readonly (Look | undefined)[]>
  /** Bytes of a link's target. */
  readLink(path: RelativePath): Promise<Uint8Array>
  /** Opens a regular file for reading, without following a link. The reader says what it opened. */
  openForReading(path: RelativePath): Promise<FileReader>
  /**
   * Reads small files that are expected to be just what was seen: undefined where one is not, any more, or cannot be read; opening it
   * tells why. Several at once, because calls in bulk are ten times faster; what is given may lie in one buffer, in order.
   */
  readWhole(wanted: readonly ExpectedFile[]): Promise<readonly (Uint8Array | undefined)[]>
  /** A new, empty file in the staging area, for writing at any offset; what had that name there before is dropped first. */
  openStaged(name: string): Promise<FileWriter>
  /** A closed staged file gets another name, is cut to at most this length, and is written on at any offset; only after its end are there zeros. */
  resumeStaged(name: string, from: StagedPart): Promise<FileWriter>
  /**
   * Makes small files in the staging area: each as `openStaged`, `write` and `finish` do, one after the other. Says what each is then, or why
   * it could not be made. Several at once, because calls in bulk are ten times faster.
   */
  stageWhole(files: readonly WholeFile[]): Promise<readonly (Stamp | DiskError)[]>
  /** All other effects. Durable only after `flush`. Says of a directory that it made what it is. */
  change(change: DiskChange): Promise<Stamp | undefined>
  /** Puts staged files where nothing is, each as `place` without `replace` does, one after the other. Says of each why it could not be done. */
  placeNew(places: readonly NewPlace[]): Promise<readonly (DiskError | undefined)[]>
  /** Makes durable everything written and renamed so far in these directories, and staged files that are closed. One flush for many; calls may overlap. */
  flush(directories: readonly RelativePath[]): Promise<void>
  /** What it cannot tell apart or hold, probed in the staging area. */
  traits(): Promise<DiskTraits>
}

/** What was written of a file in the staging area. */
export interface StagedPart {
  readonly name: string
  readonly lengthMax: number
}

/** A file to be made in the staging area, with all that is in it. */
export interface WholeFile {
  readonly name: string
  readonly bytes: Uint8Array
  readonly bits: FileBits
}

/** A staged file, and where it goes. */
export interface NewPlace {
  readonly name: string
  readonly path: RelativePath
}

/** A file as it was seen. */
export interface ExpectedFile {
  readonly path: RelativePath
  readonly stamp: Stamp
}

export interface FileReader {
  readonly stamp: Stamp
  /**
   * Bytes from `offset`; shorter at the end of the file. `headBytes`: that much room is wanted in front of them, in the same buffer; there
   * may be less.
   */
  read(offset: number, lengthMax: number, headBytes?: number): Promise<Uint8Array>
  /** fstat now: whether it changed while it was read. ENOENT, where that can be told, when it was removed or replaced. */
  stampNow(): Promise<Stamp>
  close(): Promise<void>
}

export interface FileWriter {
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Closed in any case; rejects where the disk has not taken what was written, which it may say only now. */
  close(): Promise<void>
  /** Gives it bits and time, as `finish-staged` does, and closes it. Says what it is then: by that it is known again once it is in place. Rejects as `close`. */
  finish(bits: FileBits): Promise<Stamp>
}

/** What a file has besides its bytes. */
export interface FileBits {
  readonly mode: number
  readonly mtimeNs: bigint
}

/**
 * One effect. Where a change names `expect`, the target (the source, of a move) is looked at again in the same step, right before
 * the effect; unless it is still that, nothing is done and the change fails with ECHANGED.
 */
export type DiskChange =
  | { readonly do: 'make-directory'; readonly path: RelativePath; readonly mode: number }
  | {
      readonly do: 'stage-link'
      readonly name: string
      readonly target: Uint8Array
      readonly mtimeNs: bigint
    }
  /** Bits and time of a staged file, before it is renamed into place. */
  | { readonly do: 'finish-staged'; readonly name: string; readonly mode: number; readonly mtimeNs: bigint }
  /**
   * Puts a staged file or link into place; replaces what is there only if `replace`, else fails with EEXIST, atomically. What is replaced
   * gets the name `keep` in the staging area, where the file system has hard links; if it turns out not to be what was expected, it is
   * back in its place, and the change has failed with ECHANGED.
   */
  | {
      readonly do: 'place'
      readonly name: string
      readonly path: RelativePath
      readonly replace: boolean
      readonly expect?: Stamp | undefined
      readonly keep?: string | undefined
    }
  /**
   * Moves within the folder; never replaces: fails with EEXIST. When both are the same file already (a move that a crash cut in
   * two), it is finished.
   */
  | {
      readonly do: 'move'
      readonly from: RelativePath
      readonly to: RelativePath
      readonly expect?: Stamp | undefined
    }
  | { readonly do: 'set-mode'; readonly path: RelativePath; readonly mode: number }
  /** Bits and time of a file in place, the nearest time that can be kept: see `timeStepNs`. */
  | {
      readonly do: 'set-bits'
      readonly path: RelativePath
      readonly mode: number
      readonly mtimeNs: bigint
      readonly expect: Stamp
    }
  /** What is removed gets the name `keep` in the staging area, or is put back, as with `place`. */
  | {
      readonly do: 'remove-file'
      readonly path: RelativePath
      readonly expect?: Stamp | undefined
      readonly keep?: string | undefined
    }
  /** Fails with ENOTEMPTY when something is in it. */
  | { readonly do: 'remove-directory'; readonly path: RelativePath }
  | { readonly do: 'drop-staged'; readonly name: string }

/** The file system said no. `code` is the system's: ENOENT, EACCES, ENOSPC, EEXIST, ENOTEMPTY, …; or our own ECHANGED. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** Hints that something changed below a directory. Hints may be lost: the scan is the truth. */
export interface Watcher {
  /** Resolves when changes are seen from now on, or it is blind. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/** Why a watcher no longer sees: its limit on watches was reached, or it failed. */
export type BlindReason = 'watch-limit' | 'watch-failed'

export interface WatchEvents {
  /** Something may have changed directly in this directory. */
  hint(directory: RelativePath): void
  /** Whether what is at a path now is what this program itself has just left there: then its event is no news. May be asked or not. */
  isOwn?(path: RelativePath, there: Stamp | undefined): boolean
  /** Whether the directory at a path now, if one is there, is the one that this program itself has just made. What is in it is another matter. */
  isMade?(path: RelativePath, there: Stamp | undefined): boolean
  /** Events may have been lost, once: look at everything, then go on. */
  overflow?(): void
  /** Its limits were reached, or it failed: only rescans see changes from now on. */
  blind(reason: BlindReason): void
}
