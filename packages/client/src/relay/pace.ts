// Bandwidth that a person has set: frames pass as fast as a bucket fills. What is under way is bounded by the window of each direction, which
// takes a wire that is held back for a slow line, and asks for less.
import type { Wire } from '@grenier/protocol'
import type { Clock, Timer } from '../clock.ts'

/** Bytes a second, each way; undefined: as many as the line takes. */
export interface Limits {
  readonly up: number | undefined
  readonly down: number | undefined
}

/** Frames of requests, answers and logging in; what carries bytes is larger. */
const smallBytes = 2048
/** What may pass at once after a rest, milliseconds of the rate. */
const burstMs = 100

/** Bytes that are to pass, and what is called when they may. */
export interface Waiting {
  readonly bytes: number
  readonly pass: () => void
}

/** One direction, of all connections of a process. */
export class Pace {
  readonly #clock: Clock
  readonly #waiting: Waiting[] = []
  #rate: number | undefined
  /** Bytes that may pass now; below nothing after a frame that was larger than what had gathered. */
  #balance = 0
  /** The same for small frames that pass out of their turn: by themselves they keep to the rate, too. */
  #smallBalance = 0
  #filledAtMs = 0
  #timer: Timer | undefined
  #passing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** From now on so many bytes a second. */
  set rate(bytesPerSecond: number | undefined) {
    this.#fill()
    this.#rate = bytesPerSecond
    this.#balance = Math.min(0, this.#balance)
    this.#smallBalance = 0
    this.#timer?.cancel()
    this.#timer = undefined
    this.#pump()
  }

  /** Lets it pass: at once, or in its turn. */
  wait(waiting: Waiting): void {
    if (this.#rate === undefined && this.#waiting.length === 0) waiting.pass()
    else {
      this.#waiting.push(waiting)
      this.#pump()
    }
  }

  /** Something passes out of its turn, and is made up for by what comes after it. */
  spend(bytes: number): void {
    this.#fill()
    this.#balance -= bytes
  }

  /** Whether something small may pass out of its turn; if so, it is counted. */
  passesSmall(bytes: number): boolean {
    if (this.#rate === undefined) return true
    this.#fill()
    if (bytes > smallBytes || this.#smallBalance < 0) return false
    this.#smallBalance -= bytes
    this.#balance -= bytes
    return true
  }

  /** What waits no longer: its connection has ended. */
  forget(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting)
    if (at >= 0) this.#waiting.splice(at, 1)
    if (this.#waiting.length > 0) return
    // A timer that nobody waits for would keep the process.
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #pump(): void {
    // Who passes may send the next one from within.
    if (this.#passing) return
    this.#passing = true
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        if (!this.#mayPass()) return
        this.#waiting.shift()
        this.#balance -= next.bytes
        next.pass()
      }
    } finally {
      this.#passing = false
    }
  }

  #mayPass(): boolean {
    if (this.#rate === undefined) return true
    this.#fill()
    if (this.#balance >= 0) return true
    const afterMs = Math.ceil((-this.#balance * 1000) / this.#rate)
    this.#timer ??= this.#clock.after(afterMs, () => {
      this.#timer = undefined
      this.#pump()
    })
    return false
  }

  #fill(): void {
    const nowMs = this.#clock.monotonic()
    const rate = this.#rate ?? 0
    const gained = ((nowMs - this.#filledAtMs) * rate) / 1000
    const most = (rate * burstMs) / 1000
    this.#balance = Math.min(this.#balance + gained, most)
    this.#smallBalance = Math.min(this.#smallBalance + gained, most)
    this.#filledAtMs = nowMs
  }
}

/** Both directions. */
export interface Paces {
  readonly up: Pace
  readonly down: Pace
}

/** A wire whose frames pass at these paces, in their order. */
export function pacedWire(wire: Wire, paces: Paces): Wire {
  return new PacedWire(wire, paces)
}

class PacedWire implements Wire {
  readonly #wire: Wire
  readonly #paces: Paces
  readonly #leaving = new Line()
  readonly #coming = new Line()
  #drained: (() => void) | undefined
  #listener: ((frame: Uint8Array) => void) | undefined
  #closed = false

  constructor(wire: Wire, paces: Paces) {
    this.#wire = wire
    this.#paces = paces
  }

  get bufferedBytes(): number {
    return this.#leaving.bytes + this.#wire.bufferedBytes
  }

  send(frame: Uint8Array, sent?: () => void): void {
    this.#leaving.add(this.#paces.up, frame, () => {
      const waited = this.#leaving.bytes
      this.#wire.send(frame, sent)
      if (waited > 0) this.#drained?.()
    })
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    const isFirst = this.#listener === undefined
    this.#listener = listener
    if (!isFirst) return
    this.#wire.onFrame((frame) => {
      if (!this.#closed) this.#coming.add(this.#paces.down, frame, () => this.#listener?.(frame))
    })
  }

  onDrain(listener: () => void): void {
    this.#drained = listener
    this.#wire.onDrain(listener)
  }

  onClose(listener: (reason?: string) => void): void {
    this.#wire.onClose((reason) => {
      // What came before the end is heard before it: it may say why.
      this.#coming.passAll(this.#paces.down)
      this.#leaving.drop(this.#paces.up)
      listener(reason)
    })
  }

  close(code?: number, reason?: string): void {
    this.#closed = true
    this.#leaving.passAll(this.#paces.up)
    this.#coming.drop(this.#paces.down)
    this.#wire.close(code, reason)
  }
}

/** The frames of one direction of one wire that wait. */
class Line {
  readonly #frames = new Set<Waiting>()
  bytes = 0

  add(pace: Pace, frame: Uint8Array, pass: () => void): void {
    const waiting: Waiting = {
      bytes: frame.length,
      pass: () => {
        this.#frames.delete(waiting)
        this.bytes -= waiting.bytes
        pass()
      },
    }
    const isAlone = this.#frames.size === 0
    this.#frames.add(waiting)
    this.bytes += waiting.bytes
    // Whoever logs in, or asks whether the other side is there, does not wait behind the bulk of another connection.
    if (isAlone && pace.passesSmall(waiting.bytes)) waiting.pass()
    else pace.wait(waiting)
  }

  /** All that waits passes now. */
  passAll(pace: Pace): void {
    for (const waiting of [...this.#frames]) {
      pace.forget(waiting)
      pace.spend(waiting.bytes)
      waiting.pass()
    }
  }

  /** What waits never passes. */
  drop(pace: Pace): void {
    for (const waiting of this.#frames) pace.forget(waiting)
    this.#frames.clear()
    this.bytes = 0
  }
}
