// What a relay may use: hashes, signatures, headers, the judge of a log. Nothing that opens content.
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
