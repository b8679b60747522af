// Folds one verified entry into the state, in the caller's transaction: the remote tree, the chunk index, the pack table. The chain, the
// signature and the right to sign were judged before; what is judged here is whether a change applies.
import { toHex, type ChangePayload, type PackClaim, type PackIndex } from '@grenier/crypto'
import {
  applyOperations,
  type Applied,
  type Outcome,
  type PassedOver,
  type VoidReason,
} from '../sync/operations.ts'
import { logPlaceOf, type NodeId } from '../sync/tree.ts'
import { hasPlace } from './chunk-index.ts'
import { claimPack, dropPack } from './claim.ts'
import { noteDropped, noteFolded } from './log-cache.ts'
import type { ListedChunk } from './pack-table.ts'
import { idKey, keySpace } from './state-keys.ts'
import type { StateRowsWriter } from './state-rows.ts'
import type { Transaction } from './trees-transaction.ts'
import type { TreesView } from './trees-view.ts'

/** What the fold needs of any entry's header. */
export interface FoldedHeader {
  readonly sequence: number
  readonly at: number
  readonly added: readonly PackClaim[]
  readonly restored: readonly PackClaim[]
}

/** A `change`. `payload`: undefined when it does not open or decode, which makes the entry void. */
export interface FoldedChange {
  readonly header: FoldedHeader
  readonly payload: ChangePayload | undefined
  /** Whether this device signed it: it then sent the packs itself, and may deduplicate against their chunks. */
  readonly own: boolean
  /** What `judgeChange` said of it, if it was asked in this very state. */
  readonly outcome?: Outcome | undefined
  /** Given for a log that is damaged: operations that do not apply are passed over one by one. */
  readonly passedOver?: PassedOver | undefined
}

/** What became of a change. */
export interface FoldResult {
  /** Why the entry is void; undefined when it applied. */
  readonly void: VoidReason | undefined
  /** The operation at fault, when one is. */
  readonly operation: number | undefined
  /** Nodes whose remote row changed or went, at most as many as the entry reaches. */
  readonly changed: readonly NodeId[]
}

/**
 * Folds a `change`: claims its packs, then applies its operations, all or none. A void entry claims its packs too, without chunks.
 * The caller commits the transaction.
 */
export async function foldChange(transaction: Transaction, change: FoldedChange): Promise<FoldResult> {
  const outcome = change.outcome ?? (await judgeChange(transaction, change))
  const index = outcome.void === undefined ? (change.payload?.index ?? []) : []
  foldClaims(transaction, { header: change.header, index, own: change.own })
  noteFolded(transaction, change.header.sequence)
  if (outcome.void !== undefined) return { void: outcome.void, operation: outcome.operation, changed: [] }
  write(transaction, change.header.sequence, outcome)
  return { void: undefined, operation: undefined, changed: [...outcome.rows.keys()] }
}

/** Folds an entry of another kind that claims packs: those of a payload have no index; those of a checkpoint have one. */
export function foldOther(
  transaction: StateRowsWriter,
  entry: { readonly header: FoldedHeader; readonly index: readonly PackIndex[]; readonly own: boolean },
): void {
  foldClaims(transaction, entry)
  noteFolded(transaction, entry.header.sequence)
}

/** Folds a `drop`: the packs leave the table, and their chunks lose these places. */
export function foldDrop(
  transaction: StateRowsWriter,
  entry: { readonly header: FoldedHeader; readonly packs: readonly PackClaim['id'][] },
): void {
  for (const pack of entry.packs) dropPack(transaction, pack)
  foldClaims(transaction, { header: entry.header, index: [], own: false })
  noteDropped(transaction, entry.header.sequence)
  noteFolded(transaction, entry.header.sequence)
}

/** What a change would do after the last folded entry: changes nothing. `header`: of the next one. */
export async function judgeChange(
  trees: TreesView,
  {
    header,
    payload,
    passedOver,
  }: {
    header: Pick<FoldedHeader, 'sequence'>
    payload: ChangePayload | undefined
    passedOver?: PassedOver | undefined
  },
): Promise<Outcome> {
  if (payload === undefined) return { void: 'unreadable' }
  const own = new Set<string>()
  for (const { chunks } of payload.index) for (const chunk of chunks) own.add(toHex(chunk.id))
  return applyOperations(
    { sequence: header.sequence, payload },
    {
      row: (id) => trees.get(id)?.remote,
      child: (parent, name) => trees.child('remote', parent, name),
      children: (parent) => trees.children('remote', parent),
      hasPlace: (chunk) => hasPlace(trees, chunk) || own.has(toHex(chunk)),
    },
    passedOver,
  )
}

/** Where the chunks of packs lie that an entry claims. */
export function foldClaims(
  rows: StateRowsWriter,
  entry: { readonly header: FoldedHeader; readonly index: readonly PackIndex[]; readonly own: boolean },
): void {
  const { header, index, own } = entry
  const lists = new Map<number, readonly ListedChunk[]>(index.map((list) => [list.pack, list.chunks]))
  ;[...header.added, ...header.restored].forEach((claim, position) => {
    const chunks = lists.get(position) ?? []
    const place = { sequence: header.sequence, position }
    const { id, sizeBytes, epoch } = claim
    // What is restored was packed by whoever added it first.
    const known = own && position < header.added.length ? 'good' : 'unknown'
    const folded = { place, id, sizeBytes, epoch, at: header.at, chunkCount: chunks.length }
    claimPack(rows, folded, { chunks, known })
  })
}

function write(transaction: Transaction, sequence: number, { rows, kept }: Applied): void {
  for (const [id, row] of rows) {
    transaction.set('remote', id, row)
    if (row !== undefined && !kept.has(id)) continue
    const encoded = row === undefined ? undefined : kept.get(id)
    if (encoded !== undefined) transaction.put(keptKey(id), encoded)
    // A node of this very entry has none yet: not looking spares a read for each of many.
    else if (!isOf(id, sequence) && transaction.other(keptKey(id)) !== undefined) transaction.del(keptKey(id))
  }
}

/** Key of what the last `put` of a node said in keys that this program does not know: canonical CBOR, part of the state. */
export function keptKey(id: NodeId): string {
  return keySpace.kept + idKey(id)
}

function isOf(id: NodeId, sequence: number): boolean {
  return logPlaceOf(id)?.sequence === sequence
}
