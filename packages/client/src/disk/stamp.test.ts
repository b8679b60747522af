import { describe, expect, it } from 'vitest'
import type { Stamp } from '../sync/tree.ts'
import { isNear, isUnsettled, sameButChange, sameStamp, settled, unsettled } from './stamp.ts'

const nowMs = 1_700_000_000_500
const ns = (ms: number): bigint => BigInt(ms) * 1_000_000n
const stamp = (change: Partial<Stamp> = {}): Stamp => ({
  dev: 1n,
  ino: 2n,
  ctimeNs: ns(nowMs - 60_000) + 7n,
  mtimeNs: ns(nowMs - 60_000) + 7n,
  sizeBytes: 3,
  mode: 0o644,
  ...change,
})

describe('a stamp', () => {
  it('is settled when the last change is long enough ago', () => {
    expect(settled(stamp(), nowMs)).toEqual(stamp())
  })

  it('is not when a further write could leave the same times', () => {
    const fresh = stamp({ ctimeNs: ns(nowMs - 10) + 7n, mtimeNs: ns(nowMs - 10) + 7n })
    expect(isUnsettled(settled(fresh, nowMs))).toBe(true)
    expect(isUnsettled(settled(fresh, nowMs + 100))).toBe(false)
  })

  it('waits longer where times are whole seconds', () => {
    const coarse = stamp({ ctimeNs: ns(1_700_000_000_000), mtimeNs: ns(1_700_000_000_000) })
    expect(isUnsettled(settled(coarse, nowMs))).toBe(true)
    expect(isUnsettled(settled(coarse, nowMs + 2_000))).toBe(false)
  })

  it('is settled right after a rename, which leaves the time of modification alone', () => {
    expect(isUnsettled(settled(stamp({ ctimeNs: ns(nowMs) + 7n }), nowMs))).toBe(false)
  })

  it('is settled when its time is still to come, as after a clock that jumped back, but not when that is a small step', () => {
    const fresh = stamp({ ctimeNs: ns(nowMs), mtimeNs: ns(nowMs) })
    expect(isUnsettled(settled(fresh, nowMs - 3_600_000))).toBe(false)
    expect(isUnsettled(settled(fresh, nowMs - 2_000))).toBe(true)
  })

  it('is the same on a disk that was mounted again, and for nothing else', () => {
    expect(sameStamp(stamp(), stamp({ dev: 9n }))).toBe(true)
    const others: Partial<Stamp>[] = [
      { ino: 3n },
      { ctimeNs: 1n },
      { mtimeNs: 1n },
      { sizeBytes: 4 },
      { mode: 0o600 },
    ]
    for (const other of others) expect(sameStamp(stamp(), stamp(other))).toBe(false)
    expect(sameButChange(stamp(), stamp({ ctimeNs: 1n }))).toBe(true)
  })

  it('that is unsettled equals nothing, itself included', () => {
    expect(sameStamp(unsettled(stamp()), unsettled(stamp()))).toBe(false)
  })

  it('is near what a disk cut off', () => {
    expect(isNear(1_999n, 1_000n, 1_000n)).toBe(true)
    expect(isNear(1_000n, 1_999n, 1_000n)).toBe(true)
    expect(isNear(2_000n, 1_000n, 1_000n)).toBe(false)
  })
})
