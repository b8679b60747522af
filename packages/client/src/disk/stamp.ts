// What stamps say: whether a file is still the one that was seen. Times are those of the folder's file system.
import type { Stamp } from '../sync/tree.ts'
import type { DiskTraits, Look } from './file-system.ts'

/**
 * A stamp that equals no other: recorded for a file that changed so shortly before it was looked at that a further change would not
 * show in its times (git calls it racily clean). The next look reads such a file again.
 */
export function unsettled(stamp: Stamp): Stamp {
  return { ...stamp, ctimeNs: 0n }
}

/** Whether a recorded stamp says nothing about content. */
export function isUnsettled(stamp: Stamp): boolean {
  return stamp.ctimeNs === 0n
}

/** How long after a change of a file system with fine and with whole-second times a further change certainly shows. */
const fineSlackNs = 50_000_000n
const coarseSlackNs = 2_100_000_000n

/** A clock that is put right goes back by less, as a rule; from further ahead no write of today can take its time. */
const aheadNs = 5_000_000_000n

/**
 * The stamp to record for content that was read, or known, when the clock said `nowMs` (taken before the stat): as it is, or unsettled
 * when a further write could leave the very same times, because the last one was so lately. A rename or chmod just now is no reason:
 * a write would move the modification time. Nor is a time to come, of before the clock jumped back: a write of now has another.
 */
export function settled(stamp: Stamp, nowMs: number): Stamp {
  const nowNs = BigInt(Math.floor(nowMs)) * 1_000_000n
  const slackNs = slackOf(stamp)
  const isLate = stamp.ctimeNs + slackNs > nowNs && stamp.mtimeNs + slackNs > nowNs
  return isLate && stamp.ctimeNs < nowNs + aheadNs ? unsettled(stamp) : stamp
}

function slackOf(stamp: Stamp): bigint {
  return stamp.ctimeNs % 1_000_000_000n === 0n ? coarseSlackNs : fineSlackNs
}

/**
 * Whether a file is certainly still the one that was recorded. The device number does not count: it changes when a disk is mounted
 * again.
 */
export function sameStamp(recorded: Stamp, seen: Stamp): boolean {
  return !isUnsettled(recorded) && recorded.ctimeNs === seen.ctimeNs && sameButChange(recorded, seen)
}

/** The same but for the time of change, which a rename sets too. */
export function sameButChange(recorded: Stamp, seen: Stamp): boolean {
  return recorded.mode === seen.mode && sameBytesLikely(recorded, seen)
}

/** The same inode, size and modification time. */
export function sameBytesLikely(recorded: Stamp, seen: Stamp): boolean {
  return (
    recorded.ino === seen.ino && recorded.sizeBytes === seen.sizeBytes && recorded.mtimeNs === seen.mtimeNs
  )
}

/** Not coarser than this are the times of a file system whose inodes keep their numbers, and say when they were made. */
const fineNs = 1_000n

/**
 * Whether an inode is still the one that was recorded, or one that was made since and got its number. Unknown where the file system does not say when
 * it was made, or has coarse times: FAT keeps no time of change, and gives numbers out anew with each mount. Unknown, too, of what was written so lately
 * that its stamp says nothing.
 */
export function inodeNow(
  recorded: Stamp,
  { bornNs }: Pick<Look, 'bornNs'>,
  { timeStepNs }: Pick<DiskTraits, 'timeStepNs'>,
): 'same' | 'another' | 'unknown' {
  if (bornNs === undefined || timeStepNs > fineNs || isUnsettled(recorded)) return 'unknown'
  return bornNs > recorded.ctimeNs ? 'another' : 'same'
}

/** Whether two times are the same but for what a disk cuts off. */
export function isNear(a: bigint, b: bigint, stepNs: bigint): boolean {
  return a - b < stepNs && b - a < stepNs
}
