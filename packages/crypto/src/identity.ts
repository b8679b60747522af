// The identity: what a person is, in every vault. Two key pairs from the 256-bit entropy of 24 words, by label.
import { CryptoError } from './errors.ts'
import { keyedHash } from './hash.ts'
import { kemPairOf } from './kem-pair.ts'
import { signingPairOf, type KeyPairs, type PublicKeys } from './sign.ts'
import { sodium } from './sodium.ts'

/** An identity's key pairs. They live in memory while the words are there, and nowhere else. */
export type Identity = KeyPairs

/** The pairs of an identity. `entropy`: 32 bytes, of the phrase. @throws CryptoError `malformed` on another length. */
export function identityFromEntropy(entropy: Uint8Array): Identity {
  if (entropy.length !== 32) throw new CryptoError('malformed', 'an identity needs 32 bytes of entropy')
  const signSeed = keyedHash(entropy, 'grenier/v1/identity-sign')
  const kemSeed = keyedHash(entropy, 'grenier/v1/identity-kem')
  const identity = { sign: signingPairOf(signSeed), kem: kemPairOf(kemSeed) }
  sodium.memzero(signSeed)
  sodium.memzero(kemSeed)
  return identity
}

/** What others may know of a device or identity. */
export function publicKeysOf(pairs: KeyPairs): PublicKeys {
  return { sign: pairs.sign.publicKey, kem: pairs.kem.publicKey }
}

/** What others may know of an identity. */
export const publicIdentity = publicKeysOf

/** Overwrites the secret halves, best effort: the runtime may have copies. */
export function wipeKeys(pairs: KeyPairs): void {
  sodium.memzero(pairs.sign.secretKey)
  sodium.memzero(pairs.kem.secretKey)
}
