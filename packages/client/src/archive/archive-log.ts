// The log of an archive, judged as any log is, and read on where it is damaged: what is lost is named, and from there on nothing is certain
// that the lost entries may have changed. Keys are gathered epoch by epoch, for whoever holds the words.
import {
  advance,
  advanceRetired,
  bodyHash,
  CryptoError,
  currentEpoch,
  decodeEntry,
  entryHash,
  epochKeysFor,
  equal,
  reachableKeys,
  type Entry,
  type EntryHash,
  type KeyPairs,
  type LogState,
  type Spine,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import { VaultKeys } from '../log/vault-keys.ts'
import type { ArchivedEntry, ArchiveReader } from './archive-reader.ts'

/** What is wrong at an entry. `lost`: damaged, or not there. Else the code of what the judge said. */
export interface LogTrouble {
  readonly sequence: number
  readonly reason: string
}

/** An entry that stands, with the spine after it. `uncertain`: an entry before it is lost. */
export interface ArchivedStep {
  readonly sequence: number
  readonly entry: Entry
  readonly spine: Spine
  readonly uncertain: boolean
}

/** The spine from an entry on. */
interface SpineFrom {
  readonly sequence: number
  readonly spine: Spine
}

/** A log that was judged once from end to end. */
export class ArchiveLog {
  readonly state: LogState
  readonly keys: VaultKeys
  readonly troubles: readonly LogTrouble[]
  /** The log does not end where the archive says that it does, or the archive does not say. */
  readonly isCutShort: boolean
  readonly #reader: ArchiveReader
  readonly #spines: readonly SpineFrom[]
  readonly #notWhole: ReadonlySet<number>

  private constructor(reader: ArchiveReader, judging: Judging, keys: VaultKeys) {
    const { state, spines, troubles } = judging
    if (state === undefined) throw new RangeError('a log without a genesis')
    this.#reader = reader
    this.state = state
    this.keys = keys
    this.troubles = troubles
    this.#spines = spines
    this.#notWhole = new Set(troubles.map(({ sequence }) => sequence))
    this.isCutShort = reader.end === undefined || !isHead(state, reader.end)
  }

  /**
   * Judges all entries. `pairs`: of a member identity.
   * @throws ClientError `archive-broken` where no genesis can be read, `archive-closed` where the words open nothing, `update-needed`, `disk-failed`
   */
  static async read(reader: ArchiveReader, pairs: KeyPairs): Promise<ArchiveLog> {
    const judging = new Judging(reader.vault)
    for (let sequence = 0; sequence <= reader.lastSequence; sequence += 1)
      judging.take(sequence, await reader.entry(sequence))
    if (judging.state === undefined)
      throw new ClientError('archive-broken', 'the first entry of the log cannot be read')
    return new ArchiveLog(reader, judging, gatherKeys(judging, pairs))
  }

  /** Whether an entry is missing, or did not stand, that no prune retired. */
  get isDamaged(): boolean {
    return this.troubles.length > 0
  }

  /** The entry of a sequence, where it is whole and stands. @throws ClientError `disk-failed` */
  async entryAt(sequence: number): Promise<Entry | undefined> {
    if (this.#notWhole.has(sequence)) return undefined
    const archived = await this.#reader.entry(sequence)
    return 'entry' in archived ? decodeEntry(archived.entry) : undefined
  }

  /** The entries that stand, in order, from one on. @throws ClientError `disk-failed` */
  async *steps(from = 0): AsyncGenerator<ArchivedStep> {
    const firstLoss = this.troubles[0]?.sequence ?? Number.POSITIVE_INFINITY
    let at = 0
    for (let sequence = from; sequence <= this.#reader.lastSequence; sequence += 1) {
      if (this.#notWhole.has(sequence)) continue
      const archived = await this.#reader.entry(sequence)
      if (!('entry' in archived)) continue
      while ((this.#spines[at + 1]?.sequence ?? Number.POSITIVE_INFINITY) <= sequence) at += 1
      const spine = this.#spines[at]?.spine ?? this.state.spine
      yield { sequence, entry: decodeEntry(archived.entry), spine, uncertain: sequence > firstLoss }
    }
  }
}

const unknownHash = entryHash(new Uint8Array(32))

/** One pass over the log. */
class Judging {
  state: LogState | undefined
  readonly troubles: LogTrouble[] = []
  readonly spines: SpineFrom[] = []
  readonly #vault: Uint8Array | 'newer' | undefined
  /** An entry before is lost, so that the chain or the spine may have a gap here. */
  #isAfterLoss = false

  constructor(vault: Uint8Array | 'newer' | undefined) {
    this.#vault = vault
  }

  take(sequence: number, archived: ArchivedEntry): void {
    if ('entry' in archived) this.#takeEntry(sequence, archived.entry)
    else if ('retired' in archived) this.#pass(sequence, archived.retired, true)
    else this.#lose(sequence, 'lost', archived.lost)
  }

  #takeEntry(sequence: number, bytes: Uint8Array): void {
    let hash: Uint8Array | undefined
    try {
      const entry = decodeEntry(bytes)
      hash = entry.bodyHash
      this.#follow(entry)
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error
      this.#lose(sequence, error.code, hash)
    }
  }

  #follow(entry: Entry): void {
    const before = this.state
    const { header } = entry
    const from = before === undefined || header.kind === 'genesis' ? before : this.#bridged(before, header)
    const state = advance(from, entry)
    if (before === undefined && this.#vault instanceof Uint8Array && !equal(state.vault, this.#vault))
      throw new CryptoError('chain-broken', 'the genesis of another vault')
    this.state = state
    if (state.spine !== before?.spine) this.spines.push({ sequence: header.sequence, spine: state.spine })
  }

  /** Behind a loss the chain goes on from what the entry itself says that it follows. */
  #bridged(state: LogState, link: { previous: EntryHash; spine: EntryHash; at: number }): LogState {
    if (!this.#isAfterLoss) return state
    const isKnown = !equal(state.head.hash, unknownHash)
    const hash = isKnown ? state.head.hash : link.previous
    const at = Math.min(state.head.at, link.at)
    const head = { ...state.head, hash, at }
    return { ...state, head, spine: { ...state.spine, head: link.spine } }
  }

  #pass(sequence: number, hash: Uint8Array, isRetired: boolean): void {
    if (this.state === undefined) return
    const { retired } = this.state
    const passed = advanceRetired(this.state, sequence, bodyHash(hash))
    this.state = isRetired ? passed : { ...passed, retired }
  }

  #lose(sequence: number, reason: string, hash: Uint8Array | undefined): void {
    this.troubles.push({ sequence, reason })
    this.#isAfterLoss = true
    if (this.state === undefined) return
    if (hash?.length === 32) this.#pass(sequence, hash, false)
    else this.state = { ...this.state, head: { ...this.state.head, sequence, hash: unknownHash } }
  }
}

/** The keys of each epoch that the words open, or that lie under such a one. @throws ClientError `archive-closed` */
function gatherKeys({ state, spines }: Judging, pairs: KeyPairs): VaultKeys {
  if (state === undefined) throw new RangeError('a log without a genesis')
  const { vault } = state
  let keys = new Map<number, Uint8Array>()
  let cause: unknown
  // The newest first: mostly it reaches all the others.
  for (const { spine } of [...spines].reverse()) {
    if (keys.has(currentEpoch(spine).number)) continue
    try {
      for (const [epoch, key] of epochKeysFor({ vault, spine, pairs })) keys.set(epoch, key)
      keys = reachableKeys({ vault, spine: state.spine }, keys)
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error
      cause ??= error
    }
  }
  if (keys.size === 0)
    throw new ClientError('archive-closed', 'the words are not those of a member of this vault', { cause })
  return VaultKeys.given(vault, currentEpoch(state.spine).number, keys)
}

function isHead({ head }: LogState, end: { readonly sequence: number; readonly hash: Uint8Array }): boolean {
  return head.sequence === end.sequence && equal(head.hash, end.hash)
}
