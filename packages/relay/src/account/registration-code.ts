// Registration codes: what a hoster hands to somebody who shall open an account. 128 random bits as text; only the hash is kept.
import { hash, type Random } from '@grenier/crypto/verify'

/** Crockford's base 32: no letter is taken for a digit when a code is read out. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const codeBytes = 16
const groupLength = 4

/** A fresh code: 26 characters in groups of four. */
export function makeRegistrationCode(random: Random): string {
  let bits = 0n
  for (const byte of random.bytes(codeBytes)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let at = 125n; at >= 0n; at -= 5n) text += alphabet[Number((bits >> at) & 31n)] ?? ''
  return (text.match(new RegExp(`.{1,${groupLength}}`, 'g')) ?? []).join('-')
}

/** 32 bytes: what is kept of a code, however it was typed (case, spaces and dashes do not matter; o is 0, i and l are 1). */
export function registrationCodeHash(code: string): Uint8Array {
  const plain = code
    .toLowerCase()
    .replace(/[\s-]+/g, '')
    .replace(/o/g, '0')
    .replace(/[il]/g, '1')
  return hash('grenier/v1/registration-code', new TextEncoder().encode(plain))
}
