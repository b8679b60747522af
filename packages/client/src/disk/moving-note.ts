// A note in the staging area about a file on its way to another name, where that takes two steps: linked there, then unlinked here. After a
// crash in between it has both names, and would be taken for two files; so the move is finished before anybody looks.
import { concat } from '@grenier/crypto'
import { nameToBytes, type RelativePath } from '../sync/name.ts'
import type { FileSystem } from './file-system.ts'
import { linkTargetBytesMax, pathFromBytes } from './opened-note.ts'
import { stagedPath } from './staging-names.ts'

/** What the note is called: moves are one at a time. */
export const movingName = 'moving'

/** A move. */
export interface Moving {
  readonly from: RelativePath
  readonly to: RelativePath
}

/** The target of the link that is the note: length of the first path, colon, both paths. undefined when no link holds that. */
export function encodeMoving({ from, to }: Moving): Uint8Array | undefined {
  const [here, there] = [nameToBytes(from), nameToBytes(to)]
  const target = concat([Buffer.from(`${here.length}:`, 'latin1'), here, there])
  return target.length <= linkTargetBytesMax ? target : undefined
}

/** Finishes what a note tells of, if it was begun, and drops the note. @throws DiskError */
export async function finishMoving(files: FileSystem): Promise<void> {
  const moving = decodeMoving(await files.readLink(stagedPath(movingName)))
  if (moving !== undefined) {
    const [from, to] = await files.look([moving.from, moving.to])
    const isBegun = from !== undefined && from.stamp.dev === to?.stamp.dev && from.stamp.ino === to.stamp.ino
    if (isBegun && from.kind !== 'directory') await files.change({ do: 'move', ...moving })
  }
  await files.change({ do: 'drop-staged', name: movingName })
}

function decodeMoving(target: Uint8Array): Moving | undefined {
  const cut = target.indexOf(0x3a)
  const length = Number.parseInt(Buffer.from(target.subarray(0, cut)).toString('latin1'), 10)
  if (cut < 1 || !Number.isInteger(length) || length < 1) return undefined
  const from = pathFromBytes(target.subarray(cut + 1, cut + 1 + length))
  const to = pathFromBytes(target.subarray(cut + 1 + length))
  return from === undefined || to === undefined ? undefined : { from, to }
}
