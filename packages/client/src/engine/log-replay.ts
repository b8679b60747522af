// Goes through the log of a vault again, entry by entry, from what this device keeps of it: judged once, when it came, and known by its body
// hashes. What is not kept any more is asked of the relay, and must have the body hash that is known.
import {
  advance,
  advanceRetired,
  decodeEntry,
  equal,
  isSpineKind,
  toHex,
  type BodyHash,
  type Entry,
  type LogState,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { readPayload, type PackFetch } from '../log/payload-reader.ts'
import type { RelayEntry, RelaySession } from '../relay/relay-session.ts'
import { bodyHashAt, entryAt, payloadPackAt } from '../state/entry-keep.ts'
import type { Vault } from './vault.ts'

/** An entry with the log after it. `entry`: undefined where it was not asked for, or is not to be had. `state.head.at` may be an earlier one's. */
export interface Replayed {
  readonly sequence: number
  readonly entry: Entry | undefined
  readonly state: LogState
}

/** What the body of a payload says; or the fault of the member who wrote it. */
export type ReplayedBody = { readonly body: Uint8Array } | { readonly fault: string }

/** The log of one vault, once more. */
export class LogReplay {
  readonly #vault: Vault
  readonly #session: () => Promise<RelaySession>
  #asked: { readonly next: number; readonly entries: AsyncIterator<RelayEntry> } | undefined

  /** `session`: asked for where the relay has to help out. */
  constructor(vault: Vault, session: () => Promise<RelaySession>) {
    this.#vault = vault
    this.#session = session
  }

  /**
   * Every entry up to `through`, in order. Those from `whole` on come whole.
   * @throws ClientError `history-gone` where one is neither kept here nor at the relay; `state-broken`; as the session fails
   */
  async *entries({ whole, through }: { whole: number; through: number }): AsyncGenerator<Replayed> {
    const { trees } = this.#vault
    let state: LogState | undefined
    for (let sequence = 0; sequence <= through; sequence += 1) {
      const known = bodyHashAt(trees, sequence)
      if (known === undefined) throw broken(sequence)
      const kept = entryAt(trees, sequence)
      const raw = kept ?? (sequence >= whole ? await this.#fromRelay(sequence, known) : undefined)
      const entry = raw === undefined ? undefined : decodeEntry(raw)
      state = follow(state, sequence, { entry, known })
      yield { sequence, entry, state }
    }
  }

  /** The hash of the log at a sequence, hex: retired entries count with what this device wrote down of them. @throws ClientError `state-broken` */
  async hashAt(sequence: number): Promise<string> {
    const { head } = this.#vault.log.state
    if (sequence === head.sequence) return toHex(head.hash)
    let hash: string | undefined
    for await (const { state } of this.entries({ whole: sequence + 1, through: sequence }))
      hash = toHex(state.head.hash)
    if (hash === undefined) throw broken(sequence)
    return hash
  }

  /** Opens the payload of an entry that came whole. @throws ClientError `pack-unavailable`, `relay-corrupt`, `update-needed`, `key-withheld` */
  async body({ entry, state }: Replayed): Promise<ReplayedBody> {
    if (entry === undefined) return { fault: 'retired' }
    const { log, trees } = this.#vault
    const { sequence } = entry.header
    let position = 0
    const fetch: PackFetch = async (pack, range) =>
      payloadPackAt(trees, { sequence, position: position++ }) ??
      (await (await this.#session()).get(log.vault, pack, range))
    return await readPayload(entry, { keys: log.keys, spine: state.spine, fetch })
  }

  /** Retired entries stand together: the relay is asked once for many. */
  async #fromRelay(sequence: number, known: BodyHash): Promise<Uint8Array> {
    const entries =
      this.#asked?.next === sequence
        ? this.#asked.entries
        : (await this.#session()).entries(this.#vault.log.vault, sequence)[Symbol.asyncIterator]()
    this.#asked = { next: sequence + 1, entries }
    const came = await entries.next()
    const given = came.done === true ? undefined : came.value
    if (given?.sequence !== sequence || !('entry' in given)) throw gone(sequence)
    if (!equal(decodeEntry(given.entry).bodyHash, known))
      throw new ClientError('relay-contradicts', `entry ${sequence} is another than the one seen before`, {
        data: { sequence, what: 'chain-broken' },
      })
    return given.entry
  }
}

/** Only the spine is judged again: everything else was, and its hash is what this device wrote down then. */
function follow(
  state: LogState | undefined,
  sequence: number,
  { entry, known }: { entry: Entry | undefined; known: BodyHash },
): LogState {
  if (state === undefined && entry === undefined) throw broken(sequence)
  if (state === undefined || (entry !== undefined && isSpineKind(entry.header.kind))) {
    if (entry === undefined) throw broken(sequence)
    return advance(state, entry)
  }
  return advanceRetired(state, sequence, known)
}

function gone(sequence: number): ClientError {
  return new ClientError('history-gone', 'neither kept here nor at the relay any more', {
    data: { sequence },
  })
}

function broken(sequence: number): ClientError {
  return new ClientError('state-broken', `this device kept nothing of entry ${sequence}`)
}
