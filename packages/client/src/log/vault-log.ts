// The verified log of one vault on this device: judges what comes, holds the head and the keys, and signs what goes. What an entry does to the
// trees is the fold's.
import {
  advance,
  advanceRetired,
  bodyHash,
  checkRetired,
  decodeEntry,
  decodeLogState,
  encodeLogState,
  equal,
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
import { logFault } from './log-fault.ts'
import { VaultKeys } from './vault-keys.ts'

/** An entry that follows, and the log after it. `entry` is undefined for one of which only the body hash is left. */
export interface Judged {
  readonly sequence: number
  readonly entry: Entry | undefined
  readonly state: LogState
}

/** One vault's log. Moves forward only. */
export class VaultLog {
  readonly vault: VaultId
  readonly device: KeyPairs
  #state: LogState | undefined
  #keys: VaultKeys | undefined
  /** Keys from further on in the log, for the entries before this device was a member. */
  #ahead: VaultKeys | undefined

  constructor(vault: VaultId, device: KeyPairs, state?: LogState) {
    this.vault = vault
    this.device = device
    this.#state = state
  }

  /** The log as this device last kept it. @throws ClientError `state-foreign` when the state is of another vault */
  static open(rows: StateRows, vault: VaultId, device: KeyPairs): VaultLog {
    const kept = keptLogState(rows)
    const state = kept === undefined ? undefined : decodeLogState(kept)
    if (state !== undefined && !equal(state.vault, vault)) {
      throw new ClientError('state-foreign', 'the state belongs to another vault')
    }
    return new VaultLog(vault, device, state)
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

  /** The keys after a state: taken from the spine again only when its epoch is another. */
  keysAfter(state: LogState): VaultKeys {
    const epoch = state.spine.epochs.at(-1)?.number ?? 0
    if (this.#ahead?.epochKeys.has(epoch) === true) return this.#ahead
    if (this.#keys?.epoch !== epoch) this.#keys = VaultKeys.of(this.vault, state.spine, this.device)
    return this.#keys
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
    if (this.#ahead !== undefined) return false
    return this.#state?.spine.seals.has(toHex(this.device.sign.publicKey)) !== true
  }

  /**
   * Judges entries without keeping them, and takes the keys from where they end: a joiner reads what came before it.
   * @throws ClientError as `judge`; `key-withheld`, `relay-refused`
   */
  async lookAhead(entries: AsyncIterable<RelayEntry>): Promise<void> {
    let state = this.#state
    for await (const given of entries) state = this.#judgeAfter(state, given).state
    if (state !== undefined) this.#ahead = VaultKeys.of(this.vault, state.spine, this.device)
  }

  #judgeAfter(after: LogState | undefined, given: RelayEntry): Judged {
    const sequence = after === undefined ? 0 : after.head.sequence + 1
    try {
      if (given.sequence !== sequence) {
        throw new ClientError('relay-contradicts', `entry ${given.sequence} came where ${sequence} follows`)
      }
      if (!('entry' in given)) {
        return {
          sequence,
          entry: undefined,
          state: advanceRetired(this.#stateBefore(after), sequence, bodyHash(given.bodyHash)),
        }
      }
      const entry = decodeEntry(given.entry)
      const state = advance(after, entry)
      if (!equal(state.vault, this.vault)) {
        throw new ClientError('relay-contradicts', 'the genesis is of another vault')
      }
      return { sequence, entry, state }
    } catch (cause) {
      throw logFault(cause, { sequence })
    }
  }

  /** Writes a judged entry and the log after it, in the transaction that folds it. */
  keep(rows: StateRowsWriter, judged: Judged, given: RelayEntry): void {
    const { sequence, entry, state } = judged
    if (entry !== undefined) keepEntry(rows, { sequence, bodyHash: entry.bodyHash, entry: entry.bytes })
    else if (!('entry' in given)) keepBodyHash(rows, sequence, bodyHash(given.bodyHash))
    keepLogState(rows, encodeLogState(state))
  }

  /** The transaction went through: the log has moved. */
  moved(judged: Judged): void {
    this.#state = judged.state
    // From here on the spine itself seals to this device: keys ahead of a later epoch would hide a newer one.
    if (judged.state.spine.seals.has(toHex(this.device.sign.publicKey))) this.#ahead = undefined
  }

  #stateBefore(after: LogState | undefined): LogState {
    if (after === undefined)
      throw new ClientError('relay-contradicts', 'a log that begins with a retired entry')
    return after
  }

  /** At the end of what the relay has: no entry may be missing that no prune retired. @throws ClientError `relay-contradicts` */
  complete(): void {
    try {
      checkRetired(this.state)
    } catch (cause) {
      throw logFault(cause, { sequence: this.state.head.sequence })
    }
  }

  /**
   * Compares the head that the relay states with what this device knows.
   * @throws ClientError `relay-rollback` for an older log, `relay-contradicts` for another one
   */
  compare(rows: StateRows, head: RelayHead | undefined): void {
    const known = this.#state?.head
    if (known === undefined) return
    if (head === undefined) {
      throw new ClientError('relay-rollback', 'the relay has no log of this vault any more', {
        data: { expected: known.sequence },
      })
    }
    const data = { expected: known.sequence, came: head.sequence }
    if (head.sequence < known.sequence) {
      const detail = `entry ${head.sequence} is its last, ${known.sequence} was seen before`
      throw new ClientError('relay-rollback', detail, { data })
    }
    if (head.sequence === known.sequence && !equal(head.hash, known.hash)) {
      throw new ClientError(
        'relay-contradicts',
        `entry ${head.sequence} is another than the one seen before`,
        { data },
      )
    }
  }

  /** Whether an entry that is already known came again, the same. @throws ClientError `relay-contradicts` when it is another */
  seenBefore(rows: StateRows, given: RelayEntry): boolean {
    if (given.sequence >= this.nextSequence) return false
    const kept = bodyHashAt(rows, given.sequence)
    const came = 'entry' in given ? decodeEntry(given.entry).bodyHash : given.bodyHash
    if (kept !== undefined && !equal(kept, came)) {
      throw new ClientError(
        'relay-contradicts',
        `entry ${given.sequence} is another than the one seen before`,
      )
    }
    return true
  }
}
