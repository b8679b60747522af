// What goes to one client: bulk yields to the rest, and a reader that takes nothing is cut rather than waited for.
import { encodeMessage, limits, type RelayMessage, type Wire } from '@grenier/protocol'
import type { Clock, Timer } from '../core/clock.ts'
import { bulkQueueBytes, processSendBytes, sendCutBytes, sendCutFrames, sendQueueBytes } from '../limits.ts'

/** Bytes queued towards all clients of this process. */
export class SendPool {
  #bytes = 0

  /** One connection's queue has grown or shrunk by so many bytes. */
  change(bytes: number): void {
    this.#bytes += bytes
  }

  /** Whether each connection may only send what its reader has taken. */
  get full(): boolean {
    return this.#bytes > processSendBytes
  }
}

interface Waiter {
  readonly bulk: boolean
  readonly go: () => void
}

/** The sending half of a connection. */
export class Outbox {
  readonly #wire: Wire
  readonly #clock: Clock
  readonly #pool: SendPool
  readonly #cut: (reason: string) => void
  readonly #waiters: Waiter[] = []
  #countedBytes = 0
  /** Sizes of the frames that may still be queued, oldest first from `#firstFrame` on. */
  #frames: number[] = []
  #firstFrame = 0
  #framesBytes = 0
  #drains = 0
  #stall: Timer | undefined
  #closed = false

  /** `cut` is called when the reader is too slow. */
  constructor(parts: { wire: Wire; clock: Clock; pool: SendPool; cut: (reason: string) => void }) {
    this.#wire = parts.wire
    this.#clock = parts.clock
    this.#pool = parts.pool
    this.#cut = parts.cut
    this.#wire.onDrain(() => this.#drained())
  }

  /** Queues a message. After the connection ended it does nothing. */
  send(message: RelayMessage): void {
    if (!this.#closed) this.sendFrame(encodeMessage(message))
  }

  /** Queues a message that is a frame already. `sent`: its memory may be used again; where that is not sure, it is never called. */
  sendFrame(frame: Uint8Array, sent?: () => void): void {
    if (this.#closed) return
    this.#wire.send(frame, sent)
    this.#frames.push(frame.length)
    this.#framesBytes += frame.length
    this.#count()
    if (this.#wire.bufferedBytes > sendCutBytes || this.#queuedFrames > sendCutFrames)
      this.#cut('reads too slowly')
    else if (this.#wire.bufferedBytes > 0) this.#watch()
  }

  /** Resolves when there is room for one more message, at once where there is; false when the connection ended. */
  async ready(bulk: boolean): Promise<boolean> {
    while (!this.#closed && !this.#hasRoom(bulk))
      await new Promise<void>((go) => this.#waiters.push({ bulk, go }))
    return !this.#closed
  }

  /** The connection ended: who waits for room is told so. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stall?.cancel()
    this.#pool.change(-this.#countedBytes)
    this.#countedBytes = 0
    for (const { go } of this.#waiters.splice(0)) go()
  }

  #hasRoom(bulk: boolean): boolean {
    const queued = this.#wire.bufferedBytes
    if (queued > 0 && this.#pool.full) return false
    return queued <= (bulk ? bulkQueueBytes : sendQueueBytes)
  }

  #drained(): void {
    if (this.#closed) return
    this.#drains++
    this.#count()
    const room = this.#waiters.filter(({ bulk }) => this.#hasRoom(bulk))
    // One at a time for bulk, so that those who were woken do not fill the queue together; what is left is woken by the next drain.
    const next = room.find(({ bulk }) => !bulk) ?? room[0]
    if (next === undefined) return
    this.#waiters.splice(this.#waiters.indexOf(next), 1)
    next.go()
    if (this.#wire.bufferedBytes === 0) this.#wakeRest()
  }

  // No drain may follow when nothing is queued: everybody looks again.
  #wakeRest(): void {
    for (const { go } of this.#waiters.splice(0)) go()
  }

  get #queuedFrames(): number {
    return this.#frames.length - this.#firstFrame
  }

  /** A small answer takes many times its bytes while it is queued: frames are counted too. */
  #forgetSent(): void {
    for (;;) {
      const oldest = this.#frames[this.#firstFrame]
      if (oldest === undefined || this.#framesBytes - oldest < this.#wire.bufferedBytes) break
      this.#framesBytes -= oldest
      this.#firstFrame += 1
    }
    if (this.#firstFrame < 1024 && this.#firstFrame < this.#frames.length) return
    this.#frames = this.#frames.slice(this.#firstFrame)
    this.#firstFrame = 0
  }

  #count(): void {
    this.#forgetSent()
    this.#pool.change(this.#wire.bufferedBytes - this.#countedBytes)
    this.#countedBytes = this.#wire.bufferedBytes
  }

  #watch(): void {
    if (this.#stall !== undefined) return
    const drains = this.#drains
    this.#stall = this.#clock.after(limits.stallMs, () => {
      this.#stall = undefined
      if (this.#closed || this.#wire.bufferedBytes === 0) return
      if (this.#drains === drains) this.#cut('reads nothing')
      else this.#watch()
    })
  }
}
