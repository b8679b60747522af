// A disk that was mounted within the source of a backup, and is not: its mount point is an empty directory of the disk around it.
import type { TreesTransaction } from '../state/trees.ts'
import { DiskError } from './file-system.ts'
import type { Seen } from './look-identify.ts'
import type { LookOptions } from './look-report.ts'
import { parentOf } from './ignore.ts'

/**
 * Whether a directory is one: known as of another disk than now, when it is of its parent's, with something in it, and empty. Not asked
 * where it may be empty. A directory that cannot be listed is none.
 */
export async function isUnmounted(
  {
    files,
    tree,
    isSource,
    allowEmpty,
  }: Pick<LookOptions, 'files' | 'isSource' | 'allowEmpty'> & { readonly tree: TreesTransaction },
  seen: Seen,
): Promise<boolean> {
  if (isSource !== true || allowEmpty === true) return false
  const id = tree.child('local', seen.parent, seen.name)
  const row = id === undefined ? undefined : tree.get(id)?.local
  if (id === undefined || row?.value.kind !== 'directory' || row.stamp.dev === seen.look.stamp.dev)
    return false
  const [parent] = await files.look([parentOf(seen.path)])
  if (parent?.stamp.dev !== seen.look.stamp.dev) return false
  const children = tree.children('local', id)[Symbol.asyncIterator]()
  const first = await children.next()
  await children.return?.(undefined)
  if (first.done === true) return false
  try {
    return (await files.list(seen.path))?.length === 0
  } catch (error) {
    if (!(error instanceof DiskError) || error.code === 'ESTALE') throw error
    return false
  }
}
