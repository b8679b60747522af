// One connection, from the challenge to its end: what may be said when, how much at once, and who is told when it is over.
import { equal, toHex, type VaultId } from '@grenier/crypto/verify'
import {
  decodeClientMessage,
  limits,
  ProtocolError,
  protocolVersion,
  type ClientMessage,
  type ClientMessageOf,
  type Wire,
} from '@grenier/protocol'
import { ByteBudget } from '../core/budget.ts'
import type { Timer } from '../core/clock.ts'
import { failureMessage, isOurs } from '../core/failure.ts'
import type { LiveVault } from '../core/live-vaults.ts'
import type { Actor, Grown, Peer, RelayParts } from '../core/relay-parts.ts'
import { mayCarry, rightOf } from '../core/rights.ts'
import { RelayError } from '../errors.ts'
import { connectionReceiveBytes } from '../limits.ts'
import { AppendOrder } from './append-order.ts'
import { Downloads } from './downloads.ts'
import { actorOf } from './login.ts'
import { Outbox } from './outbox.ts'
import { Puts } from './puts.ts'
import { answer, type Connection, type Request } from './requests.ts'
import type { Subscription } from './subscription.ts'
import { VaultAccess } from './vault-access.ts'
import { Vouched } from './vouch.ts'

/** Close codes of RFC 6455 §7.4.1. */
const closeNormal = 1000
const closeGoingAway = 1001
const closePolicy = 1008

/** Where a connection stands. `challenged` ends with the first login, right or wrong: the nonce is used once. */
type Stage = 'challenged' | 'checking' | 'known' | 'closed'

/** One connection. */
export class Session implements Peer {
  readonly #parts: RelayParts
  readonly #wire: Wire
  readonly #from: string
  readonly #token: string
  readonly #nonce: Uint8Array
  readonly #outbox: Outbox
  readonly #budget: ByteBudget
  readonly #puts: Puts
  readonly #downloads: Downloads
  readonly #access: VaultAccess
  readonly #order = new AppendOrder()
  readonly #vouched: Vouched
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #open = new Set<number>()
  readonly #ended: () => void
  #stage: Stage = 'challenged'
  #actor: Actor | undefined
  /** Until the other side is somebody here. */
  #stranger: Timer | undefined
  #silence: Timer | undefined
  #heardAt: number
  #end: Promise<void> | undefined

  /** `from`: opaque name of where it comes from; `ended` is called once, when the connection is over. */
  constructor(parts: RelayParts, wire: Wire, place: { from: string; ended: () => void }) {
    const { clock, random, stores } = parts
    this.#parts = parts
    this.#wire = wire
    this.#from = place.from
    this.#ended = place.ended
    this.#token = toHex(random.bytes(limits.tokenBytes))
    this.#nonce = random.bytes(limits.idBytes)
    this.#heardAt = clock.monotonic()
    this.#budget = new ByteBudget(connectionReceiveBytes, parts.receive)
    this.#vouched = new Vouched(parts.vouching, clock)
    const outbox = new Outbox({ wire, clock, pool: parts.sending, cut: (reason) => this.#cut(reason) })
    this.#outbox = outbox
    this.#downloads = new Downloads({ packs: stores.packs, clock, outbox, frames: parts.frames })
    this.#access = new VaultAccess(parts, this)
    this.#puts = new Puts({
      stores,
      clock,
      budget: this.#budget,
      blocks: parts.blocks,
      credit: (id, offset, bytes) => outbox.send({ type: 'credit', id, offset, bytes }),
    })
  }

  get actor(): Actor | undefined {
    return this.#actor
  }

  /** Whether it has logged in, and is somebody here. */
  get known(): boolean {
    return this.#stage === 'known' && this.#stranger === undefined
  }

  /** Opaque name of where it comes from. */
  get from(): string {
    return this.#from
  }

  /** Sends the challenge and begins to listen. */
  start(): void {
    const { clock, stores } = this.#parts
    this.#wire.onClose(() => void this.end('closed'))
    this.#stranger = clock.after(limits.loginMs, () => this.#cut('did not log in'))
    this.#watchSilence(limits.silenceMs)
    this.#outbox.send({
      type: 'challenge',
      version: protocolVersion,
      nonce: this.#nonce,
      incarnation: stores.logs.incarnation,
      now: clock.now(),
    })
    this.#wire.onFrame((frame) => this.#hear(frame))
  }

  grown(vault: VaultId, live: LiveVault, entry: Grown): void {
    const actor = this.#actor
    if (actor === undefined || this.#stage === 'closed') return
    this.#subscriptions.get(toHex(vault))?.grown(entry, entry.by === this)
    const right = rightOf(live.state.spine, actor, this.#parts.clock.now())
    if (right === undefined && !mayCarry(live, actor)) void this.#lost(vault, actor)
  }

  /** Says that the relay is stopping, and ends. */
  async stop(): Promise<void> {
    this.#refuse(new RelayError('shutting-down', 'the relay is stopping', { retryable: true }))
    this.#wire.close(closeGoingAway, 'stopping')
    await this.end('stopping')
  }

  /** Resolves when the appends under way have been answered. */
  async idle(): Promise<void> {
    await this.#order.idle()
  }

  async end(reason: string): Promise<void> {
    this.#end ??= this.#putAway(reason)
    await this.#end
  }

  async #putAway(reason: string): Promise<void> {
    this.#stage = 'closed'
    this.#stranger?.cancel()
    this.#silence?.cancel()
    for (const subscription of this.#subscriptions.values()) subscription.end()
    this.#outbox.close()
    this.#downloads.close()
    this.#vouched.end()
    this.#wire.close(closeNormal, reason)
    this.#ended()
    // Before the first await, so that nobody finds a connection by its token that has nothing more to give.
    const beginnings = this.#puts.detach()
    if (this.#actor !== undefined) this.#parts.parked.park(this.#token, this.#actor.key, await beginnings)
    this.#parts.directory.gone(this, this.#token)
  }

  // The other side is gone, silent or too slow: it hears nothing more.
  #cut(reason: string): void {
    if (this.#stage === 'closed') return
    this.#parts.log('cut', { reason })
    this.#wire.close(closePolicy, reason)
    void this.end(reason)
  }

  // What was said breaks the protocol, or the login failed: it is told why, and that is the end.
  #fail(error: unknown, id?: number): void {
    if (this.#stage === 'closed') return
    this.#refuse(error, id)
    this.#wire.close(closePolicy, failureMessage(error).code)
    void this.end('refused')
  }

  #refuse(error: unknown, id?: number): void {
    if (isOurs(error)) this.#logFailure(error)
    const message = failureMessage(error)
    this.#outbox.send(id === undefined ? message : { ...message, id })
  }

  #logFailure(error: unknown): void {
    const code = error instanceof RelayError ? error.code : 'internal'
    this.#parts.log('request-failed', { code, reason: error instanceof Error ? error.message : 'unknown' })
  }

  #hear(frame: Uint8Array): void {
    if (this.#stage === 'closed') return
    this.#heardAt = this.#parts.clock.monotonic()
    try {
      if (!this.known && frame.length > limits.loginFrameBytes)
        throw new ProtocolError('too-large', 'a frame before login')
      this.#take(decodeClientMessage(frame), frame.length)
    } catch (error) {
      this.#fail(error)
    }
  }

  #take(message: ClientMessage, frameBytes: number): void {
    switch (message.type) {
      case 'ping':
        this.#outbox.send({ type: 'pong', id: message.id, now: this.#parts.clock.now() })
        return
      case 'login':
        void this.#login(message)
        return
      case 'part':
        this.#puts.part(message)
        return
      case 'more':
        this.#downloads.more(message)
        return
      default:
        void this.#request(message, frameBytes)
    }
  }

  async #login(message: ClientMessageOf<'login'>): Promise<void> {
    if (this.#stage !== 'challenged') {
      this.#fail(new RelayError('login-failed', 'a challenge is answered once'), message.id)
      return
    }
    this.#stage = 'checking'
    const { failures, clock } = this.#parts
    try {
      if (failures.blocked(this.#from))
        throw new RelayError('too-many', 'too many failed logins', { retryable: true })
      const actor = await actorOf(this.#parts, message, this.#nonce)
      const resumed = await this.#resume(actor, message.resume)
      // It may have been cut meanwhile.
      if (this.#end !== undefined) return
      await this.#welcome(actor)
      const session = new Uint8Array(Buffer.from(this.#token, 'hex'))
      this.#outbox.send({ type: 'ok', id: message.id, re: 'login', session, resumed, now: clock.now() })
    } catch (error) {
      this.#countFailure(error, message)
      this.#fail(error, message.id)
    }
  }

  // An unknown device may be one whose account is not open yet; a one-time key that nobody knows is a guess.
  #countFailure(error: unknown, message: ClientMessageOf<'login'>): void {
    if (!(error instanceof RelayError)) return
    const guess = error.code === 'account-unknown' && message.keyKind === 'one-time'
    if (error.code !== 'login-failed' && !guess) return
    this.#parts.failures.count(this.#from)
    this.#parts.log('login-refused', { code: error.code, kind: message.keyKind })
  }

  async #welcome(actor: Actor): Promise<void> {
    this.#actor = actor
    this.#parts.directory.named(this.#token, this)
    // An identity, or a device with nothing but its certificate, that is nobody here has as long as a login to open an account.
    if (
      actor.kind === 'one-time' ||
      (actor.identity !== undefined && actor.kind === 'device') ||
      (await this.#isSomebody(actor))
    )
      this.#settled()
    if (this.#end === undefined) this.#stage = 'known'
  }

  async #isSomebody({ key }: Actor): Promise<boolean> {
    const { accounts, logs } = this.#parts.stores
    return (await accounts.find(key)) !== undefined || (await logs.vaultsOf(key)).length > 0
  }

  #settled(): void {
    this.#stranger?.cancel()
    this.#stranger = undefined
  }

  // The earlier connection may not know yet that it is broken: it ends now, and leaves what it has.
  async #resume(actor: Actor, token: Uint8Array | undefined): Promise<boolean> {
    if (token === undefined) return false
    const name = toHex(token)
    const earlier = this.#parts.directory.byToken(name)
    if (earlier !== undefined && earlier.actor !== undefined && equal(earlier.actor.key, actor.key))
      await earlier.end('resumed elsewhere')
    const beginnings = this.#parts.parked.take(name, actor.key)
    if (beginnings !== undefined) this.#puts.resume(beginnings)
    return beginnings !== undefined
  }

  async #request(message: Request, frameBytes: number): Promise<void> {
    const actor = this.#actor
    if (this.#stage !== 'known' || actor === undefined) {
      this.#refuse(new RelayError('not-logged-in', 'log in first'), message.id)
      return
    }
    if (this.#stranger !== undefined && message.type !== 'open-account') {
      this.#refuse(new RelayError('account-unknown', 'nobody here: open an account first'), message.id)
      return
    }
    if (this.#open.has(message.id)) {
      this.#fail(new ProtocolError('malformed', 'an id that is in use'))
      return
    }
    const held = this.#open.size < limits.openRequests && this.#budget.take(frameBytes)
    if (!held) {
      this.#refuse(new RelayError('too-many', 'too many requests at once', { retryable: true }), message.id)
      return
    }
    this.#open.add(message.id)
    try {
      const ok = await answer(this.#connection(actor), message)
      if (message.type === 'open-account') this.#settled()
      if (ok !== undefined) this.#outbox.send(ok)
    } catch (error) {
      this.#refuse(error, message.id)
    } finally {
      this.#open.delete(message.id)
      this.#budget.give(frameBytes)
    }
  }

  #connection(actor: Actor): Connection {
    return {
      parts: this.#parts,
      peer: this,
      actor,
      from: this.#from,
      outbox: this.#outbox,
      puts: this.#puts,
      downloads: this.#downloads,
      access: this.#access,
      order: this.#order,
      vouched: this.#vouched,
      subscriptions: this.#subscriptions,
    }
  }

  // A right in this vault has ended. The entry that ended it is the last thing that is pushed; whoever appended it hears so first.
  async #lost(vault: VaultId, actor: Actor): Promise<void> {
    const subscription = this.#subscriptions.get(toHex(vault))
    this.#access.leave(vault)
    await this.#order.idle()
    await subscription?.flushed()
    subscription?.end()
    this.#subscriptions.delete(toHex(vault))
    // An invitation ends by being used: nothing is wrong.
    if (actor.kind === 'one-time') return
    this.#fail(new RelayError('no-right', 'no longer a member', { data: { vault: toHex(vault) } }))
  }

  // One timer that looks when it was heard last, instead of a new one at each frame.
  #watchSilence(afterMs: number): void {
    const { clock } = this.#parts
    this.#silence = clock.after(afterMs, () => {
      const quietMs = clock.monotonic() - this.#heardAt
      if (quietMs >= limits.silenceMs) this.#cut('silent')
      else this.#watchSilence(limits.silenceMs - quietMs)
    })
  }
}
