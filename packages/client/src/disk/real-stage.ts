// Files made in the staging area of a real folder, with synchronous calls: opened anew, and small ones written whole.
import * as fs from 'node:fs'
import type { Stamp } from '../sync/tree.ts'
import type { WholeFile } from './file-system.ts'
import { isCode } from './real-change.ts'
import type { SystemPath } from './real-directory.ts'
import { secondsOf, stampOf } from './real-io.ts'

/** Bits of a file that is still being written. */
const openBits = 0o600

/**
 * Opens a new file for writing. Never truncated in place: after a crash what is there may be a second name of a file that already stands in
 * the folder.
 */
export function createFile(path: SystemPath, mode = openBits): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
  try {
    return fs.openSync(path, flags, mode)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    fs.rmSync(path, { force: true })
    return fs.openSync(path, flags, mode)
  }
}

/** Makes a small file whole, and says what it is then. It has its bits from the start, in a directory that is nobody else's; what a mask took away is given. */
export function stageFile(path: SystemPath, { bytes, bits }: Omit<WholeFile, 'name'>): Stamp {
  const fd = createFile(path, bits.mode)
  try {
    for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done, bytes.length - done, done)
    const seconds = secondsOf(bits.mtimeNs)
    fs.futimesSync(fd, seconds, seconds)
    const stamp = stampOf(fs.fstatSync(fd, { bigint: true }))
    if (stamp.mode === bits.mode) return stamp
    fs.fchmodSync(fd, bits.mode)
    return stampOf(fs.fstatSync(fd, { bigint: true }))
  } finally {
    fs.closeSync(fd)
  }
}
