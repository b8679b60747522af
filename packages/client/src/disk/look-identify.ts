// Which node something on the disk is: by place and inode, by inode (it moved), by place (it was saved anew), or a new one.
import { likenessOf } from '../sync/likeness.ts'
import { joinPath, type Name, type RelativePath } from '../sync/name.ts'
import { rootId, type Columns, type NodeId } from '../sync/tree.ts'
import type { TreesReader, TreesTransaction } from '../state/trees.ts'
import { DiskError, type DiskTraits, type FileSystem, type Look } from './file-system.ts'
import { parentOf } from './ignore.ts'
import { inodeNow, isNear, sameBytesLikely } from './stamp.ts'

/** Where no name tells whether a directory is a known one, so many of its children are looked at. */
const childrenLookedAt = 64

/** Something seen in a directory. */
export interface Seen {
  readonly parent: NodeId
  readonly name: Name
  readonly path: RelativePath
  readonly look: Look
}

export interface IdentifyOptions {
  readonly tree: TreesTransaction
  readonly files: FileSystem
  readonly traits: DiskTraits
  /** Whether this look already found the node missing from where it was. */
  readonly isMissing: (id: NodeId) => boolean
}

export interface Identity {
  /** undefined: a node that is new here. */
  readonly id: NodeId | undefined
  /** The node that had the name until now, and is not this one. */
  readonly displaced: NodeId | undefined
}

/**
 * The node that was seen. `unfinished`: the second name of a file that a crash of ours left in the middle of a move; the next apply
 * finishes it.
 */
export async function identify(options: IdentifyOptions, seen: Seen): Promise<Identity | 'unfinished'> {
  const { tree } = options
  const here = tree.child('local', seen.parent, seen.name)
  const row = here === undefined ? undefined : tree.get(here)?.local
  const sameKind = row?.value.kind === seen.look.kind
  if (sameKind && row.stamp.ino === seen.look.stamp.ino) return { id: here, displaced: undefined }
  const moved = await movedHere(options, seen)
  if (moved === 'unfinished') return 'unfinished'
  if (moved !== undefined) return { id: moved, displaced: here }
  if (sameKind) return { id: here, displaced: undefined }
  return { id: cameBack(tree, seen), displaced: here }
}

/** Whether this very name is there: a file system that folds names would find another spelling, too. */
export async function isThere(
  options: Pick<IdentifyOptions, 'files' | 'traits'>,
  path: RelativePath,
): Promise<Look | undefined> {
  const [look] = await options.files.look([path])
  if (look === undefined || !(options.traits.caseInsensitive || options.traits.normalizesUnicode)) return look
  const names = await options.files.list(parentOf(path))
  const name = path.slice(path.lastIndexOf('/') + 1)
  return names?.some((other) => other === name) === true ? look : undefined
}

/** The node whose inode this is, when it has left its place. */
async function movedHere(options: IdentifyOptions, seen: Seen): Promise<NodeId | 'unfinished' | undefined> {
  const { tree } = options
  const { stamp, kind } = seen.look
  const id = tree.byInode(stamp.dev, stamp.ino)
  const columns = id === undefined ? undefined : tree.get(id)
  if (id === undefined || columns === undefined) return undefined
  if (isAbove(tree, id, seen.parent) || !(await isTheSame(options, { id, columns }, seen))) return undefined
  if (columns.local === undefined || options.isMissing(id)) return id
  const path = tree.pathOf('local', id)
  const there = path === undefined ? undefined : await isThere(options, path)
  if (there === undefined) return id
  if (there.stamp.ino === stamp.ino && there.stamp.dev === stamp.dev)
    return isOurMove(columns, seen) ? 'unfinished' : undefined
  // Another file stands where it was. One that nobody knows: an editor kept the old one aside and wrote the new one, and the node
  // stays with its name. A directory takes all its children along, so there the inode decides.
  const owner = tree.byInode(there.stamp.dev, there.stamp.ino)
  const savedAnew = kind !== 'directory' && there.kind === kind && (owner === undefined || owner === id)
  return savedAnew ? undefined : id
}

/**
 * Whether an inode is still the thing that the node was, and not a new one with the number of a removed one: a file that only moved has
 * its size and time, a directory some child in common, by name or by inode. (One that moved and was edited before anybody looked counts as a new one.)
 */
async function isTheSame(
  options: IdentifyOptions,
  node: { readonly id: NodeId; readonly columns: Columns },
  seen: Seen,
): Promise<boolean> {
  const { tree, files, traits } = options
  const { local, base } = node.columns
  const value = (local ?? base)?.value
  const { stamp, kind } = seen.look
  if (value?.kind !== kind) return false
  if (value.kind !== 'directory') {
    if (local !== undefined)
      return sameBytesLikely(local.stamp, stamp) && inodeNow(local.stamp, seen.look, traits) !== 'another'
    const size = value.kind === 'file' ? value.sizeBytes : stamp.sizeBytes
    return size === stamp.sizeBytes && isNear(value.mtimeNs, stamp.mtimeNs, traits.timeStepNs)
  }
  try {
    return await isSameDirectory({ tree, files }, node, seen.path)
  } catch (error) {
    const isDenied = error instanceof DiskError && error.code !== 'ESTALE'
    if (isDenied && (await isMovedUnread(options, node, seen))) return true
    throw error
  }
}

/**
 * Whether a directory that may not be read now is a known one under another name: then what was in it stays as it was last seen. Only where everything
 * speaks for it: else it would take over what another one is, or was.
 */
async function isMovedUnread(
  options: IdentifyOptions,
  { id, columns: { local } }: { readonly id: NodeId; readonly columns: Columns },
  { parent, name, look }: Seen,
): Promise<boolean> {
  const { tree, traits } = options
  if (local === undefined || inodeNow(local.stamp, look, traits) !== 'same') return false
  if (tree.child('local', parent, name) !== undefined) return false
  if (options.isMissing(id)) return true
  const path = tree.pathOf('local', id)
  return path === undefined || (await isThere(options, path)) === undefined
}

/** Whether a directory has a child of the node's, by name or by inode, or the node had none. */
async function isSameDirectory(
  { tree, files }: Pick<IdentifyOptions, 'tree' | 'files'>,
  { id, columns }: { readonly id: NodeId; readonly columns: Columns },
  path: RelativePath,
): Promise<boolean> {
  const names = await files.list(path)
  const held = new Set<string>(names)
  let empty = true
  for await (const { name } of tree.children(columns.local === undefined ? 'base' : 'local', id)) {
    if (held.has(name)) return true
    empty = false
  }
  return empty || (await holdsChildOf({ tree, files }, id, { path, names: names ?? [] }))
}

/** Whether something in a directory is, by its inode, what was in the node: then its name changed, too. */
async function holdsChildOf(
  { tree, files }: Pick<IdentifyOptions, 'tree' | 'files'>,
  id: NodeId,
  { path, names }: { path: RelativePath; names: readonly Name[] },
): Promise<boolean> {
  const paths = names.slice(0, childrenLookedAt).map((name) => joinPath(path, name))
  for (const look of await files.look(paths)) {
    const child = look && tree.byInode(look.stamp.dev, look.stamp.ino)
    const columns = child === undefined ? undefined : tree.get(child)
    if ((columns?.local ?? columns?.base)?.parent === id) return true
  }
  return false
}

/** Two names of one file, of which the second is where the log has it: link and unlink of a move, cut off between the two. */
function isOurMove(columns: Columns, seen: Seen): boolean {
  const { remote } = columns
  return remote?.parent === seen.parent && remote.name === seen.name && seen.look.kind !== 'directory'
}

/** A node that had vanished from this place and is there again, as base has it. */
function cameBack(tree: TreesTransaction, seen: Seen): NodeId | undefined {
  const id = tree.child('base', seen.parent, seen.name)
  const columns = id === undefined ? undefined : tree.get(id)
  return columns?.local === undefined && columns?.base?.value.kind === seen.look.kind ? id : undefined
}

function isAbove(tree: TreesTransaction, id: NodeId, below: NodeId): boolean {
  for (
    let at: NodeId | undefined = below;
    at !== undefined && at !== rootId;
    at = tree.get(at)?.local?.parent
  )
    if (at === id) return true
  return false
}

/** Whether a directory's name is one that this file system takes for another in the listing's own spelling. */
export function sameForDisk(traits: DiskTraits, a: string, b: string): boolean {
  if (a === b) return true
  return (traits.caseInsensitive || traits.normalizesUnicode) && likenessOf(a) === likenessOf(b)
}

/** The path of what is seen in a directory. */
export function seenAt(place: { parent: NodeId; path: RelativePath; name: Name }, look: Look): Seen {
  return { parent: place.parent, name: place.name, path: joinPath(place.path, place.name), look }
}

/** Whether the name is one that is synced. */
export function isTracked(tree: TreesReader, parent: NodeId, name: Name): boolean {
  return tree.child('local', parent, name) !== undefined || tree.child('base', parent, name) !== undefined
}
