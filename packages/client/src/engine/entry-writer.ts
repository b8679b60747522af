// Makes and appends the entries of this device: a change over given packs, signed at the head as it stands. When the head has moved, nothing is
// signed again blindly: the caller receives, plans again, and asks anew.
import {
  currentEpoch,
  encodeChange,
  fitsEntry,
  framePayload,
  framePointer,
  makeChange,
  packBytesAlone,
  packBytesMax,
  sealFrame,
  splitPayload,
  type ChangePayload,
  type Entry,
  type PackClaim,
} from '@grenier/crypto'
import type { OutgoingPack } from '../content/pack-writer.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { OwnEntry, Receiver } from './receiver.ts'
import type { Vault } from './vault.ts'

/** Signs and appends entries of one vault. */
export class EntryWriter {
  readonly #vault: Vault
  readonly #receiver: Receiver

  constructor(vault: Vault, receiver: Receiver) {
    this.#vault = vault
    this.#receiver = receiver
  }

  /**
   * Appends a change that adds `packs`. `moved`: the head is another now, nothing happened.
   * `also` joins the transaction that folds the entry.
   */
  async change(
    session: RelaySession,
    change: { packs: readonly OutgoingPack[]; payload: ChangePayload },
    also: (transaction: Transaction) => Promise<void>,
  ): Promise<'appended' | 'moved'> {
    const claims = change.packs.map(claimOf)
    const framed = framePayload(encodeChange(change.payload))
    const bulk = change.packs.length > 1
    const own = { change: change.payload, also }
    if (fitsEntry(framed, bulk))
      return await this.append(session, this.#sign(session, claims, { framed, bulk }), own)
    const { entry, payloadPacks } = await this.#signLarge(session, claims, framed)
    return await this.append(session, entry, { ...own, payloadPacks })
  }

  /** Appends a signed entry and folds it. */
  async append(session: RelaySession, entry: Entry, own: OwnEntry = {}): Promise<'appended' | 'moved'> {
    const answer = await session.append(this.#vault.log.vault, entry.bytes)
    if (answer === 'moved') {
      this.#receiver.missed()
      return 'moved'
    }
    const given = { sequence: entry.header.sequence, entry: entry.bytes }
    await this.#receiver.takeOwn(given, own)
    return 'appended'
  }

  /** ms: what the relay's clock says now, as this device estimates it, never before the last entry. */
  atNow(session: RelaySession): number {
    const estimate = Math.round(this.#vault.platform.clock.now() + session.clockOffsetMs)
    return Math.max(this.#vault.log.state.head.at, estimate)
  }

  #sign(
    session: RelaySession,
    added: readonly PackClaim[],
    payload: { framed: Uint8Array; bulk: boolean },
  ): Entry {
    const { framed, bulk } = payload
    const { log, platform, home } = this.#vault
    const { state } = log
    const epoch = currentEpoch(state.spine).number
    const place = {
      payloadKey: log.keys.payloadKey(epoch),
      binding: state.vault,
      epoch,
      bulk,
      random: platform.random,
    }
    const on = { state, signer: home.device, at: this.atNow(session) }
    return makeChange({ ...on, added, payload: sealFrame(framed, place) }).entry
  }

  /** A payload that does not fit its entry goes into packs of its own, claimed after the others. */
  async #signLarge(
    session: RelaySession,
    claims: readonly PackClaim[],
    framed: Uint8Array,
  ): Promise<{ entry: Entry; payloadPacks: Uint8Array[] }> {
    const { log, platform } = this.#vault
    const epoch = currentEpoch(log.state.spine).number
    const pieces = splitPayload(framed)
    const added = [...claims]
    const payloadPacks: Uint8Array[] = []
    for (const [at, piece] of pieces.entries()) {
      const storedBytes = at < pieces.length - 1 ? packBytesMax : packBytesAlone(piece.length)
      const salt = platform.random.bytes(32)
      const task = {
        key: log.keys.packKey(epoch),
        binding: log.vault,
        epoch,
        salt,
        plain: piece.slice(),
        storedBytes,
      }
      const pack = await platform.pool.seal(task)
      // A put that fails shows in the append, which then lacks its pack.
      session.put(log.vault, pack).catch(() => undefined)
      payloadPacks.push(pack.bytes)
      added.push({ id: pack.id, sizeBytes: pack.bytes.length, epoch })
    }
    const positions = pieces.map((_, at) => claims.length + at)
    return {
      entry: this.#sign(session, added, { framed: framePointer(framed, positions), bulk: true }),
      payloadPacks,
    }
  }
}

function claimOf(pack: OutgoingPack): PackClaim {
  return { id: pack.id, sizeBytes: pack.bytes.length, epoch: pack.epoch }
}
