// The remote tree from a place on, directories before what is in them, by name: never all of it in memory.
import type { TreesReader } from '../state/trees.ts'
import { joinPath, rootPath, type RelativePath } from '../sync/name.ts'
import { rootId, type NodeId, type Row } from '../sync/tree.ts'

/** A row with where it is. */
export interface WalkedRow {
  readonly path: RelativePath
  readonly row: Row
}

type Walked = Pick<TreesReader, 'children' | 'get' | 'find'>

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
