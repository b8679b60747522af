// Appending: one entry after the other in each vault, judged as every client will judge it, then made durable in one transaction.
import {
  advance,
  CryptoError,
  decodeEntry,
  encodeLogState,
  entryHashOf,
  equal,
  isSpineKind,
  toHex,
  type Entry,
  type LogState,
  type SigningKey,
  type VaultId,
} from '@grenier/crypto/verify'
import { RelayError } from '../errors.ts'
import { futureMaxMs, healingAgainMs, healingMs, healingMsMax, vaultAppendsMax } from '../limits.ts'
import type { Append, AppendResult } from '../store/log-store.ts'
import type { Stores } from '../store/stores.ts'
import { protectingQuota, type Quota } from '../store/usage.ts'
import type { Clock } from './clock.ts'
import { deletedFor } from './deleted-vaults.ts'
import type { LiveVault, LiveVaults } from './live-vaults.ts'
import type { MovedVaults } from './moved-vaults.ts'
import type { Actor, Peer } from './relay-parts.ts'
import { isOwners, keysOf, mayCarry, refusalOf, rightOf } from './rights.ts'

/** An entry that somebody wants to add. */
export interface AppendRequest {
  readonly vault: VaultId
  readonly entry: Entry
  readonly actor: Actor
  /** The connection that asks. */
  readonly by: Peer
  /** Of one that is put back: an owner's entry behind it was shown. */
  readonly isVouchedFor?: boolean
}

/** Kinds that protect or free space: neither a full account nor a suspended one stops them, until they are very many. */
const protecting: ReadonlySet<string> = new Set(['member', 'prune', 'drop'])

/** Told of each entry that was made durable here, in the order of the log. */
export type AppendListener = (request: AppendRequest, live: LiveVault) => void

interface VaultQueue {
  tail: Promise<unknown>
  waiting: number
}

export interface AppenderParts {
  readonly stores: Stores
  readonly vaults: LiveVaults
  readonly clock: Clock
  readonly appended: AppendListener
  readonly moved: MovedVaults
}

/** Adds entries to logs. */
export class Appender {
  readonly #stores: Stores
  readonly #vaults: LiveVaults
  readonly #clock: Clock
  readonly #appended: AppendListener
  readonly #moved: MovedVaults
  readonly #queues = new Map<string, VaultQueue>()
  /** When an entry was first and last put back, by vault: of those that were lately, few. */
  readonly #healed = new Map<string, { readonly firstMs: number; readonly lastMs: number }>()
  /** Sequences that are on their way into the store, by vault. */
  readonly #inStore = new Map<string, number>()

  constructor(parts: AppenderParts) {
    this.#appended = parts.appended
    this.#moved = parts.moved
    this.#stores = parts.stores
    this.#vaults = parts.vaults
    this.#clock = parts.clock
  }

  /**
   * Adds one entry, after those that were asked for before it. Durable when it resolves. The same entry again, while it is the head,
   * resolves as well: its first answer may have been lost.
   * @throws RelayError `vault-unknown`, `vault-moved`, `head-moved`, `clock-refused`, `entry-refused` (`data.reason`), `no-right`, `account-unknown`,
   * `account-closed`, `pack-missing`, `pack-size`, `quota`, `too-many`, `busy`
   */
  async append(request: AppendRequest): Promise<void> {
    await this.#inOrder(request.vault, () => this.#append(request))
  }

  /**
   * Puts back an entry that this relay lost: everything is checked but the presence of its packs, which are marked as lost where they are
   * not here, and but that the one who gives it signed it. An entry that stands there already resolves as well.
   * @throws RelayError as `append`; `no-right` for the holder of an invitation
   */
  async putBack(request: AppendRequest): Promise<void> {
    await this.#inOrder(request.vault, () => this.#putBack(request))
  }

  /** Whether the entry of this sequence is on its way into the store from here: `appended` is about to tell of it. */
  isAppending(vault: VaultId, sequence: number): boolean {
    return this.#inStore.get(toHex(vault)) === sequence
  }

  /** Resolves when no append is under way. */
  async idle(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all([...this.#queues.values()].map(({ tail }) => tail))
  }

  async #inOrder(vault: VaultId, work: () => Promise<void>): Promise<void> {
    const key = toHex(vault)
    const queue = this.#queues.get(key) ?? { tail: Promise.resolve(), waiting: 0 }
    if (queue.waiting >= vaultAppendsMax)
      throw new RelayError('too-many', 'too many appends wait for this vault', { retryable: true })
    this.#queues.set(key, queue)
    queue.waiting++
    const done = queue.tail.then(work)
    queue.tail = done
      .catch(() => undefined)
      .finally(() => {
        queue.waiting--
        if (queue.waiting === 0) this.#queues.delete(key)
      })
    await done
  }

  async #append(request: AppendRequest): Promise<void> {
    const { vault, entry, actor } = request
    const live = await this.#vaults.find(vault)
    const state = live?.state
    if (state === undefined) await this.#checkNew(request)
    else if (rightOf(state.spine, actor, this.#clock.now()) === undefined) {
      // Only one who signed this very head, and lost the right by it, may hear that it is there.
      if (isHead(state, entry) && equal(entry.header.device, actor.key)) return
      throw refusalOf(state.spine, actor)
    }
    if (state !== undefined && isHead(state, entry)) return
    checkHead(state, entry)
    this.#checkHealed(vault, entry)
    if (!equal(entry.header.device, actor.key))
      throw new RelayError('no-right', 'an entry is appended by the key that signed it')
    this.#checkTime(state, entry)
    const next = judged(state, entry)
    this.#moved.check(state, next)
    const chargedTo = await this.#chargedTo(live, next, actor)
    const quota = await this.#quota(chargedTo, entry)
    const append = appendOf({ live, entry, next }, { chargedTo, quota, now: this.#clock.now() })
    await this.#store(request, append, { state: next, chargedTo })
  }

  async #putBack(request: AppendRequest): Promise<void> {
    const { vault, entry, actor } = request
    const live = await this.#vaults.find(vault)
    let right: ReturnType<typeof rightOf> = 'owner'
    if (live === undefined) await this.#checkNew(request)
    else {
      right = rightOf(live.state.spine, actor, this.#clock.now())
      // Whose account pays may bring a vault here, also with a device that its log does not know, or not yet.
      if (right === undefined && mayCarry(live, actor)) right = 'owner'
      if (right === undefined) throw refusalOf(live.state.spine, actor)
      if (right === 'joiner') throw new RelayError('no-right', 'an invitation is for accepting it')
      if (await this.#stands(live.state, entry)) return
      checkHead(live.state, entry)
    }
    this.#checkTime(live?.state, entry)
    const next = judged(live?.state, entry)
    const chargedTo = await this.#chargedTo(live, next, actor)
    const charge = { chargedTo, quota: await this.#quotaOnceKept(chargedTo), now: this.#clock.now() }
    // Nobody can tell what was lost from what never was, and what nobody holds may stop all readers. Only an owner may say that it was here: who
    // gives it, who signed it, or who signed one that stands behind it.
    const isSigned = live !== undefined && isOwners(live.state.spine, entry.header.device)
    const absentPacks = right === 'owner' || isSigned || request.isVouchedFor === true ? 'lost' : 'refuse'
    const append: Append = { ...appendOf({ live, entry, next }, charge), absentPacks }
    await this.#store(request, append, { state: next, chargedTo })
    // What says that the vault goes on here is the last thing that was said elsewhere: nobody knows more.
    if (this.#moved.comesHere(next)) this.#healed.delete(toHex(vault))
    else this.#noteHealed(vault)
  }

  async #checkNew(request: AppendRequest): Promise<void> {
    const deleted = await deletedFor(this.#stores, request.actor, request.vault)
    if (deleted !== undefined) throw deleted
    checkGenesis(request)
  }

  /** A member who puts back what was never lost must not hold the others up for longer than once in a while. */
  #noteHealed(vault: VaultId): void {
    const key = toHex(vault)
    const now = this.#clock.monotonic()
    const before = this.#healed.get(key)
    const isAnother = before === undefined || now - before.firstMs >= healingAgainMs
    this.#healed.set(key, { firstMs: isAnother ? now : before.firstMs, lastMs: now })
  }

  /** @throws RelayError `busy` while others may still know more of this log than is here */
  #checkHealed(vault: VaultId, entry: Entry): void {
    const key = toHex(vault)
    const healed = this.#healed.get(key)
    if (healed === undefined) return
    const now = this.#clock.monotonic()
    // Who is to be taken out must not keep the entry off that does it.
    const isMembers = entry.header.kind === 'member'
    const end = isMembers ? healed.firstMs + healingMs : healed.lastMs + healingMs
    const leftMs = Math.min(end, healed.firstMs + healingMsMax) - now
    if (leftMs > 0)
      throw new RelayError('busy', 'this log is being put back', {
        retryable: true,
        data: { reason: 'healing', retryAfterMs: Math.ceil(leftMs) },
      })
    if (now - healed.firstMs >= healingAgainMs) this.#healed.delete(key)
  }

  /** Whether the log has this very entry at its place. @throws RelayError `head-moved` when it has another one there */
  async #stands({ vault, head }: LogState, entry: Entry): Promise<boolean> {
    const { sequence } = entry.header
    if (sequence > head.sequence) return false
    const [stored] = await this.#stores.logs.entries(vault, sequence, 1)
    const hash =
      stored !== undefined && 'bytes' in stored ? decodeEntry(stored.bytes).bodyHash : stored?.bodyHash
    if (hash === undefined || !equal(hash, entry.bodyHash)) throw headMoved(head)
    return true
  }

  async #store(request: AppendRequest, append: Append, moved: LiveVault): Promise<void> {
    const { vault } = request
    this.#inStore.set(toHex(vault), append.head.sequence)
    try {
      this.#conclude(await this.#stores.logs.append(append), append)
      this.#vaults.moved(vault, moved)
      this.#appended(request, moved)
    } finally {
      this.#inStore.delete(toHex(vault))
    }
  }

  #checkTime(state: LogState | undefined, entry: Entry): void {
    const now = this.#clock.now()
    if (entry.header.at <= Math.max(state?.head.at ?? 0, now + futureMaxMs)) return
    throw new RelayError('clock-refused', 'the entry is dated ahead of this relay', {
      retryable: true,
      data: { now },
    })
  }

  // A vault moves along with its identity only to where there is an account: nobody is charged who did not ask for it.
  async #chargedTo(live: LiveVault | undefined, next: LogState, actor: Actor): Promise<SigningKey> {
    const identity = next.spine.genesisIdentity
    if (live === undefined) {
      if (actor.identity !== undefined && equal(actor.identity, identity)) return identity
      throw new RelayError('no-right', 'a genesis is appended by a device of its identity')
    }
    if (equal(live.chargedTo, identity)) return identity
    return (await this.#stores.accounts.find(identity)) === undefined ? live.chargedTo : identity
  }

  // It was within the quota once: a plan that shrank since does not keep a log in pieces. Vaults and entries count as ever.
  async #quotaOnceKept(chargedTo: SigningKey): Promise<Quota> {
    const account = await this.#stores.accounts.find(chargedTo)
    if (account === undefined || account.suspended)
      throw new RelayError('account-closed', 'the account that pays for this vault takes nothing more')
    const { plan } = account
    return { ...protectingQuota(plan), vaultsMax: plan.vaultsMax, entriesMax: plan.entriesMax }
  }

  // Undefined where there is no account that it could be held against.
  async #quota(chargedTo: SigningKey, entry: Entry): Promise<Quota | undefined> {
    const account = await this.#stores.accounts.find(chargedTo)
    if (protecting.has(entry.header.kind)) return account && protectingQuota(account.plan)
    if (account === undefined || account.suspended)
      throw new RelayError('account-closed', 'the account that pays for this vault takes nothing more')
    return account.plan
  }

  #conclude(result: AppendResult, append: Append): void {
    switch (result.result) {
      case 'appended':
        return
      case 'head-moved':
        // Another process appended: what is in memory is old.
        this.#vaults.forget(append.vault)
        throw headMoved(result.head)
      case 'packs':
        throw packsRefused(result)
      case 'quota':
        throw new RelayError('quota', 'the account is full', { retryable: true, data: { what: result.what } })
    }
  }
}

function unknownVault(): RelayError {
  return new RelayError('vault-unknown', 'no such vault')
}

function isHead(state: LogState, entry: Entry): boolean {
  const { header, bodyHash } = entry
  if (header.sequence !== state.head.sequence) return false
  const previous = header.kind === 'genesis' ? undefined : header.previous
  return equal(entryHashOf(previous, bodyHash), state.head.hash)
}

// A vault is named by its genesis: without one, nothing else can be the first entry.
function checkGenesis({ vault, entry }: AppendRequest): void {
  if (entry.header.kind !== 'genesis') throw unknownVault()
  if (!equal(entryHashOf(undefined, entry.bodyHash), vault))
    throw new RelayError('entry-refused', 'this genesis is of another vault', {
      data: { reason: 'chain-broken' },
    })
}

function checkHead(state: LogState | undefined, { header }: Entry): void {
  if (state === undefined) return
  const follows =
    header.kind !== 'genesis' &&
    header.sequence === state.head.sequence + 1 &&
    equal(header.previous, state.head.hash)
  if (!follows) throw headMoved(state.head)
}

/** The log ends elsewhere. */
export function headMoved(head: { sequence: number; hash: Uint8Array } | undefined): RelayError {
  return new RelayError('head-moved', 'the log stands elsewhere', {
    retryable: true,
    data: head === undefined ? {} : { sequence: head.sequence, hash: toHex(head.hash) },
  })
}

function judged(state: LogState | undefined, entry: Entry): LogState {
  try {
    return advance(state, entry)
  } catch (cause) {
    throw entryRefused(cause)
  }
}

/** What the client hears when the judge that it shares with the relay says no. Other errors stay as they are. */
export function entryRefused(cause: unknown): unknown {
  if (!(cause instanceof CryptoError)) return cause
  return new RelayError('entry-refused', cause.message, { cause, data: { reason: cause.code } })
}

function packsRefused(result: Extract<AppendResult, { result: 'packs' }>): RelayError {
  const [absent] = result.absent
  const [wrong] = result.wrong
  if (absent !== undefined)
    return new RelayError('pack-missing', 'a pack is not here in a state that allows this', {
      data: { pack: toHex(absent), count: result.absent.length },
    })
  return new RelayError('pack-size', 'a pack is here with another size, or named twice', {
    data: wrong === undefined ? {} : { pack: toHex(wrong), count: result.wrong.length },
  })
}

interface Judged {
  readonly live: LiveVault | undefined
  readonly entry: Entry
  readonly next: LogState
}

function appendOf(
  { live, entry, next }: Judged,
  charge: { chargedTo: SigningKey; quota: Quota | undefined; now: number },
): Append {
  const { header, bytes, bodyHash } = entry
  const spine = isSpineKind(header.kind)
  return {
    vault: next.vault,
    previous: live?.state.head,
    head: next.head,
    bodyHash,
    bytes,
    spine,
    added: header.added,
    restored: header.restored,
    dropped: header.kind === 'drop' ? header.part.packs : [],
    absentPacks: 'refuse',
    prune:
      header.kind === 'prune'
        ? { upTo: header.part.through, checkpoint: header.part.checkpoint.sequence }
        : undefined,
    quota: charge.quota,
    now: charge.now,
    // A checkpoint is no spine entry, but a later prune may name it: the state remembers which there were.
    state: spine || header.kind === 'checkpoint' ? encodeLogState(next) : undefined,
    ...(spine ? { ...spineRows(next), chargedTo: charge.chargedTo } : {}),
  }
}

function spineRows(next: LogState): Pick<Append, 'members' | 'retentionMs'> {
  return {
    members: keysOf(next.spine),
    retentionMs: next.spine.retention.at(-1)?.floorMs,
  }
}
