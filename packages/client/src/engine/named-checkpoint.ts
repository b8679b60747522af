// The checkpoint that an owner's `prune` names: found in the log, opened, and its state read as a stream, by who may hold nothing else of the
// vault. Its chunks are found by what the entry itself says of their places.
import {
  chunkIdsOf,
  CryptoError,
  decodeCheckpoint,
  decodeEntry,
  entryHashOf,
  equal,
  toHex,
  type CheckpointHeader,
  type CheckpointPayload,
  type ChunkId,
  type Entry,
  type PrunePoint,
  type Spine,
} from '@grenier/crypto'
import { contentOf } from '../content/content-list.ts'
import { chunksIn } from '../content/content-walk.ts'
import { Fetch, type FetchOptions } from '../content/fetch.ts'
import { ClientError } from '../errors.ts'
import { readPayload } from '../log/payload-reader.ts'
import type { VaultKeys } from '../log/vault-keys.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { StateHasher } from '../state/checkpoint.ts'
import { loadState } from '../state/checkpoint-load.ts'
import { readRecords } from '../state/checkpoint-records.ts'
import { placesOf, type ChunkPlace } from '../state/chunk-index.ts'
import { noteAgreed, notedSoFar } from './agreed-checkpoints.ts'
import type { Vault } from './vault.ts'

/** Chunks read at once: at most 16 MiB. */
const windowChunks = 16

/** A checkpoint with what opened it. */
export interface NamedCheckpoint {
  readonly vault: Vault
  readonly session: RelaySession
  readonly keys: VaultKeys
  readonly entry: Entry & { readonly header: CheckpointHeader }
  readonly payload: CheckpointPayload
}

/** Where it is looked for. `spine`: of a log that has the prune; `keys`: taken from it. */
export interface Naming {
  readonly point: PrunePoint
  readonly spine: Spine
  readonly keys: VaultKeys
}

/**
 * The checkpoint that a prune names.
 * @throws ClientError `relay-contradicts` when the relay has another entry there, `checkpoint-broken` when its payload is none,
 * `pack-unavailable`
 */
export async function namedCheckpoint(
  vault: Vault,
  session: RelaySession,
  { point, spine, keys }: Naming,
): Promise<NamedCheckpoint> {
  const { sequence, hash } = point.checkpoint
  const entry = await entryAtRelay(vault, session, { sequence, hash })
  const epochs = spine.epochs.filter(({ since }) => since <= sequence)
  const get = session.get.bind(session, vault.log.vault)
  const read = await readPayload(entry, { keys, spine: { ...spine, epochs }, fetch: get })
  if ('fault' in read) throw brokenCheckpoint(entry, read.fault)
  try {
    return { vault, session, keys, entry, payload: decodeCheckpoint(read.body, entry.header.added) }
  } catch (cause) {
    throw cause instanceof CryptoError ? brokenCheckpoint(entry, cause.code, cause) : cause
  }
}

async function entryAtRelay(
  { log }: Vault,
  session: RelaySession,
  named: { readonly sequence: number; readonly hash: Uint8Array },
): Promise<NamedCheckpoint['entry']> {
  const { sequence, hash } = named
  for await (const given of session.entries(log.vault, sequence)) {
    const entry = 'entry' in given ? decodeEntry(given.entry) : undefined
    const { header } = entry ?? {}
    if (entry === undefined || header?.kind !== 'checkpoint') break
    if (!equal(entryHashOf(header.previous, entry.bodyHash), hash)) break
    return { ...entry, header }
  }
  throw new ClientError('relay-contradicts', `the relay lacks entry ${sequence}, which a prune names`, {
    data: { sequence, what: 'chain-broken' },
  })
}

/** The state's bytes, in pieces. @throws ClientError `pack-unavailable`, `checkpoint-broken`, `relay-corrupt` */
export async function* piecesOf(named: NamedCheckpoint): AsyncGenerator<Uint8Array> {
  const { payload, entry } = named
  const { depth, chunks } = payload.content
  const content = contentOf(depth, chunkIdsOf(chunks, payload.index))
  const options = fetchOptions(named)
  const fetch = new Fetch(options)
  for await (const part of chunksIn(options, content, payload.stateBytes)) {
    if (part === 'wrong') throw brokenCheckpoint(entry, part)
    if (part === 'missing') throw missing(entry)
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
export async function faultIn(named: NamedCheckpoint): Promise<string | undefined> {
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

/** Makes the state that of the checkpoint: what a `prune` that names it says it is. @throws as `piecesOf` */
export async function startFrom(named: NamedCheckpoint): Promise<void> {
  const { vault, entry, payload } = named
  const { holds } = entry.header.part
  // Checkpoints that agreed with the fold of before do not agree with this state for that.
  const { forget } = await notedSoFar(vault.trees)
  try {
    await loadState(vault.trees, piecesOf(named), {
      sequence: holds,
      stateHash: payload.stateHash,
      also: (transaction) => {
        forget(transaction)
        noteAgreed(transaction, entry.header.sequence)
      },
    })
  } catch (cause) {
    throw cause instanceof CryptoError ? brokenCheckpoint(entry, cause.code, cause) : cause
  }
}

function fetchOptions({ vault, session, keys, entry, payload }: NamedCheckpoint): FetchOptions {
  const own = ownPlaces(entry, payload)
  return {
    pool: vault.platform.pool,
    keys: () => keys.content,
    binding: vault.log.vault,
    packKey: (epoch) => keys.packKey(epoch),
    places: (id) => [...(own.get(toHex(id)) ?? []), ...placesOf(vault.trees, id)],
    get: (pack, range) => session.get(vault.log.vault, pack, range),
    found: () => undefined,
  }
}

/** Where the entry says that its chunks lie. */
function ownPlaces(
  entry: NamedCheckpoint['entry'],
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
    data: { sequence: header.sequence },
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
