// What things in the staging area are called. Most of them are ours to throw away after a crash. What was taken out of a user's way a moment ago is not,
// nor are notes about directories that were opened for work; and large files that were being fetched may be of use. Their names say what they are.
import { hash } from 'node:crypto'
import type { RelativePath } from '../sync/name.ts'
import type { Content } from '../sync/tree.ts'
import type { Stamp } from '../sync/tree.ts'
import { stagingDirectory, type Look } from './file-system.ts'
import { sameBytesLikely } from './stamp.ts'

const kept = /^kept-\d+-(\d+)-(\d+)-(-?\d+)$/

/** Where a staged thing lies, for looking at it. */
export function stagedPath(name: string): RelativePath {
  return `${stagingDirectory}/${name}` as RelativePath
}

/** Name for a file or link that is to be put into place. `content`: of a file that is not to be thrown away when a run is cut off. */
export function stagedName(count: number, content?: Content): string {
  return content === undefined ? `put-${count}` : `put-${count}-${contentKey(content)}`
}

const left = /^put-(\d{1,12})-([0-9a-f]{32})$/

/** What the name of a staged file says that may be of use to a later run: its count, and the key of its content. */
export function leftOf(name: string): { readonly count: number; readonly key: string } | undefined {
  const [, count, key] = left.exec(name) ?? []
  return key === undefined ? undefined : { count: Number(count), key }
}

/** By this a content is known again; 32 hex digits. */
export function contentKey(content: Content): string {
  return hash('sha256', content, 'hex').slice(0, 32)
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
