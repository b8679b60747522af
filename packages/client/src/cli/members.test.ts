// Who is meant by what somebody typed: a member chooses a name, and must not be able to stand for another one by it.
import { expect, test } from 'vitest'
import type { Members } from '../engine/api.ts'
import { ClientError } from '../errors.ts'
import { memberMeant } from './members.ts'

const [ann, bob, eve] = ['a', 'b', 'e'].map((letter) => `${letter}${'0123456789abcdef'.repeat(4).slice(1)}`)

function membersNamed(name: string): Members {
  return {
    role: 'owner',
    identities: [{ id: ann, role: 'owner', madeVault: true }],
    devices: [
      { id: bob, name: 'desk', role: 'writer', identity: ann },
      { id: eve, name, role: 'writer' },
    ],
    invitations: [],
  } as unknown as Members
}

test.each([
  ['the beginning of a device’s id', bob?.slice(0, 8)],
  ['the beginning of an identity’s id', ann?.slice(0, 8)],
  ['another’s name', 'desk'],
])('a name that is %s means nobody', (_, name = '') => {
  const meaning = (): unknown => memberMeant(membersNamed(name), name)
  expect(meaning).toThrow(ClientError)
  expect(meaning).toThrow(expect.objectContaining({ code: 'name-ambiguous' }) as Error)
})

test('a whole id is an id, whatever anybody is called', () => {
  expect(memberMeant(membersNamed(bob ?? ''), bob ?? '')).toMatchObject({ id: bob, name: 'desk' })
  expect(memberMeant(membersNamed(ann ?? ''), ann ?? '')).toMatchObject({
    id: ann,
    isIdentity: true,
    devices: [bob],
  })
  const nobody = '1'.repeat(64)
  expect(() => memberMeant(membersNamed(nobody), nobody)).toThrow(ClientError)
})

test('a name, or the beginning of an id, means the one that has it', () => {
  expect(memberMeant(membersNamed('abba12'), 'abba12')).toMatchObject({ id: eve, isIdentity: false })
  expect(memberMeant(membersNamed('x'), bob?.slice(0, 6) ?? '')).toMatchObject({ id: bob })
})

test('a name means the same however its accents are written, and nobody where two look alike', () => {
  const [nfc, nfd] = ['Hélène'.normalize('NFC'), 'Hélène'.normalize('NFD')]
  expect(nfc).not.toBe(nfd)
  expect(memberMeant(membersNamed(nfc), nfd)).toMatchObject({ id: eve })
  expect(memberMeant(membersNamed(nfd), nfc)).toMatchObject({ id: eve })
  const both = membersNamed(nfc)
  const twins = {
    ...both,
    devices: both.devices.map((one) => (one.id === bob ? { ...one, name: nfd } : one)),
  }
  for (const name of [nfc, nfd])
    expect(() => memberMeant(twins, name)).toThrow(
      expect.objectContaining({ code: 'name-ambiguous' }) as Error,
    )
})
