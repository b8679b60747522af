// One connection in simulated weather: frames may be late, and what is under way is lost when it breaks. Watches every frame that passes.
import { memoryWirePair, type Wire } from '@grenier/protocol'
import { isReadable } from './canary.ts'
import type { Scheduler } from './scheduler.ts'
import type { Seeded } from './seeded.ts'

/** What passes over all lines of a world. */
export interface LineWatch {
  /** Called for each frame that is handed over. */
  readonly passed: (frame: Uint8Array) => void
  /** Something readable was in a frame. */
  readonly leaked: (where: string) => void
}

/** How long frames take: the usual, and now and then much longer. */
export interface Weather {
  readonly latencyMs: number
  readonly stallChance: number
}

/** Both ends of a connection. */
export class Line {
  readonly near: Wire
  readonly far: Wire
  readonly #watch: LineWatch
  #severed = false
  /** Ends that have not heard that it is closed. */
  #endsLeft = 2
  /** Frames until it breaks by itself. */
  #framesLeft = Number.POSITIVE_INFINITY

  constructor(on: { scheduler: Scheduler; random: Seeded; weather: Weather }, watch: LineWatch) {
    this.#watch = watch
    const { scheduler, random, weather } = on
    const [near, far] = memoryWirePair((deliver) => {
      const stall = weather.stallChance > 0 && random.chance(weather.stallChance) ? random.below(2_000) : 0
      scheduler.after(random.below(weather.latencyMs) + stall, deliver)
    })
    this.near = this.#end(near)
    this.far = this.#end(far)
  }

  /** Whether nothing can come over it any more. */
  get isOver(): boolean {
    return this.#endsLeft === 0
  }

  /** Breaks it: what is under way, either way, never arrives. */
  sever(): void {
    if (this.#severed) return
    this.#severed = true
    this.near.close(1006, 'cut')
    this.far.close(1006, 'cut')
  }

  /** Breaks it after so many more frames. */
  severAfter(frames: number): void {
    this.#framesLeft = frames
  }

  #end(inner: Wire): Wire {
    const passes = (frame: Uint8Array): boolean => {
      if (this.#severed) return false
      if (this.#framesLeft-- <= 0) {
        this.sever()
        return false
      }
      this.#watch.passed(frame)
      if (isReadable(frame)) this.#watch.leaked('a frame')
      return true
    }
    return new LineEnd(inner, {
      passes,
      arrives: () => !this.#severed,
      ended: () => (this.#endsLeft -= 1),
    })
  }
}

interface Passing {
  /** Whether a frame that is sent is on its way. */
  readonly passes: (frame: Uint8Array) => boolean
  /** Whether one that comes is let in. */
  readonly arrives: () => boolean
  readonly ended: () => void
}

/** A class, as an object that is made with a getter of its own is of a kind of its own, and kinds live as long as old things do. */
class LineEnd implements Wire {
  readonly #inner: Wire
  readonly #passing: Passing

  constructor(inner: Wire, passing: Passing) {
    this.#inner = inner
    this.#passing = passing
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  send(frame: Uint8Array): void {
    if (this.#passing.passes(frame)) this.#inner.send(frame)
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#inner.onFrame((frame) => {
      if (this.#passing.arrives()) listener(frame)
    })
  }

  onDrain(listener: () => void): void {
    this.#inner.onDrain(listener)
  }

  onClose(listener: (reason?: string) => void): void {
    this.#inner.onClose((reason) => {
      this.#passing.ended()
      listener(reason)
    })
  }

  close(code?: number, reason?: string): void {
    this.#inner.close(code, reason)
  }
}
