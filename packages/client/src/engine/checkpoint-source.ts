// Opens a checkpoint entry and reads the state it holds as a stream, wherever its packs come from: a relay, or an archive. Its chunks are found by
// what the entry itself says of their places.
import {
  chunkIdsOf,
  CryptoError,
  decodeCheckpoint,
  equal,
  toHex,
  type CheckpointHeader,
  type CheckpointPayload,
  type ChunkId,
  type Entry,
  type Spine,
  type VaultId,
} from '@grenier/crypto'
import { contentOf } from '../content/content-list.ts'
import { chunksIn } from '../content/content-walk.ts'
import { Fetch, type FetchOptions } from '../content/fetch.ts'
import type { WorkerPool } from '../content/worker-pool.ts'
import { ClientError } from '../errors.ts'
import { readPayload, type PackFetch } from '../log/payload-reader.ts'
import type { VaultKeys } from '../log/vault-keys.ts'
import { StateHasher } from '../state/checkpoint.ts'
import { readRecords } from '../state/checkpoint-records.ts'
import type { ChunkPlace } from '../state/chunk-index.ts'

/** Chunks read at once: at most 16 MiB. */
const windowChunks = 16

/** The entry of a checkpoint. */
export type CheckpointEntry = Entry & { readonly header: CheckpointHeader }

/** Where its packs come from, and what opens them. */
export interface CheckpointSource {
  readonly binding: VaultId
  readonly keys: VaultKeys
  readonly pool: WorkerPool
  readonly get: PackFetch
  /** Further places of chunks, besides those that the entry names. */
  readonly places?: ((id: ChunkId) => readonly ChunkPlace[]) | undefined
}

/** A checkpoint whose payload is open. */
export interface OpenedCheckpoint {
  readonly source: CheckpointSource
  readonly entry: CheckpointEntry
  readonly payload: CheckpointPayload
}

/** Opens its payload. `spine`: of the log at the entry, or later. @throws ClientError `checkpoint-broken`, `pack-unavailable`, `key-withheld` */
export async function openCheckpoint(
  source: CheckpointSource,
  entry: CheckpointEntry,
  spine: Spine,
): Promise<OpenedCheckpoint> {
  const epochs = spine.epochs.filter(({ since }) => since <= entry.header.sequence)
  const read = await readPayload(entry, { keys: source.keys, spine: { ...spine, epochs }, fetch: source.get })
  if ('fault' in read) throw brokenCheckpoint(entry, read.fault)
  try {
    return { source, entry, payload: decodeCheckpoint(read.body, entry.header.added) }
  } catch (cause) {
    throw cause instanceof CryptoError ? brokenCheckpoint(entry, cause.code, cause) : cause
  }
}

/** The state's bytes, in pieces. @throws ClientError `pack-unavailable`, `checkpoint-broken`, `relay-corrupt` */
export async function* piecesOf(named: OpenedCheckpoint): AsyncGenerator<Uint8Array> {
  const { payload, entry } = named
  const { depth, chunks } = payload.content
  const content = contentOf(depth, chunkIdsOf(chunks, payload.index))
  const options = fetchOptions(named)
  const fetch = new Fetch(options)
  for await (const part of chunksIn(options, content, payload.stateBytes)) {
    if (part === 'wrong') throw brokenCheckpoint(entry, part)
    if (typeof part === 'string') throw missing(entry)
    for (let at = 0; at < part.length; at += windowChunks) {
      const window = part.slice(at, at + windowChunks)
      const sizeBytes = window.reduce((sum, { plainBytes }) => sum + plainBytes, 0)
      const ids = window.map(({ id }) => id)
      const [bytes] = await fetch.read([{ content: contentOf(0, ids), sizeBytes }])
      if (bytes === undefined) throw missing(entry)
      yield bytes
    }
  }
}

/** Reads it through and keeps nothing. Whether its bytes are records, in order, with the hash that it says; else why not. */
export async function faultIn(named: OpenedCheckpoint): Promise<string | undefined> {
  const hasher = new StateHasher()
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of piecesOf(named)) {
      hasher.update(piece)
      yield piece
    }
  }
  try {
    const records = readRecords(hashed())[Symbol.asyncIterator]()
    while ((await records.next()).done !== true);
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    if (error instanceof ClientError && error.code === 'checkpoint-broken') return 'wrong'
    throw error
  }
  return equal(hasher.digest().stateHash, named.payload.stateHash) ? undefined : 'hash'
}

function fetchOptions({ source, entry, payload }: OpenedCheckpoint): FetchOptions {
  const own = ownPlaces(entry, payload)
  const { pool, keys, binding, get, places } = source
  return {
    ...{ pool, binding, get },
    keys: () => keys.content,
    packKey: (epoch) => keys.packKey(epoch),
    places: (id) => [...(own.get(toHex(id)) ?? []), ...(places?.(id) ?? [])],
    found: () => undefined,
  }
}

/** Where the entry says that its chunks lie. */
function ownPlaces(
  entry: CheckpointEntry,
  payload: CheckpointPayload,
): ReadonlyMap<string, readonly ChunkPlace[]> {
  const places = new Map<string, ChunkPlace[]>()
  const { added, sequence } = entry.header
  const add = (id: ChunkId, place: ChunkPlace): void => {
    places.set(toHex(id), [...(places.get(toHex(id)) ?? []), place])
  }
  for (const { pack, chunks } of payload.index) {
    const claim = added[pack]
    if (claim === undefined) continue
    let offset = 0
    for (const [position, { id, plainBytes, storedBytes }] of chunks.entries()) {
      const at = { claim: { sequence, position: pack }, pack: claim.id, packBytes: claim.sizeBytes }
      const { epoch } = claim
      add(id, { ...at, epoch, offset, plainBytes, storedBytes, position, known: 'unknown' })
      offset += storedBytes
    }
  }
  for (const { id: pack, sizeBytes: packBytes, epoch, chunks } of payload.earlier)
    for (const [position, { id, ...where }] of chunks.entries()) {
      const claim = { sequence: 0, position: 0 }
      add(id, { claim, pack, packBytes, epoch, ...where, position, known: 'unknown' })
    }
  return places
}

function missing({ header }: Entry): ClientError {
  return new ClientError('pack-unavailable', 'the relay lacks a part of the state of the vault', {
    retryable: true,
    data: { sequence: header.sequence, what: 'state' },
  })
}

/** The error that it is when the payload of a checkpoint is no state. */
export function brokenCheckpoint({ header }: Entry, what: string, cause?: unknown): ClientError {
  const { sequence, device } = header
  return new ClientError('checkpoint-broken', `the checkpoint in entry ${sequence} is no state`, {
    cause,
    data: { sequence, device: toHex(device), what },
  })
}
