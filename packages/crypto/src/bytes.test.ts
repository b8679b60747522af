import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from './bytes.ts'
import { CryptoError } from './errors.ts'

const ramp = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, at) => (at * 37) & 0xff)

describe('hex', () => {
  it.each([0, 1, 32, 64, 65, 5000])('tells %i bytes, and takes them back', (count) => {
    const bytes = ramp(count)
    const text = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    expect(toHex(bytes)).toBe(text)
    expect(fromHex(text)).toEqual(bytes)
    expect(fromHex(text.toUpperCase())).toEqual(bytes)
  })

  it('tells a view alone, and not what is around it', () => {
    expect(toHex(ramp(200).subarray(3, 7))).toBe('6f94b9de')
  })

  it('gives bytes of their own, no view of a pool', () => {
    expect(fromHex('00ff').buffer.byteLength).toBe(2)
  })

  it.each([
    '0',
    '000',
    'zz',
    '0x00',
    '00 ',
    ' 00',
    '00g0',
    '0\0',
    '0š',
    'šš',
    '0６',
    '\u0130\u0130',
    '\ud800\ud800',
  ])('refuses %j', (text) => {
    expect(() => fromHex(text)).toThrow(new CryptoError('malformed', 'not hexadecimal'))
  })
})
