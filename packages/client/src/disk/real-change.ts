// The single effects on a real folder. Node has no renameat2: what must not replace is done by link + unlink, which is atomic for
// files and links; a directory is moved by rename right after a look, and rename(2) itself replaces nothing but an empty directory.
import * as fs from 'node:fs'
import type { Stamp } from '../sync/tree.ts'
import { DiskError, ownDirectory, stagingDirectory, type DiskChange } from './file-system.ts'
import { encodeMoving, movingName } from './moving-note.ts'
import {
  changeMode,
  splitPath,
  type OpenDirectory,
  type RealDirectories,
  type SystemPath,
} from './real-directory.ts'
import { secondsOf, stampOf } from './real-io.ts'
import { sameButChange, sameStamp } from './stamp.ts'

type ChangeOf<D extends DiskChange['do']> = Extract<DiskChange, { do: D }>

/** Does it, synchronously. Says of a directory that it made what it is. Throws the system's errors. */
export function carryOut(directories: RealDirectories, change: DiskChange): Stamp | undefined {
  if (change.do === 'make-directory') return makeDirectory(directories, change)
  carryOutOther(directories, change)
  return undefined
}

function carryOutOther(
  directories: RealDirectories,
  change: Exclude<DiskChange, { do: 'make-directory' }>,
): void {
  switch (change.do) {
    case 'stage-link': {
      const path = ensureStaging(directories).at(change.name)
      fs.rmSync(path, { force: true })
      fs.symlinkSync(Buffer.from(change.target), path)
      setTime(path, change.mtimeNs)
      return
    }
    case 'finish-staged': {
      const path = ensureStaging(directories).at(change.name)
      changeMode(path, change.mode)
      setTime(path, change.mtimeNs)
      return
    }
    case 'place':
      place(directories, change)
      return
    case 'move':
      move(directories, change)
      return
    case 'set-mode':
      changeMode(locate(directories, change.path), change.mode)
      return
    case 'set-bits': {
      const path = locate(directories, change.path)
      checkStill(path, change.expect)
      changeMode(path, change.mode)
      setTime(path, change.mtimeNs)
      return
    }
    case 'remove-file':
      removeFile(directories, change)
      return
    case 'remove-directory':
      fs.rmdirSync(locate(directories, change.path))
      directories.forget()
      return
    case 'drop-staged':
      fs.rmSync(ensureStaging(directories).at(change.name), { force: true })
  }
}

/** The staging area, made when it is first needed: a folder that is only read never gets one. */
export function ensureStaging(directories: RealDirectories): OpenDirectory {
  try {
    return directories.open(stagingDirectory)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
    const own = directories.open('').at(ownDirectory)
    if (fs.lstatSync(own, { throwIfNoEntry: false }) === undefined) fs.mkdirSync(own, 0o700)
    fs.mkdirSync(directories.open(ownDirectory).at('staging'), 0o700)
    return directories.open(stagingDirectory)
  }
}

/** Sets a modification time, following no link. */
export function setTime(path: SystemPath, mtimeNs: bigint): void {
  const seconds = secondsOf(mtimeNs)
  fs.lutimesSync(path, seconds, seconds)
}

function makeDirectory(directories: RealDirectories, change: ChangeOf<'make-directory'>): Stamp {
  const path = locate(directories, change.path)
  fs.mkdirSync(path, change.mode)
  const made = fs.lstatSync(path, { bigint: true })
  // mkdir takes the bits of the umask away, and hands on a set-group-ID. Who watches the directory above hears of each change of them.
  if (Number(made.mode & 0o7777n) === change.mode) return stampOf(made)
  changeMode(path, change.mode)
  return stampNow(path)
}

function place(directories: RealDirectories, change: ChangeOf<'place'>): void {
  const staged = ensureStaging(directories).at(change.name)
  const target = locate(directories, change.path)
  if (change.replace) replace(directories, change, { staged, target })
  else placeNew(staged, target)
}

/**
 * Takes the place of what was expected there. Between the look and the rename somebody may have written: a second name of the replaced file
 * shows that, and gives it back. (One who puts another file there by a rename of his own, in between the two calls, is too quick for us.)
 */
function replace(
  directories: RealDirectories,
  { expect, keep }: ChangeOf<'place'>,
  { staged, target }: { readonly staged: SystemPath; readonly target: SystemPath },
): void {
  checkStill(target, expect)
  const kept = keep === undefined ? undefined : ensureStaging(directories).at(keep)
  const isKept = kept !== undefined && linkIfPossible(target, kept)
  const { ino } = fs.lstatSync(staged, { bigint: true })
  try {
    fs.renameSync(staged, target)
  } catch (error) {
    if (isKept) fs.unlinkSync(kept)
    throw error
  }
  if (!isKept || expect === undefined || sameButChange(expect, stampNow(kept))) return
  if (fs.lstatSync(target, { bigint: true, throwIfNoEntry: false })?.ino === ino) fs.renameSync(kept, target)
  throw new DiskError('ECHANGED', 'written to while it was replaced')
}

/** Whether a file has a second name now. */
function linkIfPossible(path: SystemPath, name: SystemPath): boolean {
  try {
    fs.rmSync(name, { force: true })
    fs.linkSync(path, name)
    return true
  } catch (error) {
    if (noHardLinks(error)) return false
    throw error
  }
}

/** Fails with EEXIST when there is anything. */
function placeNew(from: SystemPath, to: SystemPath): void {
  try {
    fs.linkSync(from, to)
  } catch (error) {
    if (!noHardLinks(error)) throw error
    claimAndReplace(from, to)
    return
  }
  fs.unlinkSync(from)
}

/** Takes it out of the way first: then nobody can put anything there that would be removed unseen. */
function removeFile(directories: RealDirectories, { path, expect, keep }: ChangeOf<'remove-file'>): void {
  const from = locate(directories, path)
  checkStill(from, expect)
  const kept = keep === undefined ? undefined : ensureStaging(directories).at(keep)
  if (kept === undefined || !renameIfPossible(from, kept)) {
    fs.unlinkSync(from)
    return
  }
  if (expect === undefined || sameButChange(expect, stampNow(kept))) return
  if (fs.lstatSync(kept).isDirectory()) fs.renameSync(kept, from)
  else placeNew(kept, from)
  throw new DiskError('ECHANGED', 'written to while it was removed')
}

/** False for what lies on another file system than the staging area. */
function renameIfPossible(from: SystemPath, to: SystemPath): boolean {
  try {
    fs.renameSync(from, to)
    return true
  } catch (error) {
    if (isCode(error, 'EXDEV')) return false
    throw error
  }
}

function stampNow(path: SystemPath): Stamp {
  return stampOf(fs.lstatSync(path, { bigint: true }))
}

/** For file systems without hard links: an empty file claims the name, which O_EXCL does atomically, and is then replaced. */
function claimAndReplace(staged: SystemPath, target: SystemPath): void {
  const fd = fs.openSync(target, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL, 0o600)
  const claim = fs.fstatSync(fd, { bigint: true })
  fs.closeSync(fd)
  if (fs.lstatSync(target).size !== 0) throw new DiskError('EEXIST', 'somebody wrote there meanwhile')
  try {
    fs.renameSync(staged, target)
  } catch (error) {
    // As where a file system is mounted in the folder. Left there, the claim would be taken for a file of somebody's.
    const there = fs.lstatSync(target, { bigint: true, throwIfNoEntry: false })
    if (there?.ino === claim.ino && there.size === 0n) fs.unlinkSync(target)
    throw error
  }
}

function move(directories: RealDirectories, change: ChangeOf<'move'>): void {
  const from = locate(directories, change.from)
  const to = locate(directories, change.to)
  const source = checkStill(from, change.expect)
  if (source === undefined) throw new DiskError('ENOENT', 'nothing to move')
  if (source.isDirectory()) {
    moveDirectory({ from, to, source })
    directories.forget()
    return
  }
  const note = noteMoving(directories, change)
  try {
    moveFile({ from, to, source })
  } finally {
    if (note !== undefined) fs.rmSync(note, { force: true })
  }
}

/** Where it cannot be written, a crash between the two steps leaves two names: nothing is lost. */
function noteMoving(directories: RealDirectories, change: ChangeOf<'move'>): SystemPath | undefined {
  const target = encodeMoving(change)
  if (target === undefined) return undefined
  try {
    const note = ensureStaging(directories).at(movingName)
    fs.rmSync(note, { force: true })
    fs.symlinkSync(Buffer.from(target), note)
    return note
  } catch {
    return undefined
  }
}

function moveFile({ from, to, source }: Move): void {
  try {
    fs.linkSync(from, to)
  } catch (error) {
    if (noHardLinks(error)) moveWithoutLinks({ from, to, source })
    else if (isCode(error, 'EEXIST')) finishMove({ from, to, source })
    else throw error
    return
  }
  fs.unlinkSync(from)
}

interface Move {
  readonly from: SystemPath
  readonly to: SystemPath
  readonly source: fs.BigIntStats
}

function moveDirectory({ from, to, source }: Move): void {
  const there = fs.lstatSync(to, { bigint: true, throwIfNoEntry: false })
  // The same inode under the new name: the file system takes the two names for one, and only the spelling changes.
  if (there !== undefined && there.ino !== source.ino) throw new DiskError('EEXIST', 'the name is taken')
  fs.renameSync(from, to)
}

function moveWithoutLinks({ from, to, source }: Move): void {
  const there = fs.lstatSync(to, { bigint: true, throwIfNoEntry: false })
  if (there !== undefined && there.ino !== source.ino) throw new DiskError('EEXIST', 'the name is taken')
  fs.renameSync(from, to)
}

/** The target exists. Of the same inode: either both names are one to this file system, or an earlier move was cut off in the middle. */
function finishMove({ from, to, source }: Move): void {
  const there = fs.lstatSync(to, { bigint: true, throwIfNoEntry: false })
  if (there?.ino !== source.ino || there.dev !== source.dev)
    throw new DiskError('EEXIST', 'the name is taken')
  // A file may have more names than these two, so that their number says nothing.
  if (source.nlink > 1n && isEntry(to) && isEntry(from)) fs.unlinkSync(from)
  else fs.renameSync(from, to)
}

/** Whether a directory has exactly this name in it, and not one that its file system takes for it. */
function isEntry(path: SystemPath): boolean {
  const bytes = typeof path === 'string' ? Buffer.from(path, 'latin1') : path
  const at = bytes.lastIndexOf(0x2f)
  const name = bytes.subarray(at + 1)
  return fs.readdirSync(bytes.subarray(0, at), { encoding: 'buffer' }).some((entry) => entry.equals(name))
}

/** What is there now. @throws DiskError ECHANGED unless it is still what was expected */
function checkStill(path: SystemPath, expect: Stamp | undefined): fs.BigIntStats | undefined {
  const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (expect === undefined) return stat
  if (stat === undefined || !sameStamp(expect, stampOf(stat)))
    throw new DiskError('ECHANGED', 'not what was expected there')
  return stat
}

function locate(directories: RealDirectories, path: string): SystemPath {
  const { parent, name } = splitPath(path)
  return directories.open(parent).at(name)
}

function noHardLinks(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'].some((code) => isCode(error, code))
}

/** Whether the system's error has this code. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
