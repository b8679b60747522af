// Two wires joined in memory. Every delivery goes through the caller's `schedule`, so that a simulation owns when it happens;
// what it does not own is the order within one direction.
import type { Wire } from './wire.ts'

type Schedule = (deliver: () => void) => void

class MemoryWire implements Wire {
  private readonly schedule: Schedule
  private peer: MemoryWire | undefined
  private readonly outgoing: Uint8Array[] = []
  private readonly waiting: Uint8Array[] = []
  private frame: ((frame: Uint8Array) => void) | undefined
  private drain: (() => void) | undefined
  private closeListener: ((reason?: string) => void) | undefined
  private open = true
  private ended: { reason: string | undefined } | undefined
  bufferedBytes = 0

  constructor(schedule: Schedule) {
    this.schedule = schedule
  }

  join(peer: MemoryWire): void {
    this.peer = peer
  }

  send(frame: Uint8Array): void {
    if (!this.open) return
    this.outgoing.push(frame)
    this.bufferedBytes += frame.length
    this.schedule(() => this.deliver())
  }

  /** Deliveries are scheduled one a frame but always take the oldest: a schedule that shuffles cannot reorder a direction. */
  private deliver(): void {
    const frame = this.outgoing.shift()
    if (frame === undefined) return
    this.bufferedBytes -= frame.length
    this.peer?.take(frame)
    if (this.open && this.bufferedBytes === 0) this.drain?.()
  }

  private take(frame: Uint8Array): void {
    if (!this.open) return
    if (this.frame === undefined) this.waiting.push(frame)
    else this.frame(frame)
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    const first = this.frame === undefined
    this.frame = listener
    if (!first || this.waiting.length === 0) return
    this.schedule(() => {
      for (const frame of this.waiting.splice(0)) this.take(frame)
    })
  }

  onDrain(listener: () => void): void {
    this.drain = listener
  }

  onClose(listener: (reason?: string) => void): void {
    this.closeListener = listener
    const ended = this.ended
    if (ended !== undefined) this.schedule(() => listener(ended.reason))
  }

  close(code?: number, reason?: string): void {
    if (!this.open) return
    this.open = false
    const why = reason ?? (code === undefined ? undefined : `closed with code ${code}`)
    this.schedule(() => this.finish(why))
    // Behind the last frame: what was sent before the close still arrives.
    this.schedule(() => {
      while (this.outgoing.length > 0) this.deliver()
      this.peer?.finish(why)
    })
  }

  private finish(reason: string | undefined): void {
    if (this.ended !== undefined) return
    this.open = false
    this.ended = { reason }
    this.closeListener?.(reason)
  }
}

/**
 * Two ends of one connection in memory. `schedule` is called once for each delivery (a frame, a close) and decides when it
 * happens: `queueMicrotask` for tests, the simulation's queue otherwise. It must not call back inside the call.
 */
export function memoryWirePair(schedule: Schedule): [Wire, Wire] {
  const first = new MemoryWire(schedule)
  const second = new MemoryWire(schedule)
  first.join(second)
  second.join(first)
  return [first, second]
}
