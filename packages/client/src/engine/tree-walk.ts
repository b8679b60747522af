// The remote tree from a place on, directories before what is in them, by name: never all of it in memory.
import type { TreesReader } from '../state/trees.ts'
import { asName, joinPath, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import { rootId, type NodeId, type Row } from '../sync/tree.ts'

/** A row with where it is. */
export interface WalkedRow {
  readonly path: RelativePath
  readonly row: Row
}

type Walked = Pick<TreesReader, 'children' | 'get' | 'find'>
interface Alike extends Pick<TreesReader, 'child' | 'find'> {
  /** The names in a directory, in any tree, that some file system may take for this one. */
  namesLike(parent: NodeId, name: Name): readonly Name[]
}

/** All below the root; with `from` what has that path, its parents first, and all below. Nothing when nothing has that path. */
export async function* walkTree(trees: Walked, from: RelativePath = rootPath): AsyncGenerator<WalkedRow> {
  if (from === rootPath) {
    yield* walkBelow(trees, rootId, rootPath)
    return
  }
  const id = trees.find('remote', from)
  const row = id === undefined ? undefined : trees.get(id)?.remote
  if (id === undefined || row === undefined) return
  yield* parentsOf(trees, from)
  yield { path: from, row }
  if (row.value.kind === 'directory') yield* walkBelow(trees, id, from)
}

/** What `walkTree` gives from a path on, that path's row first. @throws RangeError when nothing has it */
export async function* walkFrom(trees: Walked, path: RelativePath): AsyncGenerator<WalkedRow> {
  yield* walkBehind(trees, { id: rootId, path: rootPath }, path.split('/'))
}

/** `names`: the way down to where it begins. What comes before it is passed over; the directories on the way are known. */
async function* walkBehind(
  trees: Walked,
  parent: { readonly id: NodeId; readonly path: RelativePath },
  [first, ...rest]: readonly string[],
): AsyncGenerator<WalkedRow> {
  let isBehind = false
  for await (const { id, name } of trees.children('remote', parent.id)) {
    const isOnWay = name === first
    if (!isBehind && !isOnWay) continue
    isBehind = true
    const row = trees.get(id)?.remote
    if (row === undefined) continue
    const path = joinPath(parent.path, name)
    if (isOnWay && rest.length > 0) {
      yield* walkBehind(trees, { id, path }, rest)
      continue
    }
    yield { path, row }
    if (row.value.kind === 'directory') yield* walkBelow(trees, id, path)
  }
  if (!isBehind) throw new RangeError('a walk begins where nothing is')
}

/** What has one of the paths, and all below, each once; without a path the whole tree. */
export async function* walkPaths(trees: Walked, paths: readonly RelativePath[]): AsyncGenerator<WalkedRow> {
  const within = (path: RelativePath): boolean =>
    paths.some((other) => other !== path && path.startsWith(`${other}/`))
  const outermost = new Set(paths.filter((path) => !within(path)))
  if (outermost.size === 0) yield* walkTree(trees)
  const parents = new Set<RelativePath>()
  for (const from of outermost)
    for await (const walked of walkTree(trees, from)) {
      const isParent = from.startsWith(`${walked.path}/`)
      if (isParent && parents.has(walked.path)) continue
      if (isParent) parents.add(walked.path)
      yield walked
    }
}

function* parentsOf(trees: Walked, path: RelativePath): Generator<WalkedRow> {
  const names = path.split('/')
  for (let count = 1; count < names.length; count += 1) {
    const parent = names.slice(0, count).join('/') as RelativePath
    const id = trees.find('remote', parent)
    const row = id === undefined ? undefined : trees.get(id)?.remote
    if (row !== undefined) yield { path: parent, row }
  }
}

async function* walkBelow(trees: Walked, parent: NodeId, path: RelativePath): AsyncGenerator<WalkedRow> {
  for await (const { id, name } of trees.children('remote', parent)) {
    const row = trees.get(id)?.remote
    if (row === undefined) continue
    const own = joinPath(path, name)
    yield { path: own, row }
    if (row.value.kind === 'directory') yield* walkBelow(trees, id, own)
  }
}

/** Whether the directory of a path has a name that some file system takes for the one of that path. */
export function isThereAlike(trees: Alike, path: RelativePath): boolean {
  const slash = path.lastIndexOf('/')
  const parent = trees.find('remote', path.slice(0, Math.max(0, slash)) as RelativePath)
  const name = asName(path.slice(slash + 1))
  if (parent === undefined || name === undefined) return false
  return trees.namesLike(parent, name).some((like) => trees.child('remote', parent, like) !== undefined)
}
