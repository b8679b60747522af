// The floor rises at once and sinks late.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { floorAt, setFloor, type Floors } from './retention.ts'

const day = 86_400_000

describe('retention floor', () => {
  it('rises at once', () => {
    const floors = setFloor(setFloor(undefined, 10 * day, 0), 20 * day, day)
    expect(floorAt(floors, day)).toBe(20 * day)
  })

  it('sinks once the old one has passed', () => {
    const floors = setFloor(setFloor(undefined, 10 * day, 0), 2 * day, day)
    expect(floorAt(floors, 11 * day - 1)).toBe(10 * day)
    expect(floorAt(floors, 11 * day)).toBe(2 * day)
  })

  it('is never below the time that an upload may take', () => {
    expect(floorAt(undefined, 0)).toBe(day)
    expect(floorAt(setFloor(undefined, 0, 0), 0)).toBe(day)
  })

  it('keeps what was dropped for the floor of that moment, whatever is set afterwards', () => {
    const changes = fc.array(fc.record({ ms: fc.nat(50 * day), afterMs: fc.nat(3 * day) }), {
      minLength: 1,
      maxLength: 60,
    })
    fc.assert(
      fc.property(changes, fc.nat(59), (list, at) => {
        let floors: Floors | undefined
        let now = 0
        let dropped = { at: 0, floor: 0 }
        for (const [index, { ms, afterMs }] of list.entries()) {
          now += afterMs
          floors = setFloor(floors, ms, now)
          if (index === at % list.length) dropped = { at: now, floor: floorAt(floors, now) }
          const kept = now - dropped.at
          if (kept < dropped.floor && dropped.floor > 0) expect(floorAt(floors, now)).toBeGreaterThan(kept)
        }
        expect(floors?.older.length).toBeLessThanOrEqual(16)
      }),
    )
  })
})
