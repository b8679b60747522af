// Headers: what the relay reads of an entry. Types of every kind and their public parts, and their one encoding.
import type { EntryHash, KemKey, PackId, SigningKey, VaultId } from './bytes.ts'
import { encodeCbor, type CborValue } from './cbor.ts'
import { encodeCertificate, type Certificate } from './certificate.ts'
import { hash } from './hash.ts'
import type { PublicKeys } from './sign.ts'

/** The version that names the whole suite. */
export const headerVersion = 1

/** The kinds of entries. */
export const entryKinds = ['genesis', 'member', 'config', 'prune', 'drop', 'change', 'checkpoint'] as const
export type EntryKind = (typeof entryKinds)[number]

/** Roles, from the least right to the most. */
export const roles = ['reader', 'writer', 'owner'] as const
export type Role = (typeof roles)[number]

/** A pack that an entry adds or restores. `sizeBytes`: as stored; `epoch`: the one it is sealed under. */
export interface PackClaim {
  readonly id: PackId
  readonly sizeBytes: number
  readonly epoch: number
}

/** A vault key sealed to one recipient, who is named by its signing key. `seal`: 1,200 bytes. */
export interface Seal {
  readonly recipient: SigningKey
  readonly seal: Uint8Array
}

/** The key of an earlier epoch, sealed under a new one. */
export interface EarlierKey {
  readonly epoch: number
  readonly sealed: Uint8Array
}

/** What opens an epoch. `commitment`: 32 bytes; `earlier` by rising epoch; `seals` by rising recipient. */
export interface EpochOpening {
  readonly number: number
  readonly commitment: Uint8Array
  readonly earlier: readonly EarlierKey[]
  readonly seals: readonly Seal[]
}

/** Public part of a genesis. The creator's identity and device stand in the certificate; `identityKem` is the identity's other key. */
export interface GenesisPart {
  readonly certificate: Certificate
  readonly identityKem: KemKey
  readonly retentionMs: number
  readonly epoch: EpochOpening
}

/** `invitee`: keys that the code's secret gives; `seal`: the epoch in force to them; `mac`: under the secret, 32 bytes. */
export interface InvitePart {
  readonly action: 'invite'
  readonly invitee: PublicKeys
  readonly role: Role
  /** By the relay's clock, ms since 1970. */
  readonly expiresAt: number
  readonly seal: Uint8Array
  readonly mac: Uint8Array
}

/** Signed by the one-time key as an entry, and by the new device as `signature` (64 bytes). */
export interface AcceptPart {
  readonly action: 'accept'
  readonly device: PublicKeys
  readonly identity?: { readonly certificate: Certificate; readonly kem: KemKey } | undefined
  /** The epoch in force, to the device, and to the identity where it is not a recipient already. */
  readonly seals: readonly Seal[]
  readonly signature: Uint8Array
}

export interface CancelPart {
  readonly action: 'cancel'
  readonly invites: readonly SigningKey[]
  readonly epoch?: EpochOpening | undefined
}

export interface RevokePart {
  readonly action: 'revoke'
  readonly devices: readonly SigningKey[]
  readonly identities: readonly SigningKey[]
  readonly epoch: EpochOpening
}

/** `member`: a device, or an identity, which takes its devices along. */
export interface RolePart {
  readonly action: 'role'
  readonly member: SigningKey
  readonly role: Role
  readonly epoch?: EpochOpening | undefined
}

export interface RekeyPart {
  readonly action: 'rekey'
  readonly epoch: EpochOpening
}

/** A new device of the signing identity; `revoked`: devices that do not stay. */
export interface RecoverPart {
  readonly action: 'recover'
  readonly certificate: Certificate
  readonly revoked: readonly SigningKey[]
  readonly epoch: EpochOpening
}

/** The signing identity hands over to `identity`, which signs too (`signature`, 64 bytes) and certifies each remaining device. */
export interface RenewPart {
  readonly action: 'renew'
  readonly identity: PublicKeys
  readonly certificates: readonly Certificate[]
  readonly epoch: EpochOpening
  readonly signature: Uint8Array
}

export type MemberPart =
  InvitePart | AcceptPart | CancelPart | RevokePart | RolePart | RekeyPart | RecoverPart | RenewPart
export type MemberAction = MemberPart['action']

/** Where a log goes on after a fork or a move. */
export interface Continuation {
  readonly relay: string
  readonly sequence: number
  readonly hash: EntryHash
}

export interface ConfigPart {
  readonly retentionMs?: number | undefined
  readonly payloadVersionMax?: number | undefined
  readonly continuation?: Continuation | undefined
}

/** Non-spine entries up to `through` retire, but not the checkpoint, which holds the state at `through`. */
export interface PrunePart {
  readonly through: number
  readonly checkpoint: { readonly sequence: number; readonly hash: EntryHash }
}

export interface DropPart {
  readonly packs: readonly PackId[]
}

/** `holds`: the sequence whose state the checkpoint has. */
export interface CheckpointPart {
  readonly holds: number
}

interface HeaderBase {
  readonly sequence: number
  /** The key that signs: of a device, an identity, or an invitation. */
  readonly device: SigningKey
  /** ms since 1970, the signer's estimate of the relay's clock. */
  readonly at: number
  readonly added: readonly PackClaim[]
  readonly restored: readonly PackClaim[]
}

/** How an entry names what it follows. `spine`: hash of the latest spine entry before it. */
export interface Link {
  readonly vault: VaultId
  readonly previous: EntryHash
  readonly spine: EntryHash
}

/** `nonce`: 32 bytes, bound where later entries bind the vault id. */
export interface GenesisHeader extends HeaderBase {
  readonly kind: 'genesis'
  readonly nonce: Uint8Array
  readonly part: GenesisPart
}
export interface MemberHeader extends HeaderBase, Link {
  readonly kind: 'member'
  readonly part: MemberPart
}
export interface ConfigHeader extends HeaderBase, Link {
  readonly kind: 'config'
  readonly part: ConfigPart
}
export interface PruneHeader extends HeaderBase, Link {
  readonly kind: 'prune'
  readonly part: PrunePart
}
export interface DropHeader extends HeaderBase, Link {
  readonly kind: 'drop'
  readonly part: DropPart
}
export interface ChangeHeader extends HeaderBase, Link {
  readonly kind: 'change'
}
export interface CheckpointHeader extends HeaderBase, Link {
  readonly kind: 'checkpoint'
  readonly part: CheckpointPart
}

export type LinkedHeader =
  MemberHeader | ConfigHeader | PruneHeader | DropHeader | ChangeHeader | CheckpointHeader
export type Header = GenesisHeader | LinkedHeader

/** Whether entries of this kind belong to the spine, which is never retired. */
export function isSpineKind(kind: EntryKind): boolean {
  return kind === 'genesis' || kind === 'member' || kind === 'config' || kind === 'prune'
}

type CborMap = Record<string, CborValue | undefined>

function keysValue(keys: PublicKeys): CborMap {
  return { sign: keys.sign, kem: keys.kem }
}

function placeValue({ sequence, hash }: { sequence: number; hash: EntryHash }): CborMap {
  return { sequence, hash }
}

function sealsValue(seals: readonly Seal[]): CborValue {
  return seals.map(({ recipient, seal }) => [recipient, seal])
}

function epochValue(epoch: EpochOpening | undefined): CborMap | undefined {
  if (epoch === undefined) return undefined
  return {
    number: epoch.number,
    commitment: epoch.commitment,
    earlier: epoch.earlier.map(({ epoch: number, sealed }) => [number, sealed]),
    seals: sealsValue(epoch.seals),
  }
}

function acceptValue(part: AcceptPart): CborMap {
  const { device, identity, seals, signature } = part
  return {
    action: part.action,
    device: keysValue(device),
    identity:
      identity === undefined
        ? undefined
        : { certificate: encodeCertificate(identity.certificate), kem: identity.kem },
    seals: sealsValue(seals),
    signature,
  }
}

function memberValue(part: MemberPart): CborMap {
  switch (part.action) {
    case 'invite':
      return { ...part, invitee: keysValue(part.invitee) }
    case 'accept':
      return acceptValue(part)
    case 'cancel':
    case 'revoke':
    case 'role':
    case 'rekey':
      return { ...part, epoch: epochValue(part.epoch) }
    case 'recover':
      return { ...part, certificate: encodeCertificate(part.certificate), epoch: epochValue(part.epoch) }
    case 'renew':
      return {
        ...part,
        identity: keysValue(part.identity),
        certificates: part.certificates.map(encodeCertificate),
        epoch: epochValue(part.epoch),
      }
  }
}

function partValue(header: Header): CborMap | undefined {
  switch (header.kind) {
    case 'genesis': {
      const { certificate, epoch } = header.part
      return { ...header.part, certificate: encodeCertificate(certificate), epoch: epochValue(epoch) }
    }
    case 'member':
      return memberValue(header.part)
    case 'config': {
      const { continuation } = header.part
      return {
        retentionMs: header.part.retentionMs,
        payloadVersionMax: header.part.payloadVersionMax,
        continuation: continuation && { relay: continuation.relay, ...placeValue(continuation) },
      }
    }
    case 'prune':
      return { through: header.part.through, checkpoint: placeValue(header.part.checkpoint) }
    case 'drop':
    case 'checkpoint':
      return { ...header.part }
    case 'change':
      return undefined
  }
}

/**
 * What a MAC or a second signature in a public part is over, besides vault id and previous hash: the hash of the part's encoding
 * without the field that holds the proof. 32 bytes.
 */
export function partDigest(part: InvitePart | AcceptPart | RenewPart): Uint8Array {
  const proof = part.action === 'invite' ? 'mac' : 'signature'
  return hash('grenier/v1/public-part', encodeCbor({ ...memberValue(part), [proof]: undefined }))
}

function claimsValue(claims: readonly PackClaim[]): CborValue {
  return claims.map(({ id, sizeBytes, epoch }) => [id, sizeBytes, epoch])
}

/** The bytes of a header: the one encoding, which is what gets hashed and signed. @throws CryptoError `malformed` on numbers out of range */
export function encodeHeader(header: Header): Uint8Array {
  const link =
    header.kind === 'genesis'
      ? { nonce: header.nonce }
      : { vault: header.vault, previous: header.previous, spine: header.spine }
  return encodeCbor({
    version: headerVersion,
    kind: header.kind,
    sequence: header.sequence,
    device: header.device,
    at: header.at,
    added: claimsValue(header.added),
    restored: claimsValue(header.restored),
    ...link,
    public: partValue(header),
  })
}
