// Brings the vault's log up to the relay's head: each entry judged, opened, and folded into the state in one transaction. Own entries come
// this way too, so that a crash after an append loses nothing.
import {
  CryptoError,
  decodeChange,
  decodeCheckpoint,
  toHex,
  type ChangePayload,
  type Entry,
  type PackIndex,
} from '@grenier/crypto'
import { readPayload, type PackFetch } from '../log/payload-reader.ts'
import type { Judged } from '../log/vault-log.ts'
import type { RelayEntry, RelaySession } from '../relay/relay-session.ts'
import { keepPayloadPack } from '../state/entry-keep.ts'
import { foldChange, foldDrop, foldOther } from '../state/fold.ts'
import { noteFolded } from '../state/log-cache.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import { noteBulk } from './bulk-bytes.ts'
import { isOwn, type Vault } from './vault.ts'

/** An entry ready to be folded: what its payload says, where it has one that matters. */
interface Opened {
  readonly judged: Judged
  readonly given: RelayEntry
  readonly change: ChangePayload | undefined
  readonly index: readonly PackIndex[]
  readonly payloadPacks: readonly Uint8Array[]
  readonly fault: string | undefined
}

/** What this device knows of its own entry. `also` joins the transaction that folds it. */
export interface OwnEntry {
  readonly change?: ChangePayload | undefined
  readonly index?: readonly PackIndex[] | undefined
  readonly payloadPacks?: readonly Uint8Array[] | undefined
  readonly also?: ((transaction: Transaction) => Promise<void>) | undefined
}

/** Receives entries. Calls are one after the other: the run's order. */
export class Receiver {
  readonly #vault: Vault
  /** Entries that were pushed and may save a question, by sequence. */
  readonly #pushed = new Map<number, RelayEntry>()
  /** The relay said that there is more than what was pushed. */
  #behind = true

  constructor(vault: Vault) {
    this.#vault = vault
  }

  /** The relay pushed an entry. */
  pushed(entry: RelayEntry): void {
    if (entry.sequence < this.#vault.log.nextSequence) return
    if (this.#pushed.size < pushedMax) this.#pushed.set(entry.sequence, entry)
    else this.#behind = true
  }

  /** Something may have been missed: the next `receive` asks. */
  missed(): void {
    this.#behind = true
  }

  /** Whether `receive` has something to do. */
  get waiting(): boolean {
    return this.#behind || this.#pushed.size > 0
  }

  /**
   * Folds everything that the relay has. Returns how many entries came.
   * @throws ClientError `relay-contradicts`, `relay-rollback`, `relay-corrupt`, `update-needed`, `pack-unavailable`, `key-withheld`
   */
  async receive(session: RelaySession): Promise<number> {
    let count = await this.#takePushed(session)
    if (!this.#behind && this.#pushed.size === 0) return count
    this.#behind = false
    const { log, trees } = this.#vault
    const head = await session.head(log.vault)
    log.compare(trees, head)
    if (head !== undefined && head.sequence >= log.nextSequence) {
      if (log.isBeforeJoining) await log.lookAhead(session.entries(log.vault, log.nextSequence))
      for await (const given of session.entries(log.vault, log.nextSequence)) {
        await this.take(session, given)
        count += 1
      }
      log.complete()
    }
    for (const sequence of this.#pushed.keys()) if (sequence < log.nextSequence) this.#pushed.delete(sequence)
    return count + (await this.#takePushed(session))
  }

  async #takePushed(session: RelaySession): Promise<number> {
    const { log } = this.#vault
    let count = 0
    for (
      let given = this.#pushed.get(log.nextSequence);
      given !== undefined;
      given = this.#pushed.get(log.nextSequence)
    ) {
      this.#pushed.delete(given.sequence)
      await this.take(session, given)
      count += 1
    }
    return count
  }

  /** Judges, opens and folds one entry that follows. */
  async take(session: RelaySession, given: RelayEntry): Promise<void> {
    const judged = this.#vault.log.judge(given)
    await this.#keep(await this.#open(session, judged, given))
  }

  /** Folds an entry that this device has just appended: what it says needs no opening. */
  async takeOwn(given: RelayEntry, own: OwnEntry): Promise<void> {
    const judged = this.#vault.log.judge(given)
    const { change, index = [], payloadPacks = [] } = own
    await this.#keep({ judged, given, change, index, payloadPacks, fault: undefined }, own.also)
  }

  async #keep(opened: Opened, also?: (transaction: Transaction) => Promise<void>): Promise<void> {
    const { log, trees } = this.#vault
    await trees.write({ flush: false }, async (transaction) => {
      log.keep(transaction, opened.judged, opened.given)
      await this.#fold(transaction, opened)
      await also?.(transaction)
    })
    log.moved(opened.judged)
  }

  async #open(session: RelaySession, judged: Judged, given: RelayEntry): Promise<Opened> {
    const nothing = { judged, given, change: undefined, index: [], payloadPacks: [], fault: undefined }
    const { entry } = judged
    if (entry === undefined || (entry.header.kind !== 'change' && entry.header.kind !== 'checkpoint'))
      return nothing
    const { log } = this.#vault
    const fetch: PackFetch = (pack, range) => session.get(log.vault, pack, range)
    const payload = await readPayload(entry, {
      keys: log.keysAfter(judged.state),
      spine: judged.state.spine,
      fetch,
    })
    if ('fault' in payload) return { ...nothing, fault: payload.fault }
    return { ...nothing, payloadPacks: payload.packs, ...decodeBody(entry, payload.body) }
  }

  async #fold(transaction: Transaction, opened: Opened): Promise<void> {
    const { entry, sequence } = opened.judged
    if (entry === undefined) {
      noteFolded(transaction, sequence)
      return
    }
    const { header } = entry
    const own = isOwn(this.#vault, header.device)
    for (const [position, stored] of opened.payloadPacks.entries())
      keepPayloadPack(transaction, { sequence, position }, stored)
    if (header.kind === 'change') {
      if (own) noteBulk(transaction, header.added, opened.change)
      const result = await foldChange(transaction, { header, payload: opened.change, own })
      if (result.void !== undefined) this.#warn(entry, opened.fault ?? result.void)
      return
    }
    if (header.kind === 'drop') foldDrop(transaction, { header, packs: header.part.packs })
    else foldOther(transaction, { header, index: opened.index, own })
  }

  /** A member's fault: the entry is void for all alike, and the device is named. */
  #warn(entry: Entry, reason: string): void {
    const { sequence, device } = entry.header
    this.#vault.report({ event: 'void', sequence, device: toHex(device), reason })
  }
}

/** Pushed entries kept; beyond, the relay is asked: they are on its disk anyway. */
const pushedMax = 64

function decodeBody(entry: Entry, body: Uint8Array): Pick<Opened, 'change' | 'index' | 'fault'> {
  const { added, restored, kind } = entry.header
  try {
    if (kind === 'change') {
      return { change: decodeChange(body, [...added, ...restored]), index: [], fault: undefined }
    }
    return { change: undefined, index: decodeCheckpoint(body, added).index, fault: undefined }
  } catch (cause) {
    if (cause instanceof CryptoError) return { change: undefined, index: [], fault: cause.code }
    throw cause
  }
}
