// What is unusual: how many files of the folder went or hold other bytes than both sides agreed on. Pure: counts and comparisons only.
// Stopping, asking and going on are the engine's.
import { sameContent, type Columns, type FileValue, type NodeValue } from './tree.ts'

/** The brake takes hold from so many files on: below, a person sees by themselves what happened, and history has it. */
export const brakeFilesMin = 25
/** And from such a share of the folder on: a third. */
export const brakeShare = 3

/** What the two sides may be about to do to files that both agreed on. Never less than what they will do. */
export interface Doubts {
  /** Files that both sides agreed on. */
  readonly files: number
  /** Of these: gone or changed here, or not read since they were touched, while the log has them as they were. */
  readonly here: number
  /** Of these: gone or changed in the log, while this folder has them as they were. */
  readonly there: number
}

/** No node. */
export const noDoubts: Doubts = { files: 0, here: 0, there: 0 }

/** What one node adds. */
export function doubtsOf({ base, local, remote }: Columns): Doubts {
  if (base?.value.kind !== 'file') return noDoubts
  const goneHere = isLost(base.value, local?.value)
  const goneThere = isLost(base.value, remote?.value)
  return { files: 1, here: goneHere && !goneThere ? 1 : 0, there: goneThere && !goneHere ? 1 : 0 }
}

/** How one file stands on one side, against what was agreed: `touched` when only its bytes can tell. */
export type Fate = 'kept' | 'gone' | 'changed' | 'touched'

/** What became of a file, as the one that has its place now says. */
export function fateOf(agreed: FileValue, now: NodeValue | undefined): Fate {
  if (now?.kind !== 'file') return 'gone'
  if (now.sizeBytes !== agreed.sizeBytes) return 'changed'
  if (now.content === undefined) return 'touched'
  return sameContent(agreed, now) ? 'kept' : 'changed'
}

/** Whether so many of so many files make a person look. */
export function isUnusual(count: number, files: number): boolean {
  return count >= brakeFilesMin && count * brakeShare >= files
}

function isLost(agreed: FileValue, now: NodeValue | undefined): boolean {
  return now?.kind !== 'file' || !sameContent(agreed, now)
}
