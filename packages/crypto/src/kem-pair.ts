// X-Wing key pairs (draft-connolly-cfrg-xwing-kem: ML-KEM-768 with X25519), by libsodium. Encapsulation is in kem-seal.ts.
import { kemKey } from './bytes.ts'
import { CryptoError } from './errors.ts'
import type { KemPair } from './sign.ts'
import { sodium } from './sodium.ts'

/** The pair of a 32-byte seed, which is itself the secret key. @throws CryptoError `malformed` unless 32 bytes. */
export function kemPairOf(seed: Uint8Array): KemPair {
  if (seed.length !== 32) throw new CryptoError('malformed', 'a KEM seed is not 32 bytes')
  const pair = sodium.crypto_kem_xwing_seed_keypair(seed)
  return { publicKey: kemKey(pair.publicKey), secretKey: pair.privateKey }
}
