// Makes and appends the entries of this device: over given packs, signed at the head as it stands. When the head has moved, nothing is
// signed again blindly: the caller receives, plans again, and asks anew.
import {
  asRead,
  currentEpoch,
  CryptoError,
  encodeChange,
  fitsEntry,
  framePayload,
  framePointer,
  makeChange,
  packBytesAlone,
  packBytesMax,
  sealFrame,
  splitPayload,
  type BuildOn,
  type ChangePayload,
  type Entry,
  type PackClaim,
  type SealedBytes,
} from '@grenier/crypto'
import type { OutgoingPack } from '../content/pack-writer.ts'
import { ClientError } from '../errors.ts'
import type { RelaySession } from '../relay/relay-session.ts'
import { judgeChange } from '../state/fold.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { EntryBody } from './entry-body.ts'
import type { OwnEntry, Receiver } from './receiver.ts'
import { forgetSent, noteSent, type Sent } from './sent-note.ts'
import type { Vault } from './vault.ts'

/** A relay that says this often in a row that its log has grown, and has nothing to show for it, is not asked at once again. */
const movesInVainMax = 3

/** What became of a change: in the log; in vain, since the head is another now; or not sent, because every device would call it void. */
export type ChangeAnswer =
  'appended' | 'moved' | 'too-large' | { readonly void: string; readonly operation: number | undefined }

/** A payload, sealed where it fits the entry, in packs of its own where not. `added`: these packs, too. */
export interface SealedPayload {
  readonly added: readonly PackClaim[]
  readonly payload: SealedBytes
  readonly payloadPacks: readonly Uint8Array[]
  /** What became of sending those packs. Rejects with why the relay does not have one. */
  readonly sent: Promise<unknown>
}

/** Signs and appends entries of one vault. */
export class EntryWriter {
  readonly #vault: Vault
  readonly #receiver: Receiver
  #inVain = { sequence: -1, times: 0 }

  constructor(vault: Vault, receiver: Receiver) {
    this.#vault = vault
    this.#receiver = receiver
  }

  /**
   * Appends a change that adds `packs`. `moved`: the head is another now, nothing happened. `also` joins the transaction that folds it.
   * What no device would take is told, not sent.
   */
  async change(
    session: RelaySession,
    change: {
      readonly packs: readonly OutgoingPack[]
      readonly payload: ChangePayload
      /** What the operations came from. */
      readonly commits: readonly Sent[]
    },
    also: (transaction: Transaction) => Promise<void>,
  ): Promise<ChangeAnswer> {
    const added = change.packs.map(claimOf)
    const framed = framedOrNot(change.payload)
    if (framed === undefined) return 'too-large'
    const { frame, body } = framed
    const { log, trees } = this.#vault
    // What counts is what the others will read.
    const read = readBack(change.payload, body, added)
    const judging = { header: { sequence: log.nextSequence }, payload: read.change }
    const outcome = await judgeChange(trees, judging)
    if (outcome.void !== undefined) return { void: read.fault ?? outcome.void, operation: outcome.operation }
    const sealed = await this.seal(session, added, { frame, bulk: change.packs.length > 1 })
    const { entry } = makeChange({ ...this.on(session), ...sealed })
    await noteSent(trees, entry.bodyHash, change.commits)
    const folded = async (transaction: Transaction): Promise<void> => {
      await also(transaction)
      forgetSent(transaction, entry.bodyHash)
    }
    const own = { change: read.change, outcome, payloadPacks: sealed.payloadPacks, also: folded }
    return await this.append(session, entry, { ...own, sent: sealed.sent })
  }

  /**
   * Appends a signed entry and folds it. `sent`: what else must have arrived for it.
   * @throws ClientError `relay-refused` (`head-moved`, retryable) when the relay says again and again that there is more, and there is not
   */
  async append(
    session: RelaySession,
    entry: Entry,
    own: OwnEntry & { readonly sent?: Promise<unknown> } = {},
  ): Promise<'appended' | 'moved'> {
    const { sent, ...rest } = own
    const asked = session.append(this.#vault.log.vault, entry.bytes)
    const answer = await asked.catch(async (error: unknown) => {
      // The relay lacks a pack: why it does is the better answer.
      await sent
      throw error
    })
    if (answer === 'moved') {
      this.#receiver.missed()
      this.#countInVain()
      return 'moved'
    }
    const given = { sequence: entry.header.sequence, entry: entry.bytes }
    await this.#receiver.takeOwn(given, rest)
    return 'appended'
  }

  /** The same of an owner's word on where the vault is, which a relay takes as one that it lost; nothing else goes with it. */
  async putBack(session: RelaySession, entry: Entry): Promise<'appended' | 'moved'> {
    if ((await session.putBack(this.#vault.log.vault, entry.bytes)) === 'moved') {
      this.#receiver.missed()
      return 'moved'
    }
    await this.#receiver.takeOwn({ sequence: entry.header.sequence, entry: entry.bytes }, {})
    return 'appended'
  }

  /** Who signs, after what, when. */
  on(session: RelaySession): BuildOn {
    const { log, home } = this.#vault
    return { state: log.state, signer: home.device, at: this.atNow(session) }
  }

  /** ms: what the relay's clock says now, as this device estimates it, never before the last entry. */
  atNow(session: RelaySession): number {
    const estimate = Math.round(this.#vault.platform.clock.now() + session.clockOffsetMs)
    return Math.max(this.#vault.log.state.head.at, estimate)
  }

  /** Seals a payload in the epoch in force. One that does not fit its entry goes into packs of its own, claimed after `claims`. */
  async seal(
    session: RelaySession,
    claims: readonly PackClaim[],
    { frame, bulk }: { readonly frame: Uint8Array; readonly bulk: boolean },
  ): Promise<SealedPayload> {
    const { log, platform } = this.#vault
    const epoch = currentEpoch(log.state.spine).number
    const place = { binding: log.vault, epoch, random: platform.random }
    const payloadKey = log.keys.payloadKey(epoch)
    if (fitsEntry(frame, bulk)) {
      const payload = sealFrame(frame, { ...place, payloadKey, bulk })
      return { added: claims, payload, payloadPacks: [], sent: Promise.resolve() }
    }
    const pieces = splitPayload(frame)
    const added = [...claims]
    const payloadPacks: Uint8Array[] = []
    const puts: Promise<void>[] = []
    for (const [at, piece] of pieces.entries()) {
      const storedBytes = at < pieces.length - 1 ? packBytesMax : packBytesAlone(piece.length)
      const salt = platform.random.bytes(32)
      const key = log.keys.packKey(epoch)
      const task = { key, binding: log.vault, epoch, salt, plain: piece.slice(), storedBytes }
      const pack = await platform.pool.seal(task)
      puts.push(session.put(log.vault, pack))
      payloadPacks.push(pack.bytes)
      added.push({ id: pack.id, sizeBytes: pack.bytes.length, epoch })
    }
    const sent = Promise.all(puts)
    sent.catch(() => undefined)
    const pointer = framePointer(
      frame,
      pieces.map((_, at) => claims.length + at),
    )
    return { added, payload: sealFrame(pointer, { ...place, payloadKey, bulk: true }), payloadPacks, sent }
  }

  #countInVain(): void {
    const sequence = this.#vault.log.nextSequence
    const times = this.#inVain.sequence === sequence ? this.#inVain.times + 1 : 1
    this.#inVain = { sequence, times }
    if (times <= movesInVainMax) return
    this.#inVain = { sequence: -1, times: 0 }
    throw new ClientError('relay-refused', 'the relay says that its log has grown, and shows nothing', {
      retryable: true,
      data: { reason: 'head-moved' },
    })
  }
}

/** The claim of a pack. */
export function claimOf(pack: OutgoingPack): PackClaim {
  return { id: pack.id, sizeBytes: pack.bytes.length, epoch: pack.epoch }
}

/** undefined when the payload is larger than any may be. */
function framedOrNot(payload: ChangePayload): { frame: Uint8Array; body: Uint8Array } | undefined {
  try {
    const body = encodeChange(payload)
    return { frame: framePayload(body), body }
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'limit') return undefined
    throw error
  }
}

/** What everybody will read in this body; or why they will not. */
function readBack(payload: ChangePayload, body: Uint8Array, added: readonly PackClaim[]): EntryBody {
  try {
    return { change: asRead(payload, body, added) }
  } catch (error) {
    if (error instanceof CryptoError) return { fault: error.code }
    throw error
  }
}
