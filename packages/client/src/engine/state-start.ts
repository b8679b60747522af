// Where the state of a device comes from when it is not the fold of all entries: a checkpoint that an owner's `prune` names is the state at its
// sequence, for everyone. Each step can be cut off: whether the state is whole is seen from what is kept.
import { decodeEntry, equal, packIdOf, toHex, type Entry, type LogState } from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { PayloadReading } from '../log/payload-reader.ts'
import type { VaultKeys } from '../log/vault-keys.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { isHalfLoaded } from '../state/checkpoint-load.ts'
import { entryAt, payloadPackAt } from '../state/entry-keep.ts'
import { foldedSequence } from '../state/log-cache.ts'
import { isSettled, noteRefused } from './agreed-checkpoints.ts'
import { brokenCheckpoint, faultIn } from './checkpoint-source.ts'
import { namedCheckpoint, startFrom } from './named-checkpoint.ts'
import type { Vault } from './vault.ts'

/** Whether the state is that of the log as this device has it: neither half loaded, nor ahead of it, nor behind. */
export function isWhole({ log, trees }: Vault): boolean {
  return !isHalfLoaded(trees) && foldedSequence(trees) === log.nextSequence - 1
}

/**
 * Takes the state from the checkpoint of the latest prune, where it is further than what this device folded. `ahead`: the log up to the
 * relay's head. Returns whether it did.
 * @throws ClientError `checkpoint-broken`, `pack-unavailable`, `relay-contradicts`, `relay-corrupt`
 */
export async function startWhereNamed(
  vault: Vault,
  session: RelaySession,
  ahead: { readonly state: LogState; readonly keys: VaultKeys },
): Promise<boolean> {
  const { spine } = ahead.state
  const point = spine.prune
  if (point === undefined || vault.foldsTo !== undefined) return false
  const isHalf = isHalfLoaded(vault.trees)
  const folded = foldedSequence(vault.trees)
  if (folded >= point.through && !isHalf) return false
  const naming = { point, spine, keys: ahead.keys }
  try {
    const named = await namedCheckpoint(vault, session, naming)
    // What this device folded itself goes only for a state that is one.
    const fault = isHalf || folded < 0 ? undefined : await faultIn(named)
    if (fault !== undefined) throw brokenCheckpoint(named.entry, fault)
    await startFrom(named)
    return true
  } catch (error) {
    const isNeeded = isHalf || folded < 0 || (ahead.state.retired ?? -1) > folded
    if (!(error instanceof ClientError) || error.code !== 'checkpoint-broken') throw error
    // Once a load has begun, only another one makes a state again.
    if (isNeeded || isHalfLoaded(vault.trees)) throw error
    return false
  }
}

/**
 * A prune that is in this device's log names a checkpoint that is not what was folded here, or was not compared: it is the state at its
 * sequence all the same, and what came behind is folded again. One that is no state at all is refused, and its signer named: then what
 * was folded here stands. Returns whether the state was taken over.
 * @throws ClientError `pack-unavailable`, `relay-contradicts`, `relay-corrupt`
 */
export async function takeOverWhenPruned(vault: Vault, session: RelaySession): Promise<boolean> {
  const { log, trees } = vault
  if (log.isEmpty) return false
  const { spine } = log.state
  const point = spine.prune
  if (point === undefined || isSettled(trees, point.checkpoint.sequence)) return false
  // A later prune, which the log has not come to yet, gave the state: of what lies between nothing is kept, and no way leads back.
  if (lacksEntry(vault, point.through + 1)) return false
  const refuse = async (device: string, reason: string): Promise<false> => {
    const { sequence } = point.checkpoint
    await trees.write({ flush: false }, (transaction) => noteRefused(transaction, sequence))
    vault.report({ event: 'void', sequence, device, reason })
    return false
  }
  try {
    const named = await namedCheckpoint(vault, session, { point, spine, keys: log.keys })
    const fault = isHalfLoaded(trees) ? undefined : await faultIn(named)
    if (fault !== undefined) return await refuse(toHex(named.entry.header.device), 'state-differs')
    await startFrom(named)
    return true
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'checkpoint-broken' || isHalfLoaded(trees))
      throw error
    return await refuse(String(error.data['device']), 'state-differs')
  }
}

/**
 * Whether nothing can be folded onto the state: a load was begun and not ended, or of the next entry only the hash is here. A later state has to
 * take its place.
 */
export function isCutOff(vault: Vault): boolean {
  if (isHalfLoaded(vault.trees)) return true
  const next = foldedSequence(vault.trees) + 1
  return next < vault.log.nextSequence && entryAt(vault.trees, next) === undefined
}

/** Whether an entry of the log, from this one on, is not kept whole. */
function lacksEntry({ log, trees }: Vault, from: number): boolean {
  for (let sequence = from; sequence < log.nextSequence; sequence += 1)
    if (entryAt(trees, sequence) === undefined) return true
  return false
}

/** An entry as this device keeps it, with what opens it. @throws ClientError `state-broken` when it is not kept */
export function keptEntry(
  { log, trees }: Vault,
  session: RelaySession,
  sequence: number,
): PayloadReading & { readonly entry: Entry } {
  const bytes = entryAt(trees, sequence)
  if (bytes === undefined)
    throw new ClientError('state-broken', 'an entry behind the checkpoint is not kept', {
      data: { sequence },
    })
  const { spine } = log.state
  const kept: Uint8Array[] = []
  for (let position = 0; ; position += 1) {
    const pack = payloadPackAt(trees, { sequence, position })
    if (pack === undefined) break
    kept.push(pack)
  }
  return {
    entry: decodeEntry(bytes),
    keys: log.keys,
    spine: { ...spine, epochs: spine.epochs.filter(({ since }) => since <= sequence) },
    fetch: async (pack, range) =>
      kept.find((one) => equal(packIdOf(one), pack)) ?? (await session.get(log.vault, pack, range)),
  }
}
