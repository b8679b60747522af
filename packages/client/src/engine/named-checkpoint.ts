// The checkpoint that an owner's `prune` names, as the relay has it: found in the log, opened, and made the state of a device, which may hold nothing
// else of the vault.
import { CryptoError, decodeEntry, entryHashOf, equal, type PrunePoint, type Spine } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { VaultKeys } from '../log/vault-keys.ts'
import type { RelayEntry, RelaySession } from '../relay/relay-session.ts'
import { loadState } from '../state/checkpoint-load.ts'
import { placesOf } from '../state/chunk-index.ts'
import { noteAgreed, notedSoFar } from './agreed-checkpoints.ts'
import {
  brokenCheckpoint,
  openCheckpoint,
  piecesOf,
  type CheckpointEntry,
  type OpenedCheckpoint,
} from './checkpoint-source.ts'
import type { Vault } from './vault.ts'

/** A checkpoint of an open vault. */
export interface NamedCheckpoint extends OpenedCheckpoint {
  readonly vault: Vault
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
  const { log, platform, trees } = vault
  const entry = await namedEntry(session.entries(log.vault, point.checkpoint.sequence), point.checkpoint)
  const source = {
    ...{ binding: log.vault, keys, pool: platform.pool },
    get: session.get.bind(session, log.vault),
    places: (id: Parameters<typeof placesOf>[1]) => placesOf(trees, id),
  }
  return { vault, ...(await openCheckpoint(source, entry, spine)) }
}

/** The entry that is named, the first of those that come. @throws ClientError `relay-contradicts` */
export async function namedEntry(
  entries: AsyncIterable<RelayEntry>,
  { sequence, hash }: PrunePoint['checkpoint'],
): Promise<CheckpointEntry> {
  for await (const given of entries) {
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
