// The verified log of one vault on this device: judges what comes, holds the head and the keys. What an entry does to the trees is the
// fold's, what is signed is the entry writer's.
import {
  advance,
  advanceRetired,
  bodyHash,
  checkRetired,
  CryptoError,
  decodeEntry,
  decodeLogState,
  encodeLogState,
  epochOf,
  equal,
  isKeyOf,
  isSpineKind,
  toHex,
  type Entry,
  type KeyPairs,
  type LogState,
  type VaultId,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { RelayEntry, RelayHead } from '../relay/relay-session.ts'
import { bodyHashAt, keepBodyHash, keepEntry } from '../state/entry-keep.ts'
import { keepLogState, keptLogState } from '../state/log-cache.ts'
import type { StateRows, StateRowsWriter } from '../state/state-rows.ts'
import { withEvidence } from './evidence.ts'
import { anchorOf, type LogAnchor } from './log-anchor.ts'
import { logFault } from './log-fault.ts'
import { isAuthentic } from './unknown-entry.ts'
import { VaultKeys } from './vault-keys.ts'

/** An entry that follows, and the log after it. `entry` is undefined for one of which only the body hash is left. */
export interface Judged {
  readonly sequence: number
  readonly entry: Entry | undefined
  readonly state: LogState
}

/** Keys from further on in the log, and the place where they were taken: the log must come to it. */
interface KeysAhead extends LogAnchor {
  readonly keys: VaultKeys
}

/** One vault's log. Moves forward only. */
export class VaultLog {
  readonly vault: VaultId
  readonly device: KeyPairs
  readonly #anchor: LogAnchor
  #state: LogState | undefined
  #keys: VaultKeys | undefined
  #ahead: KeysAhead | undefined

  constructor(
    vault: VaultId,
    device: KeyPairs,
    known: { readonly state?: LogState | undefined; readonly anchor?: LogAnchor | undefined } = {},
  ) {
    this.vault = vault
    this.device = device
    this.#state = known.state
    this.#anchor = known.anchor ?? anchorOf({ other: () => undefined }, vault)
  }

  /** The log as this device last kept it. @throws ClientError `state-foreign` when the state is of another vault, `state-broken` */
  static open(rows: StateRows, vault: VaultId, device: KeyPairs): VaultLog {
    return new VaultLog(vault, device, { state: keptState(rows, vault), anchor: anchorOf(rows, vault) })
  }

  /** Whether this device knows nothing of the log yet. */
  get isEmpty(): boolean {
    return this.#state === undefined
  }

  /** @throws ClientError `state-broken` before the genesis came */
  get state(): LogState {
    if (this.#state === undefined)
      throw new ClientError('state-broken', 'the log of this vault has not been read yet')
    return this.#state
  }

  /** The sequence of the next entry. */
  get nextSequence(): number {
    return this.#state === undefined ? 0 : this.#state.head.sequence + 1
  }

  /** The keys of this device, of the epoch in force. @throws ClientError `key-withheld`, `relay-refused` */
  get keys(): VaultKeys {
    return this.keysAfter(this.state)
  }

  /** The keys that were in use last: where this device was taken out meanwhile there are no others. */
  get keysHeld(): VaultKeys | undefined {
    return this.#keys
  }

  /** The keys after a state: taken from the spine again only when its epoch is another. @throws as `keys`; `relay-contradicts` */
  keysAfter(state: LogState): VaultKeys {
    const epoch = state.spine.epochs.at(-1)?.number ?? 0
    return this.#keysAhead(state, epoch) ?? this.#keysOf(state, epoch)
  }

  #keysOf(state: LogState, epoch: number): VaultKeys {
    if (this.#keys?.epoch !== epoch) this.#keys = VaultKeys.of(this.vault, state.spine, this.device)
    return this.#keys
  }

  #keysAhead(state: LogState, epoch: number): VaultKeys | undefined {
    const ahead = this.#ahead
    if (ahead === undefined || state.head.sequence > ahead.sequence) return undefined
    if (ahead.keys.epochKeys.has(epoch)) {
      assertCommitted(state, { epoch, keys: ahead.keys })
      return ahead.keys
    }
    if (this.#isSealedToUs(state)) return undefined
    throw new ClientError('key-withheld', 'the key of an earlier epoch is out of reach', { data: { epoch } })
  }

  #isSealedToUs(state: LogState | undefined): boolean {
    return state?.spine.seals.has(toHex(this.device.sign.publicKey)) === true
  }

  /**
   * Judges the next entry; changes nothing.
   * @throws ClientError `relay-contradicts`, `update-needed`
   */
  judge(given: RelayEntry): Judged {
    return this.#judgeAfter(this.#state, given)
  }

  /** Whether this device can open nothing at this place of the log: it joined further on. */
  get isBeforeJoining(): boolean {
    if (this.#ahead !== undefined && this.nextSequence <= this.#ahead.sequence) return false
    return !this.#isSealedToUs(this.#state)
  }

  /**
   * Judges entries without keeping them, up to the end of the log, and takes the keys from there: a joiner reads what came before it,
   * a device whose key was withheld what came before the repair, and who was away whether entries were retired meanwhile. Returns the log
   * there, with its keys; undefined when there is none.
   * @throws ClientError as `judge`; `key-withheld`, `relay-refused`
   */
  async lookAhead(
    entries: AsyncIterable<RelayEntry>,
  ): Promise<{ readonly state: LogState; readonly keys: VaultKeys } | undefined> {
    const state = (await this.judgeOn(entries))?.state ?? this.#state
    if (state === undefined) return undefined
    assertRetired(state)
    const { sequence, hash } = state.head
    const keys = VaultKeys.of(this.vault, state.spine, this.device)
    this.#ahead = { keys, sequence, hash }
    return { state, keys }
  }

  /** Judges entries without keeping them; the last one, and the log after it. @throws ClientError as `judge` */
  async judgeOn(entries: AsyncIterable<RelayEntry>): Promise<Judged | undefined> {
    let last: Judged | undefined
    for await (const given of entries) last = this.#judgeAfter(last?.state ?? this.#state, given)
    return last
  }

  #judgeAfter(after: LogState | undefined, given: RelayEntry): Judged {
    const sequence = after === undefined ? 0 : after.head.sequence + 1
    try {
      const judged = this.#follow(after, sequence, given)
      this.#assertAnchored(judged.state)
      return judged
    } catch (cause) {
      const fault = logFault(cause, {
        sequence,
        isAuthentic: () => 'entry' in given && isAuthentic(given.entry, after, this.vault),
      })
      throw withEvidence(fault, { expected: after?.head ?? this.#anchor, came: given })
    }
  }

  #follow(after: LogState | undefined, sequence: number, given: RelayEntry): Judged {
    if (given.sequence !== sequence)
      throw contradiction(`entry ${given.sequence} came where ${sequence} follows`, { sequence })
    if (!('entry' in given)) {
      if (after === undefined) throw contradiction('a log that begins with a retired entry', { sequence })
      const state = advanceRetired(after, sequence, bodyHash(given.bodyHash))
      return { sequence, entry: undefined, state }
    }
    const entry = decodeEntry(given.entry)
    const state = advance(after, entry)
    if (!equal(state.vault, this.vault)) throw contradiction('the genesis is of another vault', { sequence })
    return { sequence, entry, state }
  }

  /** What was proved before must be in the log: that this device joined, and what gave it the keys. */
  #assertAnchored({ head }: LogState): void {
    for (const known of [this.#anchor, this.#ahead]) {
      if (known?.sequence === head.sequence && !equal(known.hash, head.hash))
        throw contradiction(`entry ${head.sequence} is another than the one seen before`, {
          sequence: head.sequence,
        })
    }
  }

  /**
   * Writes a judged entry and the log after it, in the transaction that folds it. Of one that is retired as far as this device goes, for
   * its state came from a checkpoint behind it, the body hash alone is kept.
   */
  keep(
    rows: StateRowsWriter,
    judged: Judged,
    { given, retired }: { readonly given: RelayEntry; readonly retired: boolean },
  ): void {
    const { sequence, entry, state } = judged
    if (entry !== undefined && retired && !isSpineKind(entry.header.kind))
      keepBodyHash(rows, sequence, entry.bodyHash)
    else if (entry !== undefined) keepEntry(rows, { sequence, bodyHash: entry.bodyHash, entry: entry.bytes })
    else if (!('entry' in given)) keepBodyHash(rows, sequence, bodyHash(given.bodyHash))
    keepLogState(rows, encodeLogState(state))
  }

  /** The transaction went through: the log has moved. */
  moved(judged: Judged): void {
    this.#state = judged.state
    if (this.#ahead !== undefined && judged.sequence >= this.#ahead.sequence) this.#ahead = undefined
  }

  /** At the end of what the relay has: no entry may be missing that no prune retired. @throws ClientError `relay-contradicts` */
  complete(): void {
    assertRetired(this.state)
  }

  /** The log, as it was read, goes as far as this device knows of it. @throws ClientError `relay-rollback` */
  assertReaches(): void {
    const { head } = this.state
    const known = this.#known
    if (head.sequence < known.sequence)
      throw withEvidence(endsBefore(known, head), { expected: known, came: { head } })
  }

  /** The error that it means when the relay has no log of this vault. */
  judgeMissing(): ClientError {
    const known = this.#known
    const error = new ClientError('relay-rollback', 'the relay has no log of this vault any more', {
      data: { expected: known.sequence },
    })
    return withEvidence(error, { expected: known, came: {} })
  }

  /**
   * What the head that the relay states means: `same`, `longer`, or `older`, of which `judgeOlder` tells why.
   * @throws ClientError `relay-contradicts` for another one of the same length
   */
  compare(head: RelayHead): 'same' | 'longer' | 'older' {
    const known = this.#known
    if (head.sequence < known.sequence) return 'older'
    if (head.sequence > known.sequence) return 'longer'
    if (equal(head.hash, known.hash)) return head.sequence < this.nextSequence ? 'same' : 'longer'
    throw withEvidence(
      contradiction(`entry ${head.sequence} is another than the one seen before`, {
        expected: known.sequence,
        came: head.sequence,
        sequence: head.sequence,
        what: 'chain-broken',
      }),
      { expected: known, came: { head } },
    )
  }

  /**
   * The error that a log means which ends before what this device knows. `last`: its last entry, undefined when the relay gives none.
   * The same entry as here makes it an older log; another one makes it another log.
   */
  judgeOlder(rows: StateRows, head: RelayHead, last: RelayEntry | undefined): ClientError {
    const kept = bodyHashAt(rows, head.sequence)
    const came = last?.sequence === head.sequence ? bodyHashOf(last) : undefined
    const evidence = { expected: { ...this.#known, bodyHash: kept }, came: { head, ...last } }
    const isOther = last !== undefined && kept !== undefined && (came === undefined || !equal(kept, came))
    const error = isOther
      ? contradiction(`entry ${head.sequence} is another than the one seen before`, {
          expected: this.#known.sequence,
          came: head.sequence,
          sequence: head.sequence,
          what: 'chain-broken',
        })
      : endsBefore(this.#known, head)
    return withEvidence(error, evidence)
  }

  /** The head that the relay stated must be in the log that it gave. @throws ClientError `relay-contradicts` */
  assertHolds(head: RelayHead, judged?: Judged): void {
    const place = judged?.state.head ?? this.state.head
    if (place.sequence > head.sequence) return
    if (place.sequence === head.sequence && equal(place.hash, head.hash)) return
    if (judged !== undefined && place.sequence < head.sequence) return
    throw withEvidence(
      contradiction(`the relay states a head, ${head.sequence}, that its log does not have`, {
        expected: head.sequence,
        came: place.sequence,
        sequence: head.sequence,
        what: 'head-unheld',
      }),
      { expected: place, came: { head } },
    )
  }

  /** An entry that is already known came again: the same. @throws ClientError `relay-contradicts` when it is another */
  assertSeen(rows: StateRows, given: RelayEntry): void {
    const { sequence } = given
    const kept = bodyHashAt(rows, sequence)
    const came = bodyHashOf(given)
    if (kept === undefined || (came !== undefined && equal(kept, came))) return
    throw withEvidence(
      contradiction(`entry ${sequence} is another than the one seen before`, {
        sequence,
        what: 'chain-broken',
      }),
      { expected: { sequence, bodyHash: kept }, came: given },
    )
  }

  /** The furthest place that this device knows of. */
  get #known(): LogAnchor {
    const head = this.#state?.head
    return head === undefined || head.sequence < this.#anchor.sequence ? this.#anchor : head
  }
}

function endsBefore(known: LogAnchor, head: { readonly sequence: number }): ClientError {
  const data = { expected: known.sequence, came: head.sequence }
  const message = `entry ${head.sequence} is its last, ${known.sequence} was seen before`
  return new ClientError('relay-rollback', message, { data })
}

/** The state of the log as this device last kept it: for who has no keys, or needs none. @throws as `VaultLog.open` */
export function keptState(rows: StateRows, vault: VaultId): LogState | undefined {
  const state = decodedState(rows)
  if (state !== undefined && !equal(state.vault, vault))
    throw new ClientError('state-foreign', 'the state belongs to another vault')
  return state
}

function decodedState(rows: StateRows): LogState | undefined {
  const kept = keptLogState(rows)
  try {
    return kept && decodeLogState(kept)
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    throw new ClientError('state-broken', 'the log that this device kept cannot be read', { cause })
  }
}

function contradiction(detail: string, data: Record<string, string | number>): ClientError {
  return new ClientError('relay-contradicts', detail, { data })
}

function assertRetired(state: LogState): void {
  try {
    checkRetired(state)
  } catch (cause) {
    const fault = logFault(cause, { sequence: state.retired ?? state.head.sequence })
    throw withEvidence(fault, { expected: undefined, came: { head: state.head } })
  }
}

/** Keys from further on are of this log only if they meet its own commitments. @throws ClientError `relay-contradicts` */
function assertCommitted(state: LogState, of: { epoch: number; keys: VaultKeys }): void {
  const epoch = epochOf(state.spine, of.epoch)
  const key = of.keys.epochKeys.get(of.epoch)
  if (epoch !== undefined && key !== undefined && isKeyOf(state, epoch, key)) return
  throw contradiction('the log is not the one that was read ahead', {
    sequence: state.head.sequence,
    what: 'chain-broken',
  })
}

/** undefined for bytes that are no entry. */
function bodyHashOf(given: RelayEntry): Uint8Array | undefined {
  if (!('entry' in given)) return given.bodyHash
  try {
    return decodeEntry(given.entry).bodyHash
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}
