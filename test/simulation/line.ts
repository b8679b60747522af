// One connection in simulated weather: frames may be late, and what is under way is lost when it breaks. Watches every frame that passes.
import { memoryWirePair, type Wire } from '@grenier/protocol'
import { canary } from './canary.ts'
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
    return {
      send: (frame) => {
        if (this.#severed) return
        if (this.#framesLeft-- <= 0) {
          this.sever()
          return
        }
        this.#watch.passed(frame)
        if (Buffer.from(frame.buffer, frame.byteOffset, frame.length).includes(canary))
          this.#watch.leaked('a frame')
        inner.send(frame)
      },
      get bufferedBytes() {
        return inner.bufferedBytes
      },
      onFrame: (listener) => {
        inner.onFrame((frame) => {
          if (!this.#severed) listener(frame)
        })
      },
      onDrain: (listener) => inner.onDrain(listener),
      onClose: (listener) => inner.onClose(listener),
      close: (code, reason) => inner.close(code, reason),
    }
  }
}
