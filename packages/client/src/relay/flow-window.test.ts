import { describe, expect, it } from 'vitest'
import { FlowWindow } from './flow-window.ts'

/** A line of a fixed rate and delay on a clock of its own: pieces go out as the window lets them. */
function run(options: { bytesPerMs: number; delayMs: number; forMs: number }): {
  underWay: number
  sentBytes: number
} {
  let now = 0
  const clock = { now: () => now, monotonic: () => now, after: () => ({ cancel: () => undefined }) }
  const window = new FlowWindow(clock)
  const arrivals: { at: number; bytes: number }[] = []
  let lineFreeAt = 0
  let underWay = 0
  let sentBytes = 0
  for (; now < options.forMs; now++) {
    for (let next = arrivals[0]; next !== undefined && next.at <= now; next = arrivals[0]) {
      arrivals.shift()
      underWay -= next.bytes
      window.arrived(next.bytes)
    }
    for (let bytes = window.pieceBytes(); bytes > 0; bytes = window.pieceBytes()) {
      window.began(bytes)
      underWay += bytes
      sentBytes += bytes
      lineFreeAt = Math.max(lineFreeAt, now) + bytes / options.bytesPerMs
      arrivals.push({ at: lineFreeAt + options.delayMs, bytes })
    }
  }
  return { underWay, sentBytes }
}

describe('the window of bulk', () => {
  it.each([
    ['ADSL upstream', 100, 40],
    ['a home line', 2500, 20],
    ['a gigabit over loopback', 125_000, 1],
    ['a slow satellite', 250, 600],
  ])('fills %s, with about a second of it under way', (_, bytesPerMs, delayMs) => {
    const forMs = 20_000
    const { underWay, sentBytes } = run({ bytesPerMs, delayMs, forMs })
    const line = bytesPerMs * forMs
    expect(sentBytes).toBeGreaterThan(line * 0.85)
    expect(underWay).toBeLessThanOrEqual(Math.min(16 * 1024 * 1024, bytesPerMs * 1500 + 32_768))
  })

  it('shrinks its pieces with the line', () => {
    let now = 0
    const window = new FlowWindow({
      now: () => now,
      monotonic: () => now,
      after: () => ({ cancel: () => undefined }),
    })
    expect(window.pieceBytes()).toBe(65_536)
    for (let round = 0; round < 30; round++) {
      for (let bytes = window.pieceBytes(); bytes > 0; bytes = window.pieceBytes()) window.began(bytes)
      now += 1000
      window.arrived(8192)
    }
    for (let bytes = 8192; bytes > 0; bytes = window.pieceBytes() === 0 ? 8192 : 0) window.arrived(8192)
    expect(window.pieceBytes()).toBe(8192)
  })

  it('gives credit for many frames at once where the line is quick, and for a small get as soon as that fits', () => {
    let now = 0
    const window = new FlowWindow({
      now: () => now,
      monotonic: () => now,
      after: () => ({ cancel: () => undefined }),
    })
    expect(window.creditBytes(4 << 20)).toBe(65_536)
    expect(window.creditBytes(1000)).toBe(1000)
    for (let round = 0; round < 30; round++) {
      let underWay = 0
      for (let bytes = window.creditBytes(1 << 20); bytes > 0; bytes = window.creditBytes(1 << 20)) {
        window.began(bytes)
        underWay += bytes
      }
      now += 50
      window.arrived(underWay)
    }
    expect(window.creditBytes(4 << 20)).toBe(4 << 20)
    expect(window.creditBytes(8 << 20)).toBe(4 << 20)
    for (let sent = 0; sent < 3; sent++) window.began(4 << 20)
    window.began((4 << 20) - 4096)
    expect(window.creditBytes(4 << 20)).toBe(0)
    expect(window.creditBytes(4096)).toBe(4096)
    expect(window.creditBytes(4097)).toBe(0)
  })
})
