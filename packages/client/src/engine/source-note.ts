// Which directory the source of a backup was when it was last looked at, as a row of the state: another one may be a mount point without its disk.
import { ItemReader, ItemWriter } from '../state/item-codec.ts'
import { otherKey } from '../state/state-keys.ts'
import type { StateRows } from '../state/state-rows.ts'
import type { TreesStore } from '../state/trees-store.ts'
import type { Stamp } from '../sync/tree.ts'

const key = otherKey('source')
const writer = new ItemWriter(32)

/** Device and inode of a directory. */
type Place = Pick<Stamp, 'dev' | 'ino'>

/** Whether it is the directory that was noted; false where none was. */
export function isNotedSource(rows: StateRows, { dev, ino }: Place): boolean {
  const bytes = rows.other(key)
  if (bytes === undefined) return false
  const reader = new ItemReader(bytes)
  return reader.wide() === dev && reader.wide() === ino
}

/** Notes it; written only where it is another one. */
export async function noteSource(trees: TreesStore, place: Place): Promise<void> {
  if (isNotedSource(trees, place)) return
  writer.wide(place.dev)
  writer.wide(place.ino)
  const row = writer.take()
  await trees.write({ flush: false }, (rows) => rows.put(key, row))
}
