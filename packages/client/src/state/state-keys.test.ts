import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeIdOf, provisionalId, rootId } from '../sync/tree.ts'
import { claimKey, idFromKey, idKey, nameFromKey, nameKey, numberFromKey, numberKey } from './state-keys.ts'

const sign = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)

describe('keys', () => {
  it('of numbers order as the numbers, and read back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.oneof(fc.maxSafeNat(), fc.nat(2000)), (a, b) => {
        expect(sign(numberKey(a), numberKey(b))).toBe(sign(a, b))
        expect(numberFromKey(numberKey(a) + numberKey(b), numberKey(a).length).value).toBe(b)
      }),
    )
  })

  it('of ids order by sequence and operation, the root first, provisional ones last, and read back', () => {
    fc.assert(
      fc.property(fc.tuple(fc.nat(), fc.nat(5000)), fc.tuple(fc.nat(), fc.nat(5000)), ([s, i], [t, j]) => {
        const [a, b] = [nodeIdOf(s, i), nodeIdOf(t, j)]
        expect(sign(idKey(a), idKey(b))).toBe(sign(s, t) || sign(i, j))
        expect(idFromKey(idKey(a))).toBe(a)
        expect(idFromKey(idKey(provisionalId(s)))).toBe(provisionalId(s))
        expect(idKey(rootId) < idKey(a) && idKey(a) < idKey(provisionalId(0))).toBe(true)
        expect(sign(claimKey(s, i), claimKey(t, j))).toBe(sign(s, t) || sign(i, j))
      }),
    )
    expect(idFromKey(idKey(rootId))).toBe(rootId)
  })

  it('of names are ASCII, order by code unit, and read back, lone surrogates included', () => {
    const name = fc.string({
      unit: fc.oneof(fc.nat(0xffff), fc.nat(0x100)).map((unit) => String.fromCharCode(unit)),
    })
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(nameKey(a)).toMatch(/^[\0-\x7f]*$/)
        expect(sign(nameKey(a), nameKey(b))).toBe(sign(a, b))
        expect(nameFromKey(nameKey(a))).toBe(a)
      }),
    )
  })
})
