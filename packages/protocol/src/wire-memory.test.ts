import { describe, expect, it } from 'vitest'
import { memoryWirePair } from './wire-memory.ts'

/** A schedule that a test runs by hand, in order or out of it. */
function manual(): { schedule: (deliver: () => void) => void; run: () => void; runBackwards: () => void } {
  const queue: (() => void)[] = []
  return {
    schedule: (deliver) => queue.push(deliver),
    run: () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) next()
    },
    runBackwards: () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) next()
    },
  }
}

const frame = (value: number): Uint8Array => new Uint8Array([value])

describe('a pair of wires in memory', () => {
  it.each(['run', 'runBackwards'] as const)('keeps the order of frames (%s)', (way) => {
    const by = manual()
    const [left, right] = memoryWirePair(by.schedule)
    const seen: number[] = []
    right.onFrame((bytes) => seen.push(bytes[0]!))
    for (let value = 0; value < 5; value++) left.send(frame(value))
    expect(seen).toEqual([])
    by[way]()
    expect(seen).toEqual([0, 1, 2, 3, 4])
  })

  it('counts what is under way, and tells when it has drained', () => {
    const by = manual()
    const [left, right] = memoryWirePair(by.schedule)
    right.onFrame(() => undefined)
    let drained = 0
    left.onDrain(() => drained++)
    left.send(new Uint8Array(10))
    left.send(new Uint8Array(5))
    expect(left.bufferedBytes).toBe(15)
    by.run()
    expect([left.bufferedBytes, drained]).toEqual([0, 1])
  })

  it('keeps frames for the first listener', () => {
    const by = manual()
    const [left, right] = memoryWirePair(by.schedule)
    left.send(frame(1))
    left.send(frame(2))
    by.run()
    const seen: number[] = []
    right.onFrame((bytes) => seen.push(bytes[0]!))
    left.send(frame(3))
    by.run()
    expect(seen).toEqual([1, 2, 3])
  })

  it('delivers what was sent before the close, then tells both ends', () => {
    const by = manual()
    const [left, right] = memoryWirePair(by.schedule)
    const seen: string[] = []
    right.onFrame((bytes) => seen.push(`frame ${bytes[0]!}`))
    right.onClose((reason) => seen.push(`right ${reason ?? ''}`))
    left.onClose((reason) => seen.push(`left ${reason ?? ''}`))
    left.send(frame(1))
    left.close(1000, 'enough')
    left.send(frame(2))
    right.send(frame(3))
    by.run()
    expect(seen).toEqual(['frame 1', 'left enough', 'right enough'])
  })

  it('tells who listens late that it is closed', () => {
    const by = manual()
    const [left, right] = memoryWirePair(by.schedule)
    left.close()
    by.run()
    let told = 0
    right.onClose(() => told++)
    expect(told).toBe(0)
    by.run()
    expect(told).toBe(1)
  })
})
