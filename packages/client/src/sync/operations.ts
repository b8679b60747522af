// What the operations of one entry do to the remote tree: applied in order under strict preconditions, the whole entry or nothing. Pure but
// for the reads of the view; every device that holds the same tree decides the same.
import type {
  ChangePayload,
  MoveOperation,
  NodeRef,
  Operation,
  OperationName,
  PutNode,
  PutOperation,
} from '@grenier/crypto'
import { nameFromBytes, type Name } from './name.ts'
import { RemoteDraft, type RemoteView } from './remote-draft.ts'
import { nodeIdOf, rootId, type Content, type NodeId, type NodeValue, type Row } from './tree.ts'

/** Bytes of what one `put` says in keys that are not known: the largest extended attribute that Linux takes. */
export const keptBytesMax = 65_536
/** The name at the root that is ours. */
const reservedName = '.grenier'

/** Why an entry does not apply. */
export type VoidReason =
  | 'parent-missing' // no directory to be in
  | 'name-wrong' // not a name, or `.grenier` at the root
  | 'name-taken' // somebody else has the name, and is not named as replaced
  | 'replaced-wrong' // what is named as replaced does not have the name, or holds the node itself
  | 'node-missing' // no such node, or the root
  | 'cycle' // a directory below itself
  | 'too-deep' // more than `depthMax` directories above
  | 'chunk-missing' // a chunk that no place is claimed for
  | 'kept-too-large' // more than `keptBytesMax` in keys that are not known
  | 'unreadable' // a payload that does not open or decode

/** What an entry does, or why it does nothing. */
export type Outcome = Applied | { readonly void: VoidReason; readonly operation?: number | undefined }

export interface Applied {
  readonly void?: undefined
  /** The rows that change, as they are after the entry; undefined for nodes that go. */
  readonly rows: ReadonlyMap<NodeId, Row | undefined>
  /** Of each node that was put: what the last `put` said in keys that are not known, as canonical CBOR; undefined for nothing. */
  readonly kept: ReadonlyMap<NodeId, Uint8Array | undefined>
}

/** Told of an operation that was passed over, and why. */
export type PassedOver = (operation: number, reason: VoidReason) => void

/**
 * Applies the operations of the entry at `sequence` to the remote tree. Changes nothing itself. `passedOver`: of a log that is damaged,
 * where what does not apply any more is left out and the rest is done all the same.
 */
export async function applyOperations(
  entry: { readonly sequence: number; readonly payload: ChangePayload },
  view: RemoteView,
  passedOver?: PassedOver,
): Promise<Outcome> {
  const applying = new Applying(entry, view)
  for (const [index, operation] of entry.payload.operations.entries()) {
    const applied = applying.apply(operation, index)
    const fault = applied instanceof Promise ? await applied : applied
    if (fault === undefined) continue
    if (passedOver === undefined) return { void: fault, operation: index }
    passedOver(index, fault)
  }
  return { rows: applying.draft.rows, kept: applying.kept }
}

type MaybeLater<T> = T | Promise<T>

type Target = { readonly parent: NodeId; readonly name: Name; readonly holder: NodeId | undefined }

class Applying {
  readonly draft: RemoteDraft
  readonly kept = new Map<NodeId, Uint8Array | undefined>()
  readonly #sequence: number
  readonly #index: ChangePayload['index']
  readonly #view: RemoteView

  constructor(entry: { readonly sequence: number; readonly payload: ChangePayload }, view: RemoteView) {
    this.draft = new RemoteDraft(view)
    this.#sequence = entry.sequence
    this.#index = entry.payload.index
    this.#view = view
  }

  /** At once where that can be: most operations put something where nothing is. */
  apply(operation: Operation, index: number): MaybeLater<VoidReason | undefined> {
    switch (operation.op) {
      case 'put':
        return this.#put(operation, index)
      case 'remove':
        return this.#remove(operation.node)
      case 'move':
        return this.#move(operation)
    }
  }

  #put(operation: PutOperation, index: number): MaybeLater<VoidReason | undefined> {
    const target = this.#target(operation)
    if (typeof target === 'string') return target
    const value = this.#valueOf(operation.node)
    if (typeof value === 'string') return value
    const { parent, name, holder } = target
    const put = (id: NodeId): VoidReason | undefined => {
      this.draft.set(id, { parent, name, value })
      return this.#keep(id, operation.unknown)
    }
    const isKept = operation.replaces === undefined && this.#isOfKind(holder, value)
    if (isKept && holder !== undefined) return put(holder)
    const id = nodeIdOf(this.#sequence, index)
    if (holder === undefined && operation.replaces === undefined) return put(id)
    return this.#clear(target, operation.replaces).then((fault) => fault ?? put(id))
  }

  #keep(id: NodeId, unknown: Uint8Array | undefined): VoidReason | undefined {
    this.kept.set(id, unknown)
    return unknown !== undefined && unknown.length > keptBytesMax ? 'kept-too-large' : undefined
  }

  async #remove(ref: NodeRef): Promise<VoidReason | undefined> {
    const id = this.#idOf(ref)
    if (id === undefined || this.draft.row(id) === undefined) return 'node-missing'
    await this.draft.removeTree(id)
    return undefined
  }

  async #move(operation: MoveOperation): Promise<VoidReason | undefined> {
    const id = this.#idOf(operation.node)
    const row = id === undefined ? undefined : this.draft.row(id)
    if (id === undefined || row === undefined) return 'node-missing'
    const target = this.#target(operation)
    if (typeof target === 'string') return target
    if (row.value.kind === 'directory' && this.draft.isWithin(target.parent, id)) return 'cycle'
    if (target.holder !== undefined && this.draft.isWithin(id, target.holder))
      return operation.replaces === undefined ? 'name-taken' : 'replaced-wrong'
    const fault = await this.#clear(target, operation.replaces)
    if (fault !== undefined) return fault
    this.draft.set(id, { parent: target.parent, name: target.name, value: row.value })
    return undefined
  }

  /** The place that an operation names, and who has it now. */
  #target(operation: { readonly parent: NodeRef; readonly name: OperationName }): Target | VoidReason {
    const parent = this.#idOf(operation.parent)
    if (parent === undefined || !this.draft.isDirectory(parent)) return 'parent-missing'
    const name = nameFromBytes(operation.name.bytes)
    if (name === undefined || (parent === rootId && name === reservedName)) return 'name-wrong'
    if (this.draft.isTooDeep(parent)) return 'too-deep'
    return { parent, name, holder: this.draft.child(parent, name) }
  }

  /** Makes the name free: it is, or who has it is named as replaced, and goes with all that is below. */
  async #clear(target: Target, replaces: NodeRef | undefined): Promise<VoidReason | undefined> {
    const replaced = replaces === undefined ? undefined : this.#idOf(replaces)
    if (replaces !== undefined && (replaced === undefined || replaced !== target.holder))
      return 'replaced-wrong'
    if (target.holder === undefined) return undefined
    if (replaced === undefined) return 'name-taken'
    await this.draft.removeTree(target.holder)
    return undefined
  }

  #isOfKind(holder: NodeId | undefined, value: NodeValue): boolean {
    return holder !== undefined && this.draft.row(holder)?.value.kind === value.kind
  }

  #valueOf(node: PutNode): NodeValue | VoidReason {
    if (node.kind !== 'file') return node
    const { mode, mtimeNs, sizeBytes } = node
    const content = new Uint8Array(1 + node.chunks.length * 32)
    content[0] = node.depth
    for (const [index, ref] of node.chunks.entries()) {
      const id = 'id' in ref ? ref.id : this.#index[ref.pack]?.chunks[ref.chunk]?.id
      if (id === undefined || ('id' in ref && !this.#view.hasPlace(id))) return 'chunk-missing'
      content.set(id, 1 + index * 32)
    }
    return { kind: 'file', mode, mtimeNs, sizeBytes, content: content as Content }
  }

  #idOf(ref: NodeRef): NodeId | undefined {
    if (ref === 'root') return rootId
    return nodeIdOf(ref.sequence === 'this' ? this.#sequence : ref.sequence, ref.index)
  }
}
