import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedCache } from './bounded-cache.ts'

describe('the bounded cache', () => {
  it('gives what was set last or nothing, and never holds more than its bound and the last one', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(20), fc.integer({ min: 1, max: 30 })), {
      size: 'max',
    })
    fc.assert(
      fc.property(steps, (all) => {
        const cache = new BoundedCache<number, number>(100)
        const last = new Map<number, number>()
        for (const [sets, key, cost] of all) {
          if (sets) {
            cache.set(key, cost, cost)
            last.set(key, cost)
          } else expect([undefined, last.get(key)]).toContain(cache.get(key))
        }
        const held = [...last].filter(([key]) => cache.get(key) !== undefined)
        expect(held.reduce((sum, [, cost]) => sum + cost, 0)).toBeLessThanOrEqual(130)
      }),
    )
  })

  it('keeps what is used over and over', () => {
    const cache = new BoundedCache<number, string>(100)
    cache.set(0, 'kept', 10)
    for (let key = 1; key < 1000; key += 1) {
      cache.set(key, 'passing', 10)
      expect(cache.get(0)).toBe('kept')
    }
    expect(cache.get(1)).toBeUndefined()
  })
})
