// The records of a vault's state as a checkpoint holds it, to the byte: each a CBOR array (deterministic), one after the other. docs/FORMAT.md
// describes them. Knows nothing of where the state lives.
import { chunkId, CryptoError, packId, type ChunkId, type PackId } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { nameFromBytes, nameToBytes, type Name } from '../sync/name.ts'
import { logPlaceOf, nodeIdOf, rootId, type NodeId } from '../sync/tree.ts'
import type { ItemWriter } from './item-codec.ts'
import { ItemReader, ShortItem } from './item-codec.ts'

/** Version of the state's records. */
export const stateVersion = 1
/** Bytes of a record: the kept keys of a node (64 KiB), 64 chunk ids, a link's target, and room. */
const recordBytesMax = 128 * 1024

/** First item of each record. Chunks of a claim follow it and have none. */
const tags = { front: 0, claim: 1, node: 2, end: 3 } as const

/** A chunk by where the state lists it, or by its id when no place is left. */
export type ChunkAt =
  { readonly sequence: number; readonly position: number; readonly chunk: number } | ChunkId

/** What a node is, with chunks as the state names them. */
export type RecordedValue =
  | {
      readonly kind: 'file'
      readonly mode: number
      readonly mtimeNs: bigint
      readonly sizeBytes: number
      readonly depth: number
      readonly chunks: readonly ChunkAt[]
    }
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'link'; readonly mtimeNs: bigint; readonly target: Uint8Array }

export interface ClaimRecord {
  readonly record: 'claim'
  readonly sequence: number
  readonly position: number
  readonly id: PackId
  readonly sizeBytes: number
  readonly epoch: number
  readonly at: number
  readonly chunkCount: number
}

export interface ChunkRecord {
  readonly record: 'chunk'
  readonly id: ChunkId
  readonly plainBytes: number
  readonly storedBytes: number
}

export interface NodeRecord {
  readonly record: 'node'
  readonly id: NodeId
  readonly parent: NodeId
  readonly name: Name
  readonly value: RecordedValue
  readonly kept: Uint8Array | undefined
}

/** Front, claims (each followed by its chunks), nodes, end: in this order. */
export type StateRecord =
  | { readonly record: 'front' }
  | ClaimRecord
  | ChunkRecord
  | NodeRecord
  | { readonly record: 'end'; readonly claims: number; readonly nodes: number }

/** Writes one record. */
export function writeRecord(out: ItemWriter, record: StateRecord): void {
  switch (record.record) {
    case 'front':
      out.array(2)
      out.uint(tags.front)
      {
        out.uint(stateVersion)
        return
      }
    case 'claim': {
      writeClaim(out, record)
      return
    }
    case 'chunk':
      out.array(3)
      out.bytes(record.id)
      out.uint(record.plainBytes)
      {
        out.uint(record.storedBytes)
        return
      }
    case 'node': {
      writeNode(out, record)
      return
    }
    case 'end':
      out.array(3)
      out.uint(tags.end)
      out.uint(record.claims)
      {
        out.uint(record.nodes)
        return
      }
  }
}

/**
 * Reads the records of a stream of pieces, of any lengths.
 *
 * @throws CryptoError `malformed` when they are not what this program writes, `version-unknown`.
 */
export async function* readRecords(pieces: AsyncIterable<Uint8Array>): AsyncIterable<StateRecord> {
  let rest: Uint8Array = new Uint8Array(0)
  let chunksLeft = 0
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let at = 0
    for (;;) {
      const read = readRecord(bytes.subarray(at), chunksLeft > 0)
      if (read === undefined) break
      at += read.length
      chunksLeft = read.record.record === 'claim' ? read.record.chunkCount : Math.max(0, chunksLeft - 1)
      yield read.record
    }
    rest = bytes.slice(at)
    if (rest.length > recordBytesMax) throw malformed('a record without an end')
  }
  if (rest.length > 0) throw malformed('an end within a record')
}

function readRecord(
  bytes: Uint8Array,
  chunk: boolean,
): { readonly record: StateRecord; readonly length: number } | undefined {
  if (bytes.length === 0) return undefined
  const reader = new ItemReader(bytes)
  try {
    const record = chunk ? readChunk(reader) : readTagged(reader)
    return { record, length: reader.at }
  } catch (error) {
    if (error instanceof ShortItem) return undefined
    if (error instanceof ClientError) throw malformed('an item that does not belong there', error)
    throw error
  }
}

function readTagged(reader: ItemReader): StateRecord {
  const count = reader.array()
  const tag = reader.uint()
  if (tag === tags.front && count === 2) return readFront(reader)
  if (tag === tags.claim && count === 8) return readClaim(reader)
  if (tag === tags.end && count === 3) return { record: 'end', claims: reader.uint(), nodes: reader.uint() }
  if (tag === tags.node) return readNode(reader, count)
  throw malformed('a record of no known kind')
}

function readFront(reader: ItemReader): StateRecord {
  if (reader.uint() !== stateVersion)
    throw new CryptoError('version-unknown', 'a checkpoint of a version that this program does not know')
  return { record: 'front' }
}

function writeClaim(out: ItemWriter, claim: ClaimRecord): void {
  out.array(8)
  out.uint(tags.claim)
  out.uint(claim.sequence)
  out.uint(claim.position)
  out.bytes(claim.id)
  out.uint(claim.sizeBytes)
  out.uint(claim.epoch)
  out.uint(claim.at)
  out.uint(claim.chunkCount)
}

function readClaim(reader: ItemReader): ClaimRecord {
  return {
    record: 'claim',
    sequence: reader.uint(),
    position: reader.uint(),
    id: packId(reader.bytes().slice()),
    sizeBytes: reader.uint(),
    epoch: reader.uint(),
    at: reader.uint(),
    chunkCount: reader.uint(),
  }
}

function readChunk(reader: ItemReader): ChunkRecord {
  if (reader.array() !== 3) throw malformed('a chunk that is none')
  const id = chunkId(reader.bytes().slice())
  return { record: 'chunk', id, plainBytes: reader.uint(), storedBytes: reader.uint() }
}

/** Items of a node: tag, sequence, operation, parent, name, what its kind has, and the kept keys where there are any. */
const nodeItems = { file: 11, directory: 7, link: 8 } as const
const kinds = ['file', 'directory', 'link'] as const

function writeNode(out: ItemWriter, node: NodeRecord): void {
  const { value, kept } = node
  out.array(nodeItems[value.kind] + (kept === undefined ? 0 : 1))
  out.uint(tags.node)
  writeId(out, node.id)
  writeParent(out, node.parent)
  out.bytes(nameToBytes(node.name))
  out.uint(kinds.indexOf(value.kind))
  writeValue(out, value)
  if (kept !== undefined) out.bytes(kept)
}

function readNode(reader: ItemReader, count: number): NodeRecord {
  const id = nodeIdOf(reader.uint(), reader.uint())
  const parent = readParent(reader)
  const name = nameFromBytes(reader.bytes())
  const kind = kinds[reader.uint()]
  if (name === undefined || kind === undefined) throw malformed('a node without a name or kind')
  const value = readValue(reader, kind)
  const keeps = count - nodeItems[kind]
  if (keeps !== 0 && keeps !== 1) throw malformed('a node with too many or too few items')
  return { record: 'node', id, parent, name, value, kept: keeps === 1 ? reader.bytes().slice() : undefined }
}

function writeValue(out: ItemWriter, value: RecordedValue): void {
  if (value.kind === 'directory') {
    out.uint(value.mode)
    return
  }
  if (value.kind === 'link') {
    out.int(value.mtimeNs)
    out.bytes(value.target)
    return
  }
  out.uint(value.mode)
  out.int(value.mtimeNs)
  out.uint(value.sizeBytes)
  out.uint(value.depth)
  out.array(value.chunks.length)
  for (const chunk of value.chunks) writeChunkAt(out, chunk)
}

function readValue(reader: ItemReader, kind: RecordedValue['kind']): RecordedValue {
  if (kind === 'directory') return { kind, mode: reader.uint() }
  if (kind === 'link') return { kind, mtimeNs: reader.int(), target: reader.bytes().slice() }
  const mode = reader.uint()
  const mtimeNs = reader.int()
  const sizeBytes = reader.uint()
  const depth = reader.uint()
  const count = reader.array()
  if (count > 64 || depth > 255) throw malformed('a file of too many chunks')
  return {
    kind,
    mode,
    mtimeNs,
    sizeBytes,
    depth,
    chunks: Array.from({ length: count }, () => readChunkAt(reader)),
  }
}

function writeChunkAt(out: ItemWriter, chunk: ChunkAt): void {
  if (chunk instanceof Uint8Array) {
    out.bytes(chunk)
    return
  }
  out.array(3)
  out.uint(chunk.sequence)
  out.uint(chunk.position)
  out.uint(chunk.chunk)
}

function readChunkAt(reader: ItemReader): ChunkAt {
  if (!reader.nextIsArray) return chunkId(reader.bytes().slice())
  if (reader.array() !== 3) throw malformed('a place of a chunk that is none')
  return { sequence: reader.uint(), position: reader.uint(), chunk: reader.uint() }
}

function writeId(out: ItemWriter, id: NodeId): void {
  const place = logPlaceOf(id)
  if (place === undefined) throw new TypeError('only nodes of the log have a place in the state')
  out.uint(place.sequence)
  out.uint(place.index)
}

/** The root is the empty array. */
function writeParent(out: ItemWriter, parent: NodeId): void {
  out.array(parent === rootId ? 0 : 2)
  if (parent !== rootId) writeId(out, parent)
}

function readParent(reader: ItemReader): NodeId {
  const count = reader.array()
  if (count === 0) return rootId
  if (count !== 2) throw malformed('a parent that is no node')
  return nodeIdOf(reader.uint(), reader.uint())
}

/** What a checkpoint holds is not what this program writes. */
export function malformed(what: string, cause?: unknown): CryptoError {
  return new CryptoError('malformed', `a checkpoint holds ${what}`, { cause })
}
