// The single effects on a folder in memory, with the same refusals as the real one.
import type { Stamp } from '../sync/tree.ts'
import { DiskError, type DiskChange } from './file-system.ts'
import { stampOf, type MemoryFolder } from './memory-folder.ts'
import type { Inode } from './memory-disk.ts'
import { sameStamp } from './stamp.ts'

type ChangeOf<D extends DiskChange['do']> = Extract<DiskChange, { do: D }>

/** Does it in one step; says which inode has unflushed bits now, if any. @throws DiskError */
export function changeInMemory(folder: MemoryFolder, change: DiskChange): number | undefined {
  folder.mayFail(change.do, 'path' in change ? change.path : 'name' in change ? change.name : change.from)
  switch (change.do) {
    case 'make-directory':
      return makeDirectory(folder, change)
    case 'stage-link': {
      const link = folder.disk.make('link', 0o777, change.target.slice())
      link.mtimeNs = cutTime(folder, change.mtimeNs)
      nameStaged(folder, change.name, link.ino)
      return link.ino
    }
    case 'finish-staged': {
      const inode = staged(folder, change.name)
      setBits(folder, inode, change)
      return inode.ino
    }
    case 'place':
      place(folder, change)
      return undefined
    case 'move':
      move(folder, change)
      return undefined
    case 'set-mode':
      if (folder.at(change.path).kind === 'link')
        throw new DiskError('ELOOP', 'a link has no permission bits')
      setBits(folder, folder.at(change.path), { mode: change.mode })
      return folder.at(change.path).ino
    case 'set-bits': {
      const inode = folder.at(change.path)
      checkStill(folder, inode.ino, change.expect)
      setBits(folder, inode, change)
      return inode.ino
    }
    case 'remove-file':
      removeFile(folder, change)
      return undefined
    case 'remove-directory':
      removeDirectory(folder, change)
      return undefined
    case 'drop-staged': {
      if (folder.staging().entries.has(change.name)) nameStaged(folder, change.name, undefined)
      return undefined
    }
  }
}

interface Spot {
  readonly directory: Inode
  readonly name: string
}

function put(folder: MemoryFolder, { directory, name }: Spot, ino: number | undefined): void {
  folder.disk.rename([{ directory: directory.ino, name, ino }], { sure: false })
}

/** Nobody waits for the staging area: what is named there is, or is swept. */
function nameStaged(folder: MemoryFolder, name: string, ino: number | undefined): void {
  folder.disk.rename([{ directory: folder.staging().ino, name, ino }], { sure: true })
}

function makeDirectory(folder: MemoryFolder, change: ChangeOf<'make-directory'>): number {
  const spot = writable(folder, change.path)
  if (spot.directory.entries.has(spot.name)) throw new DiskError('EEXIST', `exists: ${change.path}`)
  const made = folder.disk.make('directory', change.mode)
  put(folder, spot, made.ino)
  return made.ino
}

function place(folder: MemoryFolder, change: ChangeOf<'place'>): void {
  const staging = folder.staging()
  const inode = staged(folder, change.name)
  const spot = writable(folder, change.path)
  const there = spot.directory.entries.get(spot.name)
  if (!change.replace && there !== undefined) throw new DiskError('EEXIST', `exists: ${change.path}`)
  if (change.replace && change.expect !== undefined) checkStill(folder, there, change.expect)
  if (there !== undefined && folder.disk.inode(there).kind === 'directory')
    throw new DiskError('EISDIR', `a directory: ${change.path}`)
  const kept =
    change.keep === undefined || there === undefined
      ? []
      : [{ directory: staging.ino, name: change.keep, ino: there }]
  folder.disk.rename(
    [
      { directory: staging.ino, name: change.name, ino: undefined },
      ...kept,
      { directory: spot.directory.ino, name: spot.name, ino: inode.ino },
    ],
    { sure: false },
  )
}

function move(folder: MemoryFolder, change: ChangeOf<'move'>): void {
  const from = writable(folder, change.from)
  const to = writable(folder, change.to)
  const inode = folder.disk.inode(from.directory.entries.get(from.name))
  if (change.expect !== undefined) checkStill(folder, inode.ino, change.expect)
  const there = to.directory.entries.get(to.name)
  // The same inode under a name that differs in spelling alone: only the spelling changes.
  const isRespelt = there === inode.ino && change.from !== change.to
  if (there !== undefined && (there !== inode.ino || (inode.kind === 'directory' && !isRespelt)))
    throw new DiskError('EEXIST', `exists: ${change.to}`)
  if (`${change.to}/`.startsWith(`${change.from}/`)) throw new DiskError('EINVAL', 'into itself')
  folder.disk.rename(
    [
      { directory: from.directory.ino, name: from.name, ino: undefined },
      { directory: to.directory.ino, name: isRespelt ? lastOf(change.to) : to.name, ino: inode.ino },
    ],
    { sure: false },
  )
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function removeFile(folder: MemoryFolder, change: ChangeOf<'remove-file'>): void {
  const spot = writable(folder, change.path)
  const inode = folder.disk.inode(spot.directory.entries.get(spot.name))
  if (change.expect !== undefined) checkStill(folder, inode.ino, change.expect)
  if (inode.kind === 'directory') throw new DiskError('EISDIR', `a directory: ${change.path}`)
  const gone = { directory: spot.directory.ino, name: spot.name, ino: undefined }
  const kept =
    change.keep === undefined ? [] : [{ directory: folder.staging().ino, name: change.keep, ino: inode.ino }]
  folder.disk.rename([gone, ...kept], { sure: false })
}

function removeDirectory(folder: MemoryFolder, change: ChangeOf<'remove-directory'>): void {
  const spot = writable(folder, change.path)
  const inode = folder.disk.inode(spot.directory.entries.get(spot.name))
  if (inode.kind !== 'directory') throw new DiskError('ENOTDIR', `not a directory: ${change.path}`)
  if (inode.entries.size > 0) throw new DiskError('ENOTEMPTY', `not empty: ${change.path}`)
  put(folder, spot, undefined)
}

function staged(folder: MemoryFolder, name: string): Inode {
  return folder.disk.inode(folder.staging().entries.get(name))
}

function setBits(folder: MemoryFolder, inode: Inode, bits: { mode?: number; mtimeNs?: bigint }): void {
  folder.disk.touch(inode)
  if (bits.mode !== undefined) inode.mode = bits.mode
  if (bits.mtimeNs !== undefined) inode.mtimeNs = cutTime(folder, bits.mtimeNs)
}

/** As a file system that keeps coarser times. */
function cutTime(folder: MemoryFolder, mtimeNs: bigint): bigint {
  const step = folder.options.timeStepNs ?? 1_000n
  return mtimeNs - (((mtimeNs % step) + step) % step)
}

/** Directory and name, when its bits allow changes. */
function writable(folder: MemoryFolder, path: string): Spot {
  const spot = folder.place(path)
  if ((spot.directory.mode & 0o300) !== 0o300) throw new DiskError('EACCES', `permission denied: ${path}`)
  if (Buffer.byteLength(spot.name) > 255) throw new DiskError('ENAMETOOLONG', `too long: ${path}`)
  return spot
}

function checkStill(folder: MemoryFolder, ino: number | undefined, expect: Stamp): void {
  const inode = ino === undefined ? undefined : folder.disk.inodes.get(ino)
  if (inode === undefined || !sameStamp(expect, stampOf(inode)))
    throw new DiskError('ECHANGED', 'not what was expected there')
}
