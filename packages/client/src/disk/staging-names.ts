// What things in the staging area are called. Most of them are ours to throw away after a crash; two kinds are not: what was taken out of a
// user's way a moment ago, and notes about directories that were opened for work. Their names say what they are.
import type { RelativePath } from '../sync/name.ts'
import type { Stamp } from '../sync/tree.ts'
import { stagingDirectory, type Look } from './file-system.ts'
import { sameBytesLikely } from './stamp.ts'

const kept = /^kept-\d+-(\d+)-(\d+)-(-?\d+)$/

/** Where a staged thing lies, for looking at it. */
export function stagedPath(name: string): RelativePath {
  return `${stagingDirectory}/${name}` as RelativePath
}

/** Name for a file or link that is to be put into place. */
export function stagedName(count: number): string {
  return `put-${count}`
}

/** Name for chunks that come before it is known what they are for. */
export function aheadName(count: number): string {
  return `ahead-${count}`
}

/** Whether a name in the staging area is that of such chunks. */
export function isAhead(name: string): boolean {
  return /^ahead-\d+$/.test(name)
}

/** Name for a file that is replaced or removed, while somebody may still be writing to it. */
export function keptName(count: number, { ino, sizeBytes, mtimeNs }: Stamp): string {
  return `kept-${count}-${ino}-${sizeBytes}-${mtimeNs}`
}

/** Whether a name in the staging area is that of a file that was replaced or removed. */
export function isKept(name: string): boolean {
  return kept.test(name)
}

/** Whether what was kept under this name is still what it was then: those bytes were known, and are in the history. */
export function isAsKept(name: string, { stamp }: Look): boolean {
  const [, ino = '0', sizeBytes = '0', mtimeNs = '0'] = kept.exec(name) ?? []
  return sameBytesLikely(
    { ...stamp, ino: BigInt(ino), sizeBytes: Number(sizeBytes), mtimeNs: BigInt(mtimeNs) },
    stamp,
  )
}

/** Name for the note about a directory that is open for work. */
export function openedName(count: number): string {
  return `opened-${count}`
}

/** Whether a name in the staging area is that of such a note. */
export function isOpened(name: string): boolean {
  return /^opened-\d+$/.test(name)
}
