// Brings the vault's log up to the relay's head: each entry judged, opened, and folded into the state in one transaction. Own entries come
// this way too, so that a crash after an append loses nothing.
import {
  toHex,
  type ChangePayload,
  type CheckpointPayload,
  type Entry,
  type PackIndex,
} from '@grenier/crypto'
import { ClientError } from '../errors.ts'
import type { PackFetch } from '../log/payload-reader.ts'
import type { Judged } from '../log/vault-log.ts'
import type { VaultKeys } from '../log/vault-keys.ts'
import type { RelayEntry, RelayHead, RelaySession } from '../relay/relay-session.ts'
import { keepPayloadPack } from '../state/entry-keep.ts'
import { foldChange, foldDrop, foldOther } from '../state/fold.ts'
import { foldedSequence } from '../state/log-cache.ts'
import type { Transaction } from '../state/trees-transaction.ts'
import type { Outcome } from '../sync/operations.ts'
import type { NodeId } from '../sync/tree.ts'
import { noteAgreed } from './agreed-checkpoints.ts'
import { noteBulk } from './bulk-bytes.ts'
import { isStateAsSaid } from './checkpoint-check.ts'
import { hasBody, openBody } from './entry-body.ts'
import { followRenewal } from './follow-renewal.ts'
import { leadsTo, left, moveIn, noteMove } from './going-on.ts'
import { explainRefusal, isRightLost, isVaultUnknown, heedLeft } from './leaving.ts'
import { forgetOwn, settleReturned } from './own-again.ts'
import type { Heard } from './overtaking.ts'
import { isCutOff, isWhole, keptEntry, startWhereNamed, takeOverWhenPruned } from './state-start.ts'
import { forgetStranded } from './stranded.ts'
import { isOwn, type Vault } from './vault.ts'

/** An entry ready to be folded: what its payload says, where it has one that matters. */
interface Opened {
  readonly judged: Judged
  readonly given: RelayEntry
  readonly change?: ChangePayload | undefined
  readonly checkpoint?: CheckpointPayload | undefined
  readonly index?: readonly PackIndex[] | undefined
  readonly payloadPacks?: readonly Uint8Array[] | undefined
  readonly fault?: string | undefined
  /** A checkpoint that holds what this device folded itself. */
  readonly agrees?: boolean | undefined
  /** Its effect is in the state already, which came from a checkpoint behind it: it only joins the log. */
  readonly retired?: boolean | undefined
  /** The relay that it takes the vault to. */
  readonly goesTo?: string | undefined
  /** It was folded once, and is again, on a state that came from a checkpoint before it. */
  readonly again?: boolean | undefined
}

/** What this device knows of its own entry. `outcome`: what it will do here. `also` joins the transaction that folds it. */
export interface OwnEntry {
  readonly change?: ChangePayload | undefined
  readonly outcome?: Outcome | undefined
  readonly index?: readonly PackIndex[] | undefined
  readonly payloadPacks?: readonly Uint8Array[] | undefined
  readonly also?: ((transaction: Transaction) => Promise<void>) | undefined
}

export interface ReceiverParts {
  readonly vault: Vault
  /** Base follows for these nodes, where local and remote agree: an entry of this device came back that it does not know to be sent. */
  readonly adopt: (ids: readonly NodeId[]) => Promise<void>
  /**
   * The relay has an older log than this device, as far as it can tell (`head`; undefined: none): what it lost is put back.
   * @throws ClientError `fault`, and what the relay says to it
   */
  readonly heal?:
    ((session: RelaySession, head: RelayHead | undefined, fault: ClientError) => Promise<void>) | undefined
  readonly heard?: Heard | undefined
}

/** Receives entries. Calls are one after the other: the run's order. */
export class Receiver {
  readonly #parts: ReceiverParts
  readonly #vault: Vault
  /** Entries that were pushed and may save a question, by sequence. */
  readonly #pushed = new Map<number, RelayEntry>()
  /** Entries that were pushed although they are known: they must be the same. */
  #echoes: RelayEntry[] = []
  /** The relay said that there is more than what was pushed. */
  #behind = true
  #count = 0

  constructor(parts: ReceiverParts) {
    this.#parts = parts
    this.#vault = parts.vault
  }

  /** The relay pushed an entry. */
  pushed(entry: RelayEntry): void {
    if (entry.sequence < this.#vault.log.nextSequence) {
      if (this.#echoes.length < pushedMax) this.#echoes.push(entry)
    } else if (this.#pushed.size < pushedMax) this.#pushed.set(entry.sequence, entry)
    else this.#behind = true
  }

  /** Something may have been missed: the next `receive` asks. */
  missed(): void {
    this.#behind = true
  }

  /** Whether `receive` has something to do. */
  get waiting(): boolean {
    return this.#behind || this.#pushed.size > 0 || this.#echoes.length > 0
  }

  /** How many entries came from the relay so far; those that this device has just appended do not count. */
  get count(): number {
    return this.#count
  }

  /**
   * Folds everything that the relay has. Returns how many entries came.
   * @throws ClientError `relay-contradicts`, `relay-rollback`, `relay-corrupt`, `update-needed`, `pack-unavailable`, `key-withheld`
   */
  async receive(session: RelaySession): Promise<number> {
    const before = this.#count
    const { log, trees } = this.#vault
    for (const given of this.#echoes.splice(0)) log.assertSeen(trees, given)
    if (!isWhole(this.#vault)) this.#behind = true
    else await this.#takePushed(session)
    if (!this.#behind && this.#pushed.size === 0) return this.#count - before
    this.#behind = false
    try {
      await this.#catchUp(session)
    } catch (error) {
      this.#behind = true
      throw error
    }
    for (const sequence of this.#pushed.keys()) if (sequence < log.nextSequence) this.#pushed.delete(sequence)
    await this.#takePushed(session)
    await this.#settle(session)
    // What does not follow now either tells of more that was missed; it is asked for once, and not waited for.
    if (this.#pushed.size > 0) this.#behind = true
    this.#pushed.clear()
    return this.#count - before
  }

  async #catchUp(session: RelaySession): Promise<void> {
    const { log } = this.#vault
    const head = await this.#headBeyond(session)
    if (head === undefined && isWhole(this.#vault)) return
    const isFar = head !== undefined && head.sequence - log.nextSequence > checkedBeforeHead
    if (log.isBeforeJoining || isFar || isCutOff(this.#vault)) await this.#lookAhead(session)
    // A take-over that was cut off left the state behind the log: nothing is folded onto it before it has caught up.
    await this.#foldOn(session)
    if (head !== undefined) await this.#takeUpTo(session, head)
    await this.#settle(session)
  }

  async #takeUpTo(session: RelaySession, head: RelayHead): Promise<void> {
    const { log } = this.#vault
    for await (const given of session.entries(log.vault, log.nextSequence))
      await this.#take(session, given, head)
    log.complete()
    log.assertHolds(head)
  }

  /** What the rest of the log has for this device: keys, and the state of a checkpoint where that saves the way there, or is the only one. */
  async #lookAhead(session: RelaySession): Promise<void> {
    const { log } = this.#vault
    const ahead = await log.lookAhead(session.entries(log.vault, log.nextSequence))
    if (ahead !== undefined && (await startWhereNamed(this.#vault, session, ahead))) this.#count += 1
  }

  /** The state is what the latest prune says, and everything behind it is folded. */
  async #settle(session: RelaySession): Promise<void> {
    if (await takeOverWhenPruned(this.#vault, session)) this.#count += 1
    await this.#foldOn(session)
  }

  /** Folds again what is in the log and behind the state. */
  async #foldOn(session: RelaySession): Promise<void> {
    const { log, trees } = this.#vault
    for (let next = foldedSequence(trees) + 1; next < log.nextSequence; next += 1)
      await this.#foldAgain(session, next)
  }

  async #foldAgain(session: RelaySession, sequence: number): Promise<void> {
    const { log, trees } = this.#vault
    const again = keptEntry(this.#vault, session, sequence)
    const given = { sequence, entry: again.entry.bytes }
    const read = hasBody(again.entry) ? await openBody(again.entry, again) : {}
    const judged = { sequence, entry: again.entry, state: log.state }
    const opened: Opened = { judged, given, ...read, again: true }
    await trees.write({ flush: false }, (transaction) => this.#fold(transaction, opened, undefined))
  }

  /** The relay's head, if it is further on than this device. What the relay lost is put back first. */
  async #headBeyond(session: RelaySession): Promise<RelayHead | undefined> {
    const { log } = this.#vault
    for (let round = 1; ; round += 1) {
      const head = await this.#headOf(session)
      const fault = await this.#older(session, head)
      if (head !== undefined && fault === undefined) {
        await forgetStranded(this.#vault)
        return log.compare(head) === 'longer' ? head : undefined
      }
      const { heal } = this.#parts
      const error = fault ?? log.judgeMissing()
      // One that says that all of it stands there again, and then shows the old one, is not mended by saying it again.
      if (heal === undefined || error.code !== 'relay-rollback' || round > healingRoundsMax) throw error
      await heal(session, head, error)
    }
  }

  /** @throws ClientError `device-revoked` when this device may not ask any more */
  async #headOf(session: RelaySession): Promise<RelayHead | undefined> {
    try {
      return await session.head(this.#vault.log.vault)
    } catch (error) {
      if (!isRightLost(error)) throw error
      return await explainRefusal(this.#vault, session, error)
    }
  }

  /** What it means when the relay's log ends before this device's; undefined when it does not. */
  async #older(session: RelaySession, head: RelayHead | undefined): Promise<ClientError | undefined> {
    const { log, trees } = this.#vault
    if (head === undefined) return log.judgeMissing()
    if (log.compare(head) !== 'older') return undefined
    try {
      return log.judgeOlder(trees, head, await firstOf(session.entries(log.vault, head.sequence)))
    } catch (error) {
      // As far as this log goes it does not know this device yet, and shows it nothing. Whose account pays may bring the rest all the same.
      if (isVaultUnknown(error)) return log.judgeMissing()
      throw error
    }
  }

  async #takePushed(session: RelaySession): Promise<void> {
    const { log } = this.#vault
    for (
      let given = this.#pushed.get(log.nextSequence);
      given !== undefined;
      given = this.#pushed.get(log.nextSequence)
    ) {
      this.#pushed.delete(given.sequence)
      await this.#take(session, given).catch((error: unknown) => {
        // It is asked for again.
        this.#behind = true
        throw error
      })
    }
  }

  /** Judges, opens and folds one entry that follows. `head`: of the log that it is a part of. */
  async #take(session: RelaySession, given: RelayEntry, head?: RelayHead): Promise<void> {
    const { log } = this.#vault
    const judged = log.judge(given)
    if (head !== undefined) log.assertHolds(head, judged)
    const { sequence } = judged
    const goesTo = await leadsTo(this.#vault, session, judged)
    if (judged.entry === undefined && sequence > foldedSequence(this.#vault.trees))
      await this.#lookAhead(session)
    if (sequence <= foldedSequence(this.#vault.trees)) {
      await this.#keep({ judged, given, goesTo, retired: true })
      this.#count += 1
      this.#leave(goesTo)
      return
    }
    this.#assertFollows(sequence)
    const opened = await this.#open(session, judged, given)
    const isNear = (head?.sequence ?? sequence) - sequence < checkedBeforeHead
    const agrees = isNear || sequence === this.#vault.foldsTo ? await this.#checkState(opened) : undefined
    const changed = await this.#keep({ ...opened, goesTo, agrees })
    this.#count += 1
    this.#leave(goesTo)
    if (judged.entry?.header.kind === 'member') await heedLeft(this.#vault)
    if (judged.entry !== undefined && isOwn(this.#vault, judged.entry.header.device))
      await this.#parts.adopt(changed)
  }

  /** Nothing more is taken from the relay that was left. @throws ClientError `vault-moved` */
  #leave(goesTo: string | undefined): void {
    if (goesTo === undefined) return
    this.#pushed.clear()
    this.#echoes.length = 0
    this.#behind = true
    throw left(goesTo)
  }

  /** Folds an entry that this device has just appended: what it says needs no opening. */
  async takeOwn(given: RelayEntry, own: OwnEntry): Promise<void> {
    const { also, outcome, ...said } = own
    const judged = this.#vault.log.judge(given)
    this.#assertFollows(judged.sequence)
    const move = moveIn(judged.entry)
    const goesTo = move === this.#vault.record.relay ? undefined : move
    await this.#keep({ ...said, judged, given, goesTo, agrees: true }, { also, outcome })
  }

  /** No entry between is ever passed over. @throws ClientError `state-broken` */
  #assertFollows(sequence: number): void {
    if (sequence !== foldedSequence(this.#vault.trees) + 1)
      throw new ClientError('state-broken', 'the state is behind the log', { data: { sequence } })
  }

  async #keep(opened: Opened, own: Pick<OwnEntry, 'also' | 'outcome'> = {}): Promise<readonly NodeId[]> {
    const { log, trees } = this.#vault
    const { judged, given, goesTo: relay, retired = false } = opened
    // Whom this device took out stays out: a relay with an older disk is given back what outlived a power cut here.
    const flush = judged.entry?.header.kind === 'member' && isOwn(this.#vault, judged.entry.header.device)
    const changed = await trees.write({ flush }, async (transaction) => {
      log.keep(transaction, judged, { given, retired })
      noteMove(transaction, this.#vault, { entry: judged.entry, relay })
      if (retired) forgetOwn(transaction, judged, given)
      const rows = retired ? [] : await this.#fold(transaction, opened, own.outcome)
      await own.also?.(transaction)
      return rows
    })
    log.moved(judged)
    await followRenewal(this.#vault.home, judged.entry)
    return changed
  }

  async #open(session: RelaySession, judged: Judged, given: RelayEntry): Promise<Opened> {
    const { entry, state } = judged
    if (entry === undefined || !hasBody(entry)) return { judged, given }
    const { log } = this.#vault
    const fetch: PackFetch = (pack, range) => session.get(log.vault, pack, range)
    const keys = await this.#keysFor(session, judged)
    return { judged, given, ...(await openBody(entry, { keys, spine: state.spine, fetch })) }
  }

  /** A key that is withheld here may have been repaired further on: then what lies between can be read too. */
  async #keysFor(session: RelaySession, judged: Judged): Promise<VaultKeys> {
    const { log } = this.#vault
    try {
      return log.keysAfter(judged.state)
    } catch (error) {
      if (!(error instanceof ClientError) || error.code !== 'key-withheld') throw error
      await log.lookAhead(session.entries(log.vault, log.nextSequence))
      return log.keysAfter(judged.state)
    }
  }

  /** Whether a checkpoint says what this device has folded itself. If not, its signer is named. */
  async #checkState({ judged, checkpoint }: Opened): Promise<boolean | undefined> {
    const { entry } = judged
    if (checkpoint === undefined || entry?.header.kind !== 'checkpoint') return undefined
    const agrees = await isStateAsSaid(this.#vault.trees, entry.header.part.holds, checkpoint)
    if (agrees === false) this.#warn(entry, 'state-differs')
    return agrees
  }

  async #fold(
    transaction: Transaction,
    opened: Opened,
    outcome: Outcome | undefined,
  ): Promise<readonly NodeId[]> {
    const { entry, sequence } = opened.judged
    // What only a hash is left of is never folded: the state behind it came from a checkpoint.
    if (entry === undefined) throw new ClientError('state-broken', 'a retired entry that was not passed over')
    const { header } = entry
    const own = isOwn(this.#vault, header.device)
    for (const [position, stored] of (opened.payloadPacks ?? []).entries())
      keepPayloadPack(transaction, { sequence, position }, stored)
    if (header.kind === 'change') {
      const sends = own && header.restored.length === 0 && opened.again !== true
      if (sends) noteBulk(transaction, header.added, opened.change)
      const said = { header, payload: opened.change, own, outcome }
      const { changed, void: why } = await foldChange(transaction, said)
      if (opened.again === true) return changed
      if (why !== undefined) this.#warn(entry, opened.fault ?? why)
      else if (!own && opened.change !== undefined) this.#parts.heard?.(header.device, opened.change, changed)
      else if (own && outcome === undefined) await settleReturned(transaction, entry)
      return changed
    }
    if (opened.fault !== undefined && opened.again !== true) this.#warn(entry, opened.fault)
    if (header.kind === 'checkpoint' && opened.agrees === true) noteAgreed(transaction, sequence)
    if (header.kind === 'drop') foldDrop(transaction, { header, packs: header.part.packs })
    else foldOther(transaction, { header, index: opened.index ?? [], own })
    return []
  }

  /** A member's fault: what the entry says does not count, for all alike, and the device is named. */
  #warn(entry: Entry, reason: string): void {
    const { sequence, device } = entry.header
    this.#vault.report({ event: 'void', sequence, device: toHex(device), reason })
  }
}

/** Putting back is done so often on one question: others may be at it at the same time. */
const healingRoundsMax = 2
/** Pushed entries kept; else the relay is asked. */
const pushedMax = 64
/** Checkpoints are compared with one's own state this close to the head alone: who catches up over many would hash for hours. */
const checkedBeforeHead = 500

async function firstOf(entries: AsyncIterable<RelayEntry>): Promise<RelayEntry | undefined> {
  for await (const given of entries) return given
  return undefined
}
