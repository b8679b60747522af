// Requests and answers over one wire: ids, the table of what is open, liveness, and one clean end for everything that waits.
// Knows nothing of what requests mean.
import {
  decodeRelayMessage,
  encodeMessage,
  limits,
  ProtocolError,
  type ClientMessage,
  type ClientRequest,
  type OkMessage,
  type OkOf,
  type RelayAnswer,
  type RelayMessageOf,
  type Wire,
} from '@grenier/protocol'
import type { ClientError } from '../errors.ts'
import type { Clock, Timer } from '../clock.ts'
import { broken, refused, unreachable } from './relay-failure.ts'

/** Who waits for the answers to one request. */
export interface Answered {
  /** One message for this request; true when it was the last. @throws ProtocolError `malformed` when it makes no sense here. */
  take(answer: RelayAnswer): boolean
  /** The connection ended first. */
  fail(error: ClientError): void
}

interface OpenRequest extends Answered {
  readonly type: ClientRequest['type']
  movedAtMs: number
}

type Build = (id: number) => ClientRequest

/** Requests other than puts and gets at once: those have limits of their own, and all together stay below `openRequests`. */
const plainRequestsMax = limits.openRequests - limits.openPuts - limits.openGets - 8
/** Requests whose progress is everybody's: what is small waits behind them on a slow line, and they for each other. */
const bulk: readonly string[] = ['put', 'get', 'append', 'entries']

/** A logged-in wire. The listeners are called inside the wire's own calls and must not throw. */
export class Link {
  readonly traffic = { sentBytes: 0, receivedBytes: 0 }
  /** Resolves once, when the link has ended; undefined when this side ended it. */
  readonly closed: Promise<ClientError | undefined>
  readonly wire: Wire
  private readonly clock: Clock
  private readonly table = new Map<number, OpenRequest>()
  private readonly waiting: { build: Build; answered: Answered }[] = []
  private readonly ends: ((error: ClientError) => void)[] = []
  private readonly resolveClosed: (error: ClientError | undefined) => void
  private nextId: number
  private plainOpen = 0
  private receivedAtMs: number
  private sentAtMs: number
  private bulkMovedAtMs: number
  private ended: ClientError | undefined
  private tick: Timer | undefined
  private timed: ((nowMs: number, roundTripMs: number) => void) | undefined
  private pushed: ((entry: RelayMessageOf<'entry'>) => void) | undefined

  /** `firstId`: the first request id that login left over; `early`: frames that came before this listened. */
  constructor(options: { wire: Wire; clock: Clock; firstId: number; early: readonly Uint8Array[] }) {
    this.wire = options.wire
    this.clock = options.clock
    this.nextId = options.firstId
    this.receivedAtMs = this.clock.monotonic()
    this.sentAtMs = this.receivedAtMs
    this.bulkMovedAtMs = this.receivedAtMs
    const closed = Promise.withResolvers<ClientError | undefined>()
    this.closed = closed.promise
    this.resolveClosed = closed.resolve
    this.wire.onFrame((frame) => this.receive(frame))
    this.wire.onClose((reason) => this.end(unreachable('closed', reason)))
    this.watch()
    for (const frame of options.early) this.receive(frame)
  }

  get isOpen(): boolean {
    return this.ended === undefined
  }

  /** How the link ended, once it has. */
  get failure(): ClientError | undefined {
    return this.ended
  }

  onEntry(listener: (entry: RelayMessageOf<'entry'>) => void): void {
    this.pushed = listener
  }

  /** `listener` gets the relay's clock with each pong. */
  onTime(listener: (nowMs: number, roundTripMs: number) => void): void {
    this.timed = listener
  }

  /** `listener` hears of the end, after all open requests have; at once when the link has ended already. */
  onEnd(listener: (error: ClientError) => void): void {
    if (this.ended === undefined) this.ends.push(listener)
    else listener(this.ended)
  }

  /** Sends what needs no answer. */
  send(message: ClientMessage): void {
    this.sendFrame(encodeMessage(message))
  }

  /** The same for a message that stands in its frame already. `sent`: as the wire calls it. */
  sendFrame(frame: Uint8Array, sent?: () => void): void {
    this.sentAtMs = this.clock.monotonic()
    this.traffic.sentBytes += frame.length
    this.wire.send(frame, sent)
  }

  /** Sends a request as soon as the table has room (puts and gets, whose lanes count: at once) and gives its answers to `answered`. */
  request(build: Build, answered: Answered): void {
    if (this.ended !== undefined) answered.fail(this.ended)
    else if (this.plainOpen < plainRequestsMax) this.open(build, answered)
    else this.waiting.push({ build, answered })
  }

  /** Sends a bulk request at once. Its id, for parts and credit. */
  requestNow(build: Build, answered: Answered): number {
    return this.open(build, answered)
  }

  /** A request that one `ok` answers. Rejects with what the relay said, or with the end of the link. */
  ask<R extends OkMessage['re']>(re: R, build: Build): Promise<OkOf<R>> {
    return new Promise((resolve, reject) => {
      this.request(build, {
        take(answer) {
          if (answer.type === 'error') reject(refused(answer))
          else if (isOk(answer, re)) resolve(answer)
          else throw new ProtocolError('malformed', `this does not answer ${re}`)
          return true
        },
        fail: reject,
      })
    })
  }

  /** Ends the link: everything open fails with `error`, the wire closes. */
  end(error: ClientError, byUs = false): void {
    if (this.ended !== undefined) return
    this.ended = error
    this.tick?.cancel()
    this.wire.close(byUs ? 1000 : 1002)
    const open = [...this.table.values(), ...this.waiting.map(({ answered }) => answered)]
    this.table.clear()
    this.waiting.length = 0
    for (const answered of open) answered.fail(error)
    for (const listener of this.ends.splice(0)) listener(error)
    this.resolveClosed(byUs ? undefined : error)
  }

  private open(build: Build, answered: Answered): number {
    const id = this.nextId
    this.nextId += 1
    const message = build(id)
    const { type } = message
    if (isPlain(type)) this.plainOpen += 1
    this.table.set(id, {
      type,
      movedAtMs: this.clock.monotonic(),
      take: (answer) => answered.take(answer),
      fail: (error) => answered.fail(error),
    })
    this.send(message)
    // What the last id opened is still answered; nothing can follow it.
    if (this.nextId > limits.requestId)
      this.end(unreachable('closed', 'the ids of this connection are used up'))
    return id
  }

  private receive(frame: Uint8Array): void {
    if (this.ended !== undefined) return
    this.traffic.receivedBytes += frame.length
    this.receivedAtMs = this.clock.monotonic()
    try {
      const message = decodeRelayMessage(frame)
      if (message.type === 'challenge') throw new ProtocolError('malformed', 'a second challenge')
      if (message.type === 'entry') this.pushed?.(message)
      else if (message.type === 'error' && message.id === undefined) this.end(refused(message))
      else this.answer(message)
    } catch (cause) {
      this.end(broken(cause))
    }
  }

  private answer(message: RelayAnswer): void {
    const { id } = message
    const request = id === undefined ? undefined : this.table.get(id)
    // An answer to what was never asked, or was answered before, tells of a relay that lost count: better a new connection.
    if (id === undefined || request === undefined)
      throw new ProtocolError('malformed', 'an answer to nothing')
    request.movedAtMs = this.receivedAtMs
    if (bulk.includes(request.type)) this.bulkMovedAtMs = this.receivedAtMs
    if (!request.take(message)) return
    this.table.delete(id)
    if (!isPlain(request.type)) return
    this.plainOpen -= 1
    const next = this.waiting.shift()
    if (next !== undefined) this.open(next.build, next.answered)
  }

  private watch(): void {
    this.tick = this.clock.after(limits.pingEveryMs, () => {
      const nowMs = this.clock.monotonic()
      if (nowMs - this.receivedAtMs >= limits.silenceMs) this.end(unreachable('silent'))
      else if (this.stalled(nowMs)) this.end(unreachable('stalled'))
      if (this.ended !== undefined) return
      // Who only listens looks silent to the relay.
      if (nowMs - Math.min(this.receivedAtMs, this.sentAtMs) >= limits.pingEveryMs) this.ping()
      this.watch()
    })
  }

  private stalled(nowMs: number): boolean {
    for (const request of this.table.values()) {
      if (nowMs - Math.max(request.movedAtMs, this.bulkMovedAtMs) >= limits.stallMs) return true
    }
    return false
  }

  /** Asks whether the relay is there; `answered` when it is: then all that was sent before has arrived there. */
  ping(answered: () => void = () => undefined): void {
    const sentAtMs = this.clock.monotonic()
    this.request((id) => ({ type: 'ping', id }), {
      take: (answer) => {
        if (answer.type === 'pong') this.timed?.(answer.now, this.receivedAtMs - sentAtMs)
        else if (answer.type !== 'error') throw new ProtocolError('malformed', 'this does not answer ping')
        answered()
        return true
      },
      fail: () => undefined,
    })
  }
}

function isPlain(type: ClientRequest['type']): boolean {
  return type !== 'put' && type !== 'get'
}

function isOk<R extends OkMessage['re']>(answer: RelayAnswer, re: R): answer is OkOf<R> & RelayAnswer {
  return answer.type === 'ok' && answer.re === re
}
