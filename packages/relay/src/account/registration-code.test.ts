// Codes are long enough to be unguessable, and forgiving to who types them.
import { systemRandom } from '@grenier/crypto/verify'
import { describe, expect, it } from 'vitest'
import { makeRegistrationCode, registrationCodeHash } from './registration-code.ts'

describe('registration codes', () => {
  it('hold all of 128 bits', () => {
    const zero = makeRegistrationCode({ bytes: (count) => new Uint8Array(count) })
    const full = makeRegistrationCode({ bytes: (count) => new Uint8Array(count).fill(255) })
    expect(zero).toBe('0000-0000-0000-0000-0000-0000-00')
    expect(full).toBe('7zzz-zzzz-zzzz-zzzz-zzzz-zzzz-zz')
    expect(makeRegistrationCode(systemRandom)).not.toBe(makeRegistrationCode(systemRandom))
  })

  it('are the same however they are typed', () => {
    const hash = registrationCodeHash('0a1b-2c3d')
    expect(registrationCodeHash(' OAIB 2C3D ')).toEqual(hash)
    expect(registrationCodeHash('oalb2c3d')).toEqual(hash)
    expect(registrationCodeHash('0a1b-2c3e')).not.toEqual(hash)
    expect(hash).toHaveLength(32)
  })
})
