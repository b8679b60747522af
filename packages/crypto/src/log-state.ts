// The one judge of a log, shared by client and relay: an entry after a state gives the next state, or an error with a code. Pure; states
// are values. What is not of the spine costs one signature and a few comparisons.
import { bodyHash, equal, vaultId, type BodyHash, type EntryHash, type VaultId } from './bytes.ts'
import { containerEpoch } from './container-front.ts'
import { CryptoError } from './errors.ts'
import { entryHashOf, verifyEntrySignature, type Entry } from './entry.ts'
import type { CheckpointHeader, Header, LinkedHeader, PruneHeader } from './header.ts'
import { checkpointsMax } from './limits.ts'
import { requireRight } from './log-rights.ts'
import { currentEpoch, epochOf, type Spine } from './spine.ts'
import { wrong } from './spine-draft.ts'
import { foldSpine } from './spine-fold.ts'
import { genesisSpine } from './spine-genesis.ts'

/** The last entry of a log. `at`: ms, of the last one that was seen whole. */
export interface LogHead {
  readonly sequence: number
  readonly hash: EntryHash
  readonly at: number
}

/** A checkpoint that a `prune` may name. `holds`: the sequence whose state it has. */
export interface CheckpointRef {
  readonly sequence: number
  readonly hash: EntryHash
  readonly holds: number
}

/** A log up to its head. */
export interface LogState {
  readonly vault: VaultId
  readonly head: LogHead
  readonly spine: Spine
  /** The latest checkpoints that were seen whole, by rising sequence. */
  readonly checkpoints: readonly CheckpointRef[]
  /** The highest sequence of which only the body hash was seen. */
  readonly retired: number | undefined
}

function chainBroken(what: string, sequence: number): CryptoError {
  return new CryptoError('chain-broken', what, { data: { sequence } })
}

/**
 * The state after this entry; `undefined` stands before the genesis.
 * @throws CryptoError `chain-broken` if it does not follow; `no-right`; `signature-wrong`; `public-part-wrong`, `limit` by the spine's rules
 */
export function advance(state: LogState | undefined, entry: Entry): LogState {
  const { header } = entry
  if (header.kind === 'genesis') return found(state, entry)
  if (state === undefined) throw chainBroken('a log does not start with a genesis', header.sequence)
  checkLink(state, header)
  requireRight(state.spine, header)
  verifyEntrySignature(entry)
  const hash = entryHashOf(state.head.hash, entry.bodyHash)
  if (header.kind === 'prune') checkPruned(state, header)
  const spine = nextSpine(state.spine, header, hash)
  checkEpochs(spine, entry)
  return {
    vault: state.vault,
    head: { sequence: header.sequence, hash, at: header.at },
    spine,
    checkpoints: nextCheckpoints(state, header, hash),
    retired: state.retired,
  }
}

function found(state: LogState | undefined, entry: Entry): LogState {
  const { header } = entry
  if (header.kind !== 'genesis' || state !== undefined || header.sequence !== 0)
    throw chainBroken('a genesis stands first and nowhere else', header.sequence)
  verifyEntrySignature(entry)
  const hash = entryHashOf(undefined, entry.bodyHash)
  const spine = genesisSpine(header, hash)
  checkEpochs(spine, entry)
  return {
    vault: vaultId(hash),
    head: { sequence: 0, hash, at: header.at },
    spine,
    checkpoints: [],
    retired: undefined,
  }
}

function checkLink(state: LogState, header: LinkedHeader): void {
  const { head, vault, spine } = state
  if (!equal(header.vault, vault)) throw chainBroken('an entry of another vault', header.sequence)
  if (header.sequence !== head.sequence + 1)
    throw chainBroken('the sequence does not follow', header.sequence)
  if (!equal(header.previous, head.hash)) throw chainBroken('the previous hash is another', header.sequence)
  if (!equal(header.spine, spine.head)) throw chainBroken('the spine hash is another', header.sequence)
  if (header.at < head.at) throw chainBroken('the time goes back', header.sequence)
}

function nextSpine(spine: Spine, header: LinkedHeader, hash: EntryHash): Spine {
  switch (header.kind) {
    case 'member':
    case 'config':
    case 'prune':
      return foldSpine(spine, header, hash)
    case 'drop':
    case 'change':
    case 'checkpoint':
      return spine
  }
}

/**
 * Payload and added packs are of the epoch in force, which is the one that the entry itself opens; restored packs of any that was.
 * `spine`: after the entry.
 */
function checkEpochs(spine: Spine, { header, payload }: Entry): void {
  const { number } = currentEpoch(spine)
  if (payload.length > 0 && containerEpoch(payload, 'payload') !== number)
    wrong('the payload is not of the epoch in force')
  if (header.added.some(({ epoch }) => epoch !== number)) wrong('an added pack is not of the epoch in force')
  if (header.restored.some(({ epoch }) => epochOf(spine, epoch) === undefined))
    wrong('a restored pack of an epoch that never was')
  checkDistinct(header)
}

function checkDistinct({ added, restored }: Header): void {
  if (added.length + restored.length < 2) return
  const ids = [...added, ...restored].map(({ id }) => Buffer.from(id).toString('latin1'))
  if (new Set(ids).size < ids.length) wrong('a pack is named twice')
}

function nextCheckpoints(state: LogState, header: LinkedHeader, hash: EntryHash): readonly CheckpointRef[] {
  if (header.kind !== 'checkpoint') return state.checkpoints
  const ref = checkpointRef(header, hash)
  return [...state.checkpoints, ref].slice(-checkpointsMax)
}

function checkpointRef({ sequence, part }: CheckpointHeader, hash: EntryHash): CheckpointRef {
  if (part.holds >= sequence) wrong('a checkpoint holds a state that is not before it')
  return { sequence, hash, holds: part.holds }
}

/**
 * A prune names a checkpoint of the log, and the sequence that it holds. One that a later prune retired cannot be looked at any more;
 * the later one is what counts then (`checkRetired`).
 */
function checkPruned(state: LogState, { part }: PruneHeader): void {
  const { checkpoint, through } = part
  const known = state.checkpoints.find(({ sequence }) => sequence === checkpoint.sequence)
  if (known === undefined) {
    if (state.retired === undefined || checkpoint.sequence > state.retired)
      wrong('a prune names an entry that is no recent checkpoint')
    return
  }
  if (!equal(known.hash, checkpoint.hash)) wrong('a prune names another checkpoint of that sequence')
  if (known.holds !== through) wrong('a prune names a checkpoint of another sequence')
}

/**
 * The state after an entry of which only the body hash is left. Call `checkRetired` at the end of a log that has such entries.
 * @throws CryptoError `chain-broken` if the sequence does not follow; `malformed`
 */
export function advanceRetired(state: LogState, sequence: number, body: BodyHash): LogState {
  if (sequence !== state.head.sequence + 1) throw chainBroken('the sequence does not follow', sequence)
  const hash = entryHashOf(state.head.hash, bodyHash(body))
  return { ...state, head: { ...state.head, sequence, hash }, retired: sequence }
}

/**
 * Returns if each entry that came as its body hash alone may have: none lies beyond the sequence of the latest prune, whose checkpoint
 * lies beyond it too. (That none of them is of the spine is what the spine hash in each later header shows.)
 * @throws CryptoError `chain-broken`
 */
export function checkRetired({ retired, spine }: LogState): void {
  if (retired !== undefined && (spine.prune === undefined || retired > spine.prune.through))
    throw chainBroken('an entry is missing that no prune retired', retired)
}
