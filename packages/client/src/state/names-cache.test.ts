import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asName, type Name } from '../sync/name.ts'
import type { NodeId } from '../sync/tree.ts'
import { NamesCache } from './names-cache.ts'

const id = (number: number): NodeId => `1.${number}` as NodeId
const name = (number: number): Name => asName(`name ${number}`) as Name

describe('the cache of names', () => {
  it('gives what was set last, or nothing', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(3), fc.nat(8), fc.nat()), { maxLength: 200 })
    fc.assert(
      fc.property(steps, (all) => {
        const cache = new NamesCache<number>(2_000)
        const last = new Map<string, number>()
        for (const [sets, parent, child, value] of all)
          if (sets) {
            cache.set(id(parent), name(child), value)
            last.set(`${parent} ${child}`, value)
          } else
            expect([undefined, last.get(`${parent} ${child}`)]).toContain(cache.get(id(parent), name(child)))
      }),
    )
  })

  it('forgets what was not used for longer than its bound, and keeps what was', () => {
    const cache = new NamesCache<number>(25_000)
    for (let child = 0; child < 1_000; child += 1) {
      cache.set(id(child % 7), name(child), child)
      expect(cache.get(id(0), name(0))).toBe(0)
    }
    expect(cache.get(id(999 % 7), name(999))).toBe(999)
    for (let child = 1; child < 800; child += 1) expect(cache.get(id(child % 7), name(child))).toBeUndefined()
  })
})
