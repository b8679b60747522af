// A tree of the history, now or as it was: what a path is in it, what lies below, and where its content may be had.
import { ClientError } from '../errors.ts'
import type { Fetch, FetchOptions } from '../content/fetch.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { onLine } from './patiently.ts'
import { placesOf, type ChunkPlace } from '../state/chunk-index.ts'
import type { Child } from '../state/trees.ts'
import type { TreesStore } from '../state/trees-store.ts'
import { joinPath, nameFromBytes, rootPath, type RelativePath } from '../sync/name.ts'
import { rootId, type NodeId, type Row } from '../sync/tree.ts'
import type { NodeRow } from './history-query.ts'
import { contentKeysOf, type Vault } from './vault.ts'

/** The remote tree of some moment. */
export interface HistoryTree {
  readonly trees: TreesStore
  readonly sequence: number
  readonly fetch: Fetch
  /** What `fetch` is made of. */
  readonly content: FetchOptions
}

/** A node with its path. The root has no row. */
export interface Found {
  readonly id: NodeId
  readonly path: RelativePath
  readonly row: Row | undefined
}

/**
 * Fetches content that a moment of the log names: where the state of now says it lies, and where that of then did, since a pack that was
 * dropped is kept for a while.
 */
export function historyContent(
  vault: Vault,
  then: TreesStore,
  session: () => Promise<RelaySession>,
): FetchOptions {
  const { trees, log, platform } = vault
  return {
    pool: platform.pool,
    keys: () => contentKeysOf(vault),
    binding: log.vault,
    packKey: (epoch) => log.keys.packKey(epoch),
    places: (id) => (then === trees ? placesOf(trees, id) : united(placesOf(trees, id), placesOf(then, id))),
    get: (pack, range) => onLine(session, (line) => line.get(log.vault, pack, range)),
    found: () => undefined,
  }
}

function united(now: readonly ChunkPlace[], then: readonly ChunkPlace[]): readonly ChunkPlace[] {
  const known = new Set(now.map(keyOf))
  return [...now, ...then.filter((place) => !known.has(keyOf(place)))]
}

function keyOf({ pack, offset }: ChunkPlace): string {
  return `${Buffer.from(pack).toString('base64')} ${offset}`
}

/** What a path is. Slashes around it do no harm. @throws ClientError `path-unknown` */
export function foundAt({ trees }: Pick<HistoryTree, 'trees'>, text: string): Found {
  const path = normalized(text)
  const id = trees.find('remote', path)
  const row = id === undefined || id === rootId ? undefined : trees.get(id)?.remote
  if (id === undefined || (id !== rootId && row === undefined)) throw unknownPath(path, 'missing')
  return { id, path, row }
}

/** The path without what people put around it. */
export function normalized(text: string): RelativePath {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.')
  return parts.join('/') as RelativePath
}

/** @param what `missing`, or what there is in place of a file */
export function unknownPath(path: string, what: 'missing' | 'directory' | 'link'): ClientError {
  return new ClientError('path-unknown', `${what} in the tree of that moment`, { data: { path, what } })
}

/** What lies in a directory, by name; with `deep`, each directory before what is in it. */
export async function* below(
  { trees }: Pick<HistoryTree, 'trees'>,
  { id, path }: Pick<Found, 'id' | 'path'>,
  deep: boolean,
): AsyncGenerator<Found & { readonly row: Row }> {
  const children: Child[] = []
  // Who asked may take long over what is given: no listing is held open meanwhile, and with it all that is written over.
  for await (const child of trees.children('remote', id)) children.push(child)
  for (const child of children) {
    const row = trees.get(child.id)?.remote
    if (row === undefined) continue
    const found = { id: child.id, path: joinPath(path, child.name), row }
    yield found
    if (deep && row.value.kind === 'directory') yield* below({ trees }, found, deep)
  }
}

/** A node and all below it; of the root, what is below it. */
export async function* withBelow(
  tree: Pick<HistoryTree, 'trees'>,
  found: Found,
): AsyncGenerator<Found & { readonly row: Row }> {
  if (found.row !== undefined) yield { ...found, row: found.row }
  if (found.row === undefined || found.row.value.kind === 'directory') yield* below(tree, found, true)
}

/** The directories above a path, from the top. */
export function above({ trees }: Pick<HistoryTree, 'trees'>, path: RelativePath): Found[] {
  const parts = path.split('/').slice(0, -1)
  const found: Found[] = []
  let at = rootPath
  for (const part of parts) {
    at = (at === rootPath ? part : `${at}/${part}`) as RelativePath
    const id = trees.find('remote', at)
    if (id !== undefined) found.push({ id, path: at, row: trees.get(id)?.remote })
  }
  return found
}

/** A node as a row of an answer. */
export function nodeRow({ path, row }: { path: RelativePath; row: Row }): NodeRow {
  const { value } = row
  const { kind } = value
  if (kind === 'directory') return { row: 'node', path, kind, mode: value.mode }
  const mtimeNs = value.mtimeNs.toString()
  if (kind === 'file')
    return { row: 'node', path, kind, mode: value.mode, sizeBytes: value.sizeBytes, mtimeNs }
  return { row: 'node', path, kind, mtimeNs, target: targetText(value.target) }
}

/** A target is bytes, as a name is, but for its slashes. */
function targetText(target: Uint8Array): string {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at <= target.length; at += 1) {
    if (at < target.length && target[at] !== 0x2f) continue
    const part = target.subarray(from, at)
    parts.push(nameFromBytes(part) ?? Buffer.from(part).toString('utf8'))
    from = at + 1
  }
  return parts.join('/')
}
