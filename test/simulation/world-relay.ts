// One relay of a world: the real one, over a disk in memory. It can be killed at any step, be gone for good, and come back with another disk.
import { RelayCore, type Stores } from '@grenier/relay'
import { Line, type Weather } from './line.ts'
import type { Machine } from './machine.ts'
import type { RelayDisk } from './relay-disk.ts'
import type { Scheduler } from './scheduler.ts'
import type { Seeded } from './seeded.ts'

/** What a relay has of its world. */
export interface RelaySurroundings {
  readonly scheduler: Scheduler
  readonly random: Seeded
  /** Each frame that is handed over. */
  readonly passed: (frame: Uint8Array) => void
  /** Something readable was on a line. */
  readonly leaked: (where: string) => void
}

/** One relay, by its address. */
export class WorldRelay {
  readonly url: string
  disk: RelayDisk
  /** What it keeps: for those who look behind it. */
  stores: Stores
  /** How often a call of its store takes its time, so that answers overtake each other. */
  slowness = 0
  /** ms that its clock, and all that it counts by, is ahead of the world's. */
  aheadMs = 0
  /** Whether nobody starts it any more. */
  isLost = false
  readonly #in: RelaySurroundings
  #core: RelayCore | undefined
  #life = 0
  /** Calls of its store that it still makes before something happens. */
  #ahead: { left: number; readonly run: () => void }[] = []
  #lines: { line: Line; machine: Machine | undefined }[] = []

  constructor(url: string, disk: RelayDisk, surroundings: RelaySurroundings) {
    this.url = url
    this.disk = disk
    this.stores = disk.open(() => true)
    this.#in = surroundings
    this.start()
  }

  get isUp(): boolean {
    return this.#core !== undefined
  }

  /** Starts it, if it is down and not lost. */
  start(): void {
    if (this.#core !== undefined || this.isLost) return
    const { scheduler, random } = this.#in
    const life = ++this.#life
    const alive = (): boolean => this.#life === life
    const plain = scheduler.clockOf({ alive, skewMs: 0 })
    let [forwardMs, beforeMs] = [0, this.aheadMs]
    const clock = {
      ...plain,
      now: (): number => plain.now() + this.aheadMs,
      // Days pass for it, too; but nobody sets it back.
      monotonic: (): number => {
        forwardMs += Math.max(0, this.aheadMs - beforeMs)
        beforeMs = this.aheadMs
        return plain.monotonic() + forwardMs
      },
    }
    const config = { origins: [this.url.replace('ws:', 'http:')], registration: 'open' as const }
    const stores = this.disk.open(alive, () => this.#step())
    this.#core = new RelayCore({ stores, config, clock, random })
  }

  /** It deletes what is due, by its clock. */
  async sweep(): Promise<void> {
    await this.#core?.sweep()
  }

  /** Pulls its plug. */
  kill(): void {
    this.#life += 1
    this.#core = undefined
    for (const { line } of this.#lines) line.sever()
    this.#lines = []
    this.#ahead = []
    this.disk.crash(this.#in.random.below(this.disk.unflushedBatches + 1))
  }

  /** Another disk is put in the place of its own, and it is started on it. */
  restore(disk: RelayDisk): void {
    this.kill()
    this.disk = disk
    this.stores = disk.open(() => true)
    this.start()
  }

  /** Lets something happen right before a call of its store that is to come. */
  atStep(steps: number, run: () => void): void {
    this.#ahead.push({ left: steps, run })
  }

  /** Nothing that was to happen at a step of it happens any more. */
  forgetSteps(): void {
    this.#ahead = []
  }

  /** A line to it, of a machine or of somebody who is none. @throws RangeError while it is down */
  line(weather: Weather, machine?: Machine): Line {
    if (this.#core === undefined) throw new RangeError('the relay is down')
    const line = new Line({ ...this.#in, weather }, this.#in)
    this.#core.connect(line.far)
    // Those that are over would hold on to all that their processes had.
    this.#lines = this.#lines.filter((one) => !one.line.isOver)
    if (machine !== undefined) this.#lines.push({ line, machine })
    return line
  }

  /** The lines of a machine break: now, or after so many frames. */
  cut(machine: Machine, afterFrames: number): void {
    const own = this.#lines.filter((one) => one.machine === machine)
    for (const { line } of own)
      if (afterFrames === 0) line.sever()
      else line.severAfter(afterFrames)
    if (afterFrames === 0) this.#lines = this.#lines.filter((one) => one.machine !== machine)
  }

  #step(): Promise<void> | undefined {
    if (this.#ahead.length > 0) {
      const due = this.#ahead.filter((one) => one.left-- <= 0)
      this.#ahead = this.#ahead.filter((one) => !due.includes(one))
      for (const { run } of due) run()
    }
    const { random, scheduler } = this.#in
    if (this.slowness === 0 || !random.chance(this.slowness)) return undefined
    return new Promise((resolve) => void scheduler.after(random.below(60), resolve))
  }
}
