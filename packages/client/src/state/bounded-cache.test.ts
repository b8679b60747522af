import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedCache } from './bounded-cache.ts'

describe('the bounded cache', () => {
  it('gives what was set last, or nothing', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(20), fc.integer({ min: 1, max: 30 })), {
      maxLength: 200,
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
      }),
    )
  })

  it('forgets what was not used for longer than its bound', () => {
    const cache = new BoundedCache<number, number>(100)
    for (let key = 0; key < 1000; key += 1) cache.set(key, key, 10)
    for (let key = 0; key < 989; key += 1) expect(cache.get(key)).toBeUndefined()
    expect(cache.get(999)).toBe(999)
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
