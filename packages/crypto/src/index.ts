// The public face of @grenier/crypto: bytes in, bytes out. No I/O here or below.
export {
  bodyHash,
  chunkId,
  concat,
  entryHash,
  equal,
  fromHex,
  kemKey,
  packId,
  signingKey,
  toHex,
  vaultId,
  type BodyHash,
  type Branded,
  type ChunkId,
  type EntryHash,
  type KemKey,
  type PackId,
  type SealedBytes,
  type SigningKey,
  type VaultId,
} from './bytes.ts'
export { CryptoError, type CryptoErrorCode } from './errors.ts'
export { hash, keyedHash, packIdOf, type Label } from './hash.ts'
export { systemRandom, type Random } from './random.ts'
