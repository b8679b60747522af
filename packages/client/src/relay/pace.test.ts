import { memoryWirePair } from '@grenier/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock, Timer } from '../clock.ts'
import { Pace, pacedWire } from './pace.ts'

/** A clock that jumps from timer to timer. */
class SteppedClock implements Clock {
  atMs = 0
  readonly #timers: { at: number; fire: () => void }[] = []

  now(): number {
    return this.atMs
  }

  monotonic(): number {
    return this.atMs
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.atMs + delayMs, fire }
    this.#timers.push(timer)
    return { cancel: () => void this.#timers.splice(this.#timers.indexOf(timer), 1) }
  }

  /** Goes on to the next timer. */
  step(): boolean {
    const next = this.#timers.sort((a, b) => a.at - b.at).shift()
    if (next === undefined) return false
    this.atMs = next.at
    next.fire()
    return true
  }
}

const microtasks = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

function wires() {
  const clock = new SteppedClock()
  const paces = { up: new Pace(clock), down: new Pace(clock) }
  const [near, far] = memoryWirePair(queueMicrotask)
  const wire = pacedWire(near, paces)
  const came: Uint8Array[] = []
  const left: Uint8Array[] = []
  wire.onFrame((frame) => came.push(frame))
  far.onFrame((frame) => left.push(frame))
  return { clock, paces, wire, far, came, left }
}

describe('a pace', () => {
  it('lets everything pass, in its order, no faster than its rate and no slower than it needs', () => {
    const frames = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(frames, fc.integer({ min: 1_000, max: 1_000_000 }), (sizes, rate) => {
        const clock = new SteppedClock()
        const pace = new Pace(clock)
        pace.rate = rate
        const passed: number[] = []
        for (const [at, bytes] of sizes.entries())
          pace.wait({
            bytes,
            pass: () => {
              const before = sizes.slice(0, at).reduce((sum, size) => sum + size, 0)
              expect(clock.atMs).toBeGreaterThanOrEqual(Math.floor((before * 1000) / rate) - 100)
              passed.push(at)
            },
          })
        while (clock.step());
        expect(passed).toEqual(sizes.map((_, at) => at))
        const all = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0)
        expect(clock.atMs).toBeLessThanOrEqual(Math.ceil((all * 1000) / rate) + sizes.length)
      }),
    )
  })

  it('holds nothing back without a rate, and lets go what waits when the rate is taken away', () => {
    const pace = new Pace(new SteppedClock())
    const passed: string[] = []
    pace.wait({ bytes: 1e9, pass: () => passed.push('free') })
    pace.rate = 1000
    pace.wait({ bytes: 5000, pass: () => passed.push('first') })
    pace.wait({ bytes: 5000, pass: () => passed.push('second') })
    expect(passed).toEqual(['free', 'first'])
    pace.rate = undefined
    expect(passed).toEqual(['free', 'first', 'second'])
  })

  it('is shared by all who wait for it, and skips who went away', () => {
    const clock = new SteppedClock()
    const pace = new Pace(clock)
    pace.rate = 1000
    const passed: string[] = []
    pace.wait({ bytes: 1000, pass: () => passed.push('a') })
    const gone = { bytes: 1000, pass: () => passed.push('b') }
    pace.wait(gone)
    pace.wait({ bytes: 1000, pass: () => passed.push('c') })
    pace.forget(gone)
    while (clock.step());
    expect(passed).toEqual(['a', 'c'])
    expect(clock.atMs).toBe(1000)
  })
})

describe('a wire at a pace', () => {
  it('keeps the order of frames both ways, and counts what waits as buffered', async () => {
    const { clock, paces, wire, far, came, left } = wires()
    paces.up.rate = 10_000
    paces.down.rate = 20_000
    let drained = 0
    wire.onDrain(() => (drained += 1))
    for (const first of [1, 2, 3]) {
      wire.send(new Uint8Array(5000).fill(first))
      far.send(new Uint8Array(5000).fill(first))
    }
    await microtasks()
    expect(wire.bufferedBytes).toBe(10_000)
    expect(left.map(([first]) => first)).toEqual([1])
    while (clock.step()) await microtasks()
    expect([came, left].map((frames) => frames.map(([first]) => first))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect(clock.atMs).toBe(1000)
    expect(wire.bufferedBytes).toBe(0)
    expect(drained).toBeGreaterThan(0)
  })

  it('hears what came before the other side closed, and sends what was left before it closes itself', async () => {
    const one = wires()
    one.paces.down.rate = 1000
    const reasons: (string | undefined)[] = []
    one.wire.onClose((reason) => reasons.push(reason ?? `after ${one.came.length}`))
    for (const first of [1, 2, 3]) one.far.send(new Uint8Array(5000).fill(first))
    one.far.close()
    await microtasks()
    expect(one.came).toHaveLength(3)
    expect(reasons).toHaveLength(1)

    const two = wires()
    two.paces.up.rate = 1000
    for (const first of [1, 2, 3]) two.wire.send(new Uint8Array(5000).fill(first))
    two.wire.close()
    await microtasks()
    expect(two.left).toHaveLength(3)
  })

  it('lets something small pass by what another one waits with, but not ever more of it', async () => {
    const clock = new SteppedClock()
    const pace = new Pace(clock)
    pace.rate = 10_000
    const paces = { up: pace, down: new Pace(clock) }
    const [busy, quiet] = [memoryWirePair(queueMicrotask), memoryWirePair(queueMicrotask)]
    const [bulk, small] = [pacedWire(busy[0], paces), pacedWire(quiet[0], paces)]
    for (let count = 0; count < 10; count += 1) bulk.send(new Uint8Array(50_000))
    small.send(new Uint8Array(100))
    await microtasks()
    expect(small.bufferedBytes).toBe(0)
    for (let count = 0; count < 1000; count += 1) small.send(new Uint8Array(100))
    expect(small.bufferedBytes).toBeGreaterThan(90_000)
    while (clock.step()) await microtasks()
    expect([bulk.bufferedBytes, small.bufferedBytes]).toEqual([0, 0])
    expect(clock.atMs).toBeGreaterThan(59_000)
  })

  it('keeps nobody waiting for a timer when it is closed', () => {
    const { clock, paces, wire } = wires()
    paces.up.rate = 1000
    for (const first of [1, 2, 3]) wire.send(new Uint8Array(5000).fill(first))
    wire.close()
    expect(clock.step()).toBe(false)
  })

  it('gives what waits to whoever listens when its turn comes', async () => {
    const { clock, paces, wire, far, came } = wires()
    paces.down.rate = 1000
    for (const first of [1, 2]) far.send(new Uint8Array(5000).fill(first))
    await microtasks()
    const later: number[] = []
    wire.onFrame(([first = 0]) => later.push(first))
    while (clock.step()) await microtasks()
    expect(came).toHaveLength(1)
    expect(later).toEqual([2])
  })
})
