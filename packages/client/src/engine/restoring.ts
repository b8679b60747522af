// Brings a part of the tree back as it was, as an ordinary change of the log: every device follows it like any other, and it can be undone like any
// other. Paths decide: what was at a path is there again, under the id of who has the path now, where that is of the same kind. What came
// later and stands in nobody's way stays, unless the tree is to be exactly as it was.
import type { ChunkRef, NodeRef, Operation, PutNode } from '@grenier/crypto'
import { readContent } from '../content/content-list.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { hasPlace } from '../state/chunk-index.ts'
import { keptKey } from '../state/fold.ts'
import { joinPath, nameToBytes, rootPath, type Name, type RelativePath } from '../sync/name.ts'
import { logPlaceOf, rootId, sameValue, type FileValue, type NodeId, type Row } from '../sync/tree.ts'
import { noteAsked, type LostAs } from './brake-record.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { ChangeRow, TakeRow } from './history-query.ts'
import { above, below, foundAt, type HistoryTree } from './history-tree.ts'
import type { Receiver } from './receiver.ts'
import { mayWrite, type Vault } from './vault.ts'

/** Operations in one entry; fewer where their payload grows too large. */
const operationsMaxDefault = 5000

export interface RestoringParts {
  readonly vault: Vault
  readonly entries: EntryWriter
  readonly receiver: Receiver
  readonly session: () => Promise<RelaySession>
  readonly tree: HistoryTree
  readonly take: TakeRow
}

/** A directory of the tree of now: one of the log, or one that an entry not sent yet makes. */
interface Directory {
  ref: NodeRef
  /** undefined where nothing can be in it. */
  readonly id: NodeId | undefined
}

/** Something of then, and where it goes. */
interface Former {
  readonly id: NodeId
  readonly path: RelativePath
  readonly row: Row
  readonly parent: Directory
}

/** One restoring. Nothing else may receive or append meanwhile. */
export class Restoring {
  readonly #parts: RestoringParts
  #operations: Operation[] = []
  #rows: Omit<ChangeRow, 'sequence'>[] = []
  /** Directories that the entry makes which is being gathered. */
  #fresh: Directory[] = []
  /** Files that are there now, and what the entry does to them. */
  #lost = new Map<NodeId, LostAs>()
  #operationsMax = operationsMaxDefault

  constructor(parts: RestoringParts) {
    this.#parts = parts
  }

  /**
   * Appends what makes the tree as it was below a path. `exact`: what was not there goes. Returns how many paths changed.
   * @throws ClientError `path-unknown`, `relay-refused` (`no-right`); as receiving and appending fail
   */
  async restore(wanted: { readonly path: string; readonly exact: boolean }): Promise<number> {
    const { vault, receiver, session } = this.#parts
    if (!mayWrite(vault))
      throw new ClientError('relay-refused', 'a reader changes nothing', { data: { reason: 'no-right' } })
    let changed = 0
    for (;;) {
      await receiver.receive(await session())
      const outcome = await this.#walkOnce(wanted)
      changed += outcome.changed
      if (outcome.whole) return changed
    }
  }

  /** `whole`: to the end; else the log has grown meanwhile, or an entry was too large, and what is left is found again. */
  async #walkOnce({
    path,
    exact,
  }: {
    path: string
    exact: boolean
  }): Promise<{ changed: number; whole: boolean }> {
    const { tree } = this.#parts
    this.#forget()
    let changed = 0
    const found = foundAt(tree, path)
    let parent: Directory = { ref: 'root', id: rootId }
    const chain = [...above(tree, found.path), found]
    for (const { id, path: at, row } of chain)
      if (row !== undefined) parent = await this.#one({ id, path: at, row, parent })
    const isDirectory = found.row === undefined || found.row.value.kind === 'directory'
    const inside = isDirectory ? this.#below({ id: found.id, path: found.path }, parent, exact) : nothing()
    for await (const full of inside) {
      if (!full) continue
      const sent = await this.#send()
      if (sent === undefined) return { changed, whole: false }
      changed += sent
    }
    const sent = await this.#send()
    return sent === undefined ? { changed, whole: false } : { changed: changed + sent, whole: true }
  }

  /** Yields after each node whether enough is gathered for an entry. */
  async *#below(
    former: { readonly id: NodeId; readonly path: RelativePath },
    parent: Directory,
    exact: boolean,
  ): AsyncGenerator<boolean> {
    const { tree } = this.#parts
    if (exact) await this.#removeOthers(former, parent)
    for await (const child of tree.trees.children('remote', former.id)) {
      const row = tree.trees.get(child.id)?.remote
      if (row === undefined) continue
      const path = joinPath(former.path, child.name)
      const directory = await this.#one({ id: child.id, path, row, parent })
      yield this.#operations.length >= this.#operationsMax
      if (row.value.kind === 'directory') yield* this.#below({ id: child.id, path }, directory, exact)
    }
  }

  /** Puts one back, where it is not as it was. Returns it as a directory. */
  async #one({ id, path, row, parent }: Former): Promise<Directory> {
    const { vault } = this.#parts
    if (vault.signal.aborted) throw new ClientError('interrupted', 'stopped')
    const now = parent.id === undefined ? undefined : vault.trees.child('remote', parent.id, row.name)
    const value = now === undefined ? undefined : vault.trees.get(now)?.remote?.value
    const isSameKind = value?.kind === row.value.kind
    if (now !== undefined && value !== undefined && isSameKind) {
      const same: Directory = { ref: refOf(now), id: now }
      if (!sameValue(value, row.value) && (await this.#put({ id, path, row, parent })))
        if (value.kind === 'file') this.#lost.set(now, 'changed')
      return same
    }
    const replaces = now === undefined ? {} : { replaces: refOf(now) }
    if (!(await this.#put({ id, path, row, parent }, replaces))) return { ref: 'root', id: undefined }
    if (now !== undefined) await this.#loseBelow(now)
    const made: Directory = {
      ref: { sequence: 'this', index: this.#operations.length - 1 },
      id: undefined,
    }
    this.#fresh.push(made)
    return made
  }

  async #put(
    { id, path, row, parent }: Former,
    replaces: { readonly replaces?: NodeRef } = {},
  ): Promise<boolean> {
    const { tree, take } = this.#parts
    const node = row.value.kind === 'file' ? await this.#fileOf(row.value) : row.value
    if (node === undefined) {
      await take({ row: 'problem', path, code: 'pack-unavailable' })
      return false
    }
    const unknown = tree.trees.other(keptKey(id))
    const kept = unknown === undefined ? {} : { unknown }
    const name = { bytes: nameToBytes(row.name) }
    this.#operations.push({ op: 'put', parent: parent.ref, name, node, ...replaces, ...kept })
    this.#rows.push({ row: 'change', action: 'put', path })
    return true
  }

  /** undefined where a part of it is nowhere any more. */
  async #fileOf(value: FileValue): Promise<PutNode | undefined> {
    const { vault, tree } = this.#parts
    const { content, mode, mtimeNs, sizeBytes } = value
    if (content === undefined) return undefined
    const { depth, ids } = readContent(content)
    const all = await tree.fetch.chunksOf(content, sizeBytes)
    const placed = (id: (typeof ids)[number]): boolean => hasPlace(vault.trees, id)
    if (all === undefined || !ids.every(placed) || !all.every(({ id }) => placed(id))) return undefined
    const chunks: ChunkRef[] = ids.map((id) => ({ id }))
    return { kind: 'file', mode, mtimeNs, sizeBytes, depth, chunks }
  }

  async #removeOthers(
    former: { readonly id: NodeId; readonly path: RelativePath },
    { id }: Directory,
  ): Promise<void> {
    const { vault, tree } = this.#parts
    if (id === undefined) return
    for await (const child of vault.trees.children('remote', id)) {
      if (this.#isThen(tree, former.id, child.name)) continue
      await this.#loseBelow(child.id)
      this.#operations.push({ op: 'remove', node: refOf(child.id) })
      this.#rows.push({ row: 'change', action: 'remove', path: joinPath(former.path, child.name) })
    }
  }

  /** A node goes, and all that is in it. */
  async #loseBelow(id: NodeId): Promise<void> {
    const { trees } = this.#parts.vault
    if (trees.get(id)?.remote?.value.kind === 'file') this.#lost.set(id, 'gone')
    for await (const one of below({ trees }, { id, path: rootPath }, true))
      if (one.row.value.kind === 'file') this.#lost.set(one.id, 'gone')
  }

  #isThen({ trees }: HistoryTree, parent: NodeId, name: Name): boolean {
    return trees.child('remote', parent, name) !== undefined
  }

  /** Appends what is gathered. undefined: the walk has to begin anew. */
  async #send(): Promise<number | undefined> {
    const { vault, entries, session, take } = this.#parts
    const [operations, rows, lost] = [this.#operations, this.#rows, this.#lost]
    if (operations.length === 0) return 0
    const payload = { operations, index: [] }
    const sequence = vault.log.nextSequence
    const also = (transaction: Parameters<typeof noteAsked>[0]): Promise<void> => {
      // Whoever asks for this has said so: what it changes here needs no second word. What others changed does.
      noteAsked(transaction, lost)
      return Promise.resolve()
    }
    const answer = await entries.change(await session(), { packs: [], payload, commits: [] }, also)
    if (answer === 'moved') return undefined
    if (answer === 'too-large') {
      this.#operationsMax = Math.ceil(Math.min(this.#operationsMax, operations.length) / 2)
      return undefined
    }
    if (typeof answer === 'object')
      throw new ClientError('state-broken', `what was cannot be said again: ${answer.void}`)
    for (const directory of this.#fresh) directory.ref = landed(directory.ref, sequence)
    this.#forget()
    for (const row of rows) await take({ ...row, sequence })
    return rows.length
  }

  #forget(): void {
    this.#operations = []
    this.#rows = []
    this.#fresh = []
    this.#lost = new Map()
  }
}

/** What an entry made has its place in the log for good. */
function landed(ref: NodeRef, sequence: number): NodeRef {
  return ref === 'root' ? ref : { sequence, index: ref.index }
}

function refOf(id: NodeId): NodeRef {
  const place = logPlaceOf(id)
  return id === rootId || place === undefined ? 'root' : place
}

async function* nothing(): AsyncGenerator<boolean> {}
