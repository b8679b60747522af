// Packs on their way to the relay: parts of several puts interleaved, under the relay's credit and our own window.
import type { PackId, SealedBytes, VaultId } from '@grenier/crypto'
import {
  bulkFrameBytes,
  layBulk,
  limits,
  ProtocolError,
  type RelayAnswer,
  type RelayMessageOf,
} from '@grenier/protocol'
import type { Clock, Timer } from '../clock.ts'
import type { ClientError } from '../errors.ts'
import type { Backoff } from './backoff.ts'
import { FlowWindow } from './flow-window.ts'
import type { Link } from './link.ts'
import { refused } from './relay-failure.ts'
import { Turns, type Turn } from './turns.ts'

/** Above this, parts wait here, where a small request can still overtake them, and not in the wire's buffer. */
const wireBufferBytes = 512 * 1024
/** Puts larger than the free credit that are open at once: a few keep a line busy, and the other places stay free for small ones. */
const largeOpenMax = 6
/** A relay that has no room for a put is asked again so often; then whoever wanted the put decides. */
const triesMax = 6

/** A pack to be put. The brand is the promise that nothing readable leaves: only sealing makes such bytes. */
export interface SealedPack {
  readonly id: PackId
  readonly bytes: SealedBytes
}

// A class: each object that is made with getters of its own is of a kind of its own to V8, which holds on to it, and so to its pack, long after it was sent.
class Put implements Turn {
  readonly vault: VaultId
  readonly pack: SealedPack
  readonly done: PromiseWithResolvers<void> = Promise.withResolvers()
  /** Resolves when the `put` has been sent, or never will be. */
  readonly announced: PromiseWithResolvers<void> = Promise.withResolvers()
  id = 0
  sentBytes = 0
  mayBytes: number
  /** Where its last part ended in all that the lane sent. */
  mark = 0
  tries = 0

  constructor(vault: VaultId, pack: SealedPack) {
    this.vault = vault
    this.pack = pack
    this.mayBytes = fresh(pack).mayBytes
  }

  get leftBytes(): number {
    return this.pack.bytes.length - this.sentBytes
  }

  get ready(): boolean {
    return this.sentBytes < this.mayBytes
  }
}

/** What a lane of puts needs. */
export interface PutLaneOptions {
  readonly link: Link
  readonly clock: Clock
  /** For puts that the relay has no room for yet. */
  readonly backoff: Backoff
  /** Whether this connection goes on with puts of an earlier one: then a first credit may be ahead of us. */
  readonly resumed: boolean
}

/** All puts of one session. */
export class PutLane {
  private readonly options: PutLaneOptions
  private readonly link: Link
  private readonly window: FlowWindow
  private readonly turns = new Turns()
  private readonly open = new Set<Put>()
  private readonly small: Put[] = []
  private readonly large: Put[] = []
  private readonly again = new Map<Put, Timer>()
  /** Memory of parts that have left, for the next ones: as much as the wire's buffer holds, and none is made or collected on the way. */
  private readonly frames: Uint8Array[] = []
  private largeOpen = 0
  private freeBytes = 0
  private sentBytes = 0
  private probedBytes = 0
  private arrivedBytes = 0

  constructor(options: PutLaneOptions) {
    this.options = options
    this.link = options.link
    this.window = new FlowWindow(options.clock)
    this.link.wire.onDrain(() => this.pump())
    this.link.onEnd((error) => this.fail(error))
  }

  /** Resolves when the relay holds the pack durably. */
  put(vault: VaultId, pack: SealedPack): Promise<void> {
    if (this.link.failure !== undefined) return Promise.reject(this.link.failure)
    const put = new Put(vault, pack)
    this.queue(put)
    return put.done.promise
  }

  /**
   * Resolves when each put so far whose pack `entry` names has been announced, so that an append sent then comes after it. The
   * entry's header has the names as plain bytes: looking for them is cheaper than decoding it.
   */
  async announced(entry: Uint8Array): Promise<void> {
    const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.length)
    const waiting = [...this.small, ...this.large, ...this.again.keys()]
    const named = waiting.filter((put) => bytes.includes(Buffer.from(put.pack.id)))
    await Promise.all(named.map((put) => put.announced.promise))
  }

  private queue(put: Put): void {
    if (isLarge(put)) this.large.push(put)
    else this.small.push(put)
    this.pump()
  }

  private pump(): void {
    this.announce()
    while (this.link.isOpen && this.link.wire.bufferedBytes < wireBufferBytes) {
      const put = this.turns.next(this.open)
      if (put === undefined) {
        this.window.idle()
        return
      }
      const pieceBytes = this.window.pieceBytes()
      if (pieceBytes === 0) {
        this.probe()
        return
      }
      this.sendPart(put, pieceBytes)
    }
  }

  private announce(): void {
    for (;;) {
      const put = this.nextToAnnounce()
      if (put === undefined || !this.link.isOpen) return
      if (isLarge(put)) this.large.shift()
      else this.small.shift()
      if (isLarge(put)) this.largeOpen += 1
      this.freeBytes += freeBytesOf(put)
      this.open.add(put)
      const { vault, pack } = put
      put.id = this.link.requestNow(
        (id) => ({ type: 'put', id, vault, pack: pack.id, sizeBytes: pack.bytes.length }),
        { take: (answer) => this.take(put, answer), fail: (error) => this.close(put, error) },
      )
      put.announced.resolve()
    }
  }

  private nextToAnnounce(): Put | undefined {
    const put = this.small[0] ?? (this.largeOpen < largeOpenMax ? this.large[0] : undefined)
    if (put === undefined || this.open.size >= limits.openPuts) return undefined
    return this.freeBytes + freeBytesOf(put) <= limits.freeBytes ? put : undefined
  }

  private sendPart(put: Put, pieceBytes: number): void {
    const offset = put.sentBytes
    const bytes = put.pack.bytes.subarray(offset, Math.min(offset + pieceBytes, put.mayBytes))
    put.sentBytes += bytes.length
    this.sentBytes += bytes.length
    put.mark = this.sentBytes
    this.window.began(bytes.length)
    const memory = this.frames.pop() ?? new Uint8Array(bulkFrameBytes)
    const laid = layBulk(memory, { type: 'part', id: put.id, offset, sizeBytes: bytes.length })
    laid.bytes.set(bytes)
    this.link.sendFrame(laid.frame, () => this.frames.push(memory))
    if (this.sentBytes - this.probedBytes >= this.window.probeBytes) this.probe()
  }

  /**
   * Asks for a pong: frames keep their order, so that it tells that all parts sent until now have arrived. Credit tells how far the
   * relay's disk has come, as rarely as the relay likes.
   */
  private probe(): void {
    if (this.probedBytes === this.sentBytes) return
    const mark = this.sentBytes
    this.probedBytes = mark
    this.link.ping(() => {
      this.arrived(mark)
      this.pump()
    })
  }

  private arrived(mark: number): void {
    if (mark <= this.arrivedBytes) return
    this.window.arrived(mark - this.arrivedBytes)
    this.arrivedBytes = mark
  }

  private take(put: Put, answer: RelayAnswer): boolean {
    if (answer.type === 'credit') this.credit(put, answer)
    else if (answer.type === 'ok' && answer.re === 'put') {
      this.arrived(put.mark)
      this.close(put)
    } else if (answer.type === 'error') this.refuse(put, answer)
    else throw new ProtocolError('malformed', 'this does not answer put')
    const ended = !this.open.has(put)
    this.pump()
    return ended
  }

  private credit(put: Put, credit: RelayMessageOf<'credit'>): void {
    const mayBytes = credit.offset + credit.bytes
    if (mayBytes > put.pack.bytes.length) throw new ProtocolError('malformed', 'credit beyond the pack')
    if (credit.offset > put.sentBytes) {
      if (!this.options.resumed) throw new ProtocolError('malformed', 'credit for what was not sent')
      put.sentBytes = credit.offset
    }
    put.mayBytes = Math.max(put.mayBytes, mayBytes)
  }

  private refuse(put: Put, error: RelayMessageOf<'error'>): void {
    const noRoom = error.code === 'busy' || error.code === 'too-many'
    if (!noRoom || put.tries === triesMax) {
      this.close(put, refused(error))
      return
    }
    this.leave(put)
    Object.assign(put, { ...fresh(put.pack), tries: put.tries + 1 })
    const { clock, backoff } = this.options
    const timer = clock.after(backoff.next(error.retryAfterMs), () => {
      this.again.delete(put)
      this.queue(put)
    })
    this.again.set(put, timer)
  }

  private close(put: Put, error?: ClientError): void {
    this.leave(put)
    if (error === undefined) {
      this.options.backoff.reset()
      put.done.resolve()
    } else put.done.reject(error)
  }

  private leave(put: Put): void {
    this.open.delete(put)
    this.freeBytes -= freeBytesOf(put)
    if (isLarge(put)) this.largeOpen -= 1
  }

  private fail(error: ClientError): void {
    for (const timer of this.again.values()) timer.cancel()
    for (const put of [...this.small.splice(0), ...this.large.splice(0), ...this.again.keys()]) {
      put.announced.resolve()
      put.done.reject(error)
    }
    this.again.clear()
  }
}

function isLarge(put: Put): boolean {
  return put.pack.bytes.length > limits.putFreeBytes
}

function freeBytesOf(put: Put): number {
  return Math.min(limits.putFreeBytes, put.pack.bytes.length)
}

function fresh(pack: SealedPack): Pick<Put, 'id' | 'sentBytes' | 'mayBytes' | 'mark'> {
  return { id: 0, sentBytes: 0, mayBytes: Math.min(limits.putFreeBytes, pack.bytes.length), mark: 0 }
}
