// The state of a vault as a checkpoint holds it: written as one deterministic stream of bytes, the same on every device that has folded the
// same log, and its hash. Claims with their chunks stand in the order of the log, nodes by id, so that little changes dirty little.
import { concat, hash, type ChunkId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { isProvisional, type NodeId, type NodeValue, type Row } from '../sync/tree.ts'
import { latestPlaceOf } from './chunk-index.ts'
import { writeRecord, type ChunkAt, type NodeRecord, type RecordedValue } from './checkpoint-records.ts'
import { keptKey } from './fold.ts'
import { ItemWriter } from './item-codec.ts'
import { foldedSequence } from './log-cache.ts'
import { chunksOf, claimsInOrder } from './pack-table.ts'
import type { StateRows } from './state-rows.ts'
import type { TreesStore } from './trees-store.ts'

/** Bytes of a piece of the stream, about. */
const pieceBytes = 256 * 1024
/** Bytes of a part of the state that is hashed at once. */
const partBytes = 1024 * 1024

/**
 * The state after the last folded entry, in pieces. Base and local rows may change meanwhile; an entry must not be folded.
 *
 * @throws ClientError `interrupted` (retryable) when one was: what came so far is then worth nothing.
 */
export async function* writeState(trees: TreesStore): AsyncIterable<Uint8Array> {
  const sequence = foldedSequence(trees)
  const out = new ItemWriter(pieceBytes + 4096)
  const counts = { claims: 0, nodes: 0 }
  writeRecord(out, { record: 'front' })
  for await (const claim of claimsInOrder(trees)) {
    const { place, ...head } = claim
    writeRecord(out, { record: 'claim', ...place, ...head })
    counts.claims += 1
    for (const chunk of chunksOf(trees, place)) writeRecord(out, { record: 'chunk', ...chunk })
    if (out.length >= pieceBytes) yield out.take()
  }
  for await (const [id, columns] of trees.all()) {
    if (columns.remote === undefined || isProvisional(id)) continue
    writeRecord(out, nodeRecord(trees, id, columns.remote))
    counts.nodes += 1
    if (out.length >= pieceBytes) yield out.take()
  }
  writeRecord(out, { record: 'end', ...counts })
  if (foldedSequence(trees) !== sequence)
    throw new ClientError('interrupted', 'the log grew while its state was written', { retryable: true })
  yield out.take()
}

/** The state's hash and length, from its bytes in pieces of any lengths. */
export class StateHasher {
  readonly #hashes: Uint8Array[] = []
  #part: Uint8Array[] = []
  #partLength = 0
  #stateBytes = 0

  update(piece: Uint8Array): void {
    this.#stateBytes += piece.length
    for (let at = 0; at < piece.length;) {
      const taken = piece.subarray(at, at + partBytes - this.#partLength)
      this.#part.push(taken)
      this.#partLength += taken.length
      at += taken.length
      if (this.#partLength === partBytes) this.#endPart()
    }
  }

  /** `stateHash`: 32 bytes, over the hashes of all parts of 1 MiB; the last may be shorter, and is not empty. */
  digest(): { readonly stateHash: Uint8Array; readonly stateBytes: number } {
    if (this.#partLength > 0) this.#endPart()
    return { stateHash: hash('grenier/v1/state', concat(this.#hashes)), stateBytes: this.#stateBytes }
  }

  #endPart(): void {
    this.#hashes.push(hash('grenier/v1/state-part', ...this.#part))
    this.#part = []
    this.#partLength = 0
  }
}

/** The hash and length of this device's own state, to compare a checkpoint with. @throws as `writeState`. */
export async function stateHashOf(
  trees: TreesStore,
): Promise<{ readonly stateHash: Uint8Array; readonly stateBytes: number }> {
  const hasher = new StateHasher()
  for await (const piece of writeState(trees)) hasher.update(piece)
  return hasher.digest()
}

function nodeRecord(rows: StateRows, id: NodeId, row: Row): NodeRecord {
  const { parent, name, value } = row
  return {
    record: 'node',
    id,
    parent,
    name,
    value: recordedValue(rows, value),
    kept: rows.other(keptKey(id)),
  }
}

function recordedValue(rows: StateRows, value: NodeValue): RecordedValue {
  if (value.kind !== 'file') return value
  const { kind, mode, mtimeNs, sizeBytes, content } = value
  if (content === undefined) throw new ClientError('state-broken', 'a file of the log without its content')
  const chunks = Array.from({ length: (content.length - 1) / 32 }, (_, index) =>
    chunkAt(rows, content.subarray(1 + index * 32, 33 + index * 32) as ChunkId),
  )
  return { kind, mode, mtimeNs, sizeBytes, depth: content[0] ?? 0, chunks }
}

/** Where the state lists the chunk: ids given twice would cost more than all the rest of a small file. */
function chunkAt(rows: StateRows, id: ChunkId): ChunkAt {
  const place = latestPlaceOf(rows, id)
  return place === undefined ? id : { ...place.claim, chunk: place.position }
}
