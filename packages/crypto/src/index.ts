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
export { hash, keyedHash, packIdOf } from './hash.ts'
export type { Label } from './label.ts'
export { systemRandom, type Random } from './random.ts'
export { nodeAead } from './aead-node.ts'
export { sodiumAead } from './aead-sodium.ts'
export { type Aead, type AeadUse, type PreparedKey } from './aead.ts'
export { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
export {
  certificateBytes,
  certifyDevice,
  decodeCertificate,
  encodeCertificate,
  isCertificateOf,
  kemKeyHash,
  verifyCertificate,
  type Certificate,
} from './certificate.ts'
export { chunkIdOf } from './chunk-id.ts'
export { containerEpoch, saltBytes, type ContainerPlace, type ContainerType } from './container-front.ts'
export {
  openCells,
  openContainer,
  sealContainer,
  sealInPlace,
  type OpenCells,
  type OpenContainer,
  type SealContainer,
} from './container.ts'
export { decodeDevice, encodeDevice, makeDevice, publicDevice, type Device } from './device.ts'
export {
  epochCommitment,
  keyUnderBytes,
  openKeyUnder,
  sealKeyUnder,
  type EpochKey,
  type KeyUnder,
} from './epoch-key.ts'
export { identityFromEntropy, publicIdentity, publicKeysOf, wipeKeys, type Identity } from './identity.ts'
export { kemPairOf } from './kem-pair.ts'
export {
  openSeal,
  sealBytes,
  sealTo,
  type OpenWith,
  type RecipientKind,
  type SealPlace,
  type SealTo,
} from './kem-seal.ts'
export { entropyOf, phraseOf, secretOfWords, wordsOf, type PhraseLanguage } from './phrase.ts'
export { blobBytesMax, openBlob, sealBlobTo } from './seal-blob.ts'
export {
  checkSealedDevice,
  deviceKeyOf,
  isSealedDevice,
  keyringEntryOf,
  keyringSecretBytes,
  openSealedDevice,
  passphraseCosts,
  sealDevice,
  sealDeviceForKeyring,
  sealingOf,
  type PassphraseCost,
  type SealDevice,
  type SealedBy,
} from './sealed-device.ts'
export {
  sign,
  signatureBytes,
  signingPairOf,
  verifySignature,
  type KemPair,
  type KeyPairs,
  type PublicKeys,
  type SigningPair,
} from './sign.ts'
export {
  cellBytes,
  cellPlainBytes,
  cellRange,
  containerFrontBytes,
  isAllowedPackSize,
  isAllowedPayloadSize,
  isReachableSize,
  packBytesAlone,
  packBytesMax,
  packBytesMin,
  packBytesShort,
  packPlainBytesMax,
  padme,
  padmeGranule,
  payloadBytes,
  payloadBytesMin,
  plainCapacity,
  storedBytesFor,
  type CellRange,
} from './sizes.ts'
export { chunkerKeyOf, chunkIdKeyOf, packKeyOf, payloadKeyOf, type KeyPlace } from './subkeys.ts'
export { decodeEntry, entryHashOf, mayBeOfKind, verifyEntrySignature, type Entry } from './entry.ts'
export {
  entryKinds,
  isSpineKind,
  roles,
  type AcceptPart,
  type CancelPart,
  type ChangeHeader,
  type CheckpointHeader,
  type CheckpointPart,
  type ConfigHeader,
  type ConfigPart,
  type Continuation,
  type DropHeader,
  type DropPart,
  type EarlierKey,
  type EntryKind,
  type EpochOpening,
  type GenesisHeader,
  type GenesisPart,
  type Header,
  type InvitePart,
  type Link,
  type LinkedHeader,
  type MemberAction,
  type MemberHeader,
  type MemberPart,
  type PackClaim,
  type PruneHeader,
  type PrunePart,
  type RecoverPart,
  type RekeyPart,
  type RenewPart,
  type RevokePart,
  type Role,
  type RolePart,
  type Seal,
} from './header.ts'
export {
  claimsMax,
  dropsMax,
  entryBytesMax,
  headerBytesMax,
  payloadBytesMax,
  recipientsMax,
  retentionMsDefault,
  retentionMsMax,
} from './limits.ts'
export {
  advance,
  advanceRetired,
  checkRetired,
  type CheckpointRef,
  type LogHead,
  type LogState,
} from './log-state.ts'
export { decodeLogState, encodeLogState } from './log-state-codec.ts'
export {
  compareRoles,
  currentEpoch,
  epochOf,
  identityRoleOf,
  recipientCount,
  recipientsOf,
  retentionFloorMs,
  movedTo,
  roleOf,
  type PrunePoint,
  type Recipient,
  type RetentionFloor,
  type Spine,
  type SpineDevice,
  type SpineEpoch,
  type SpineIdentity,
  type SpineInvite,
  type SpineSeal,
} from './spine.ts'
export { signEntry } from './entry.ts'
export {
  makeChange,
  makeCheckpoint,
  makeConfig,
  makeDrop,
  makePrune,
  type MakeChange,
  type MakeConfig,
} from './entry-build.ts'
export { encodeHeader, partDigest } from './header.ts'
export { decodeHeader } from './header-decode.ts'
export {
  checkInvite,
  invitationOf,
  invitationSecretBytes,
  inviteMac,
  type Invitation,
  type InviteClaim,
} from './invitation.ts'
export {
  chunkBytesMax,
  chunksInPackMax,
  chunksInPutMax,
  contentDepthMax,
  nameBytesMax,
  operationsMax,
  payloadPacksMax,
  payloadPlainBytesMax,
  targetBytesMax,
  urlBytesMax,
  vaultsMax,
} from './limits.ts'
export {
  fitsEntry,
  framePayload,
  framePointer,
  joinPayload,
  openPayload,
  payloadVersion,
  sealFrame,
  sealPayload,
  splitPayload,
  type Frame,
  type PayloadContent,
  type PayloadPlace,
  type PayloadPointer,
  type VersionRule,
} from './payload.ts'
export { asRead, decodeChange, encodeChange, type ChangePayload } from './payload-change.ts'
export {
  decodeCheckpoint,
  encodeCheckpoint,
  type CheckpointPayload,
  type EarlierChunk,
  type EarlierPack,
} from './payload-checkpoint.ts'
export {
  chunkIdsOf,
  type ChunkRef,
  type ContentRefs,
  type IndexedChunk,
  type PackIndex,
} from './payload-index.ts'
export {
  decodeConfigPayload,
  decodeGenesisPayload,
  decodeMemberPayload,
  encodeConfigPayload,
  encodeGenesisPayload,
  encodeMemberPayload,
  openVaultList,
  sealVaultList,
  type ConfigPayload,
  type GenesisPayload,
  type MemberPayload,
  type VaultListItem,
} from './payload-names.ts'
export {
  type DirectoryNode,
  type FileNode,
  type LinkNode,
  type MoveOperation,
  type NodeRef,
  type Operation,
  type OperationName,
  type PutNode,
  type PutOperation,
  type RemoveOperation,
} from './payload-operation.ts'
export { type BuildOn, type BuildSealed, type Built, type BuiltEpoch, type WithNames } from './spine-build.ts'
export { makeGenesis, type MakeGenesis } from './spine-build-genesis.ts'
export { makeAccept, makeCancel, makeInvite, type MakeAccept } from './spine-build-invite.ts'
export { makeRecover, makeRekey, makeRenew, makeRevoke, makeRole } from './spine-build-member.ts'
export {
  epochKeysFor,
  isKeyOf,
  reachableKeys,
  type EpochKeys,
  type KeyHolder,
  type VaultSpine,
} from './spine-keys.ts'
